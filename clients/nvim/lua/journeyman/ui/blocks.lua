--- A buffer that only we write: blocks of lines, one below the other, each of which can grow or be replaced.
--- Text is put where it belongs without touching the rest, so cursors, folds and selections stay.
local M = {}
M.__index = M

---@class journeyman.Block
---@field key string
---@field row integer
---@field count integer

---@class journeyman.Blocks
---@field buffer integer
---@field private list journeyman.Block[]
---@field private by_key table<string, journeyman.Block>

---@param buffer integer
---@return journeyman.Blocks
function M.new(buffer)
  return setmetatable({ buffer = buffer, list = {}, by_key = {} }, M)
end

---@param act fun()
function M:_write(act)
  if not vim.api.nvim_buf_is_loaded(self.buffer) then
    return
  end
  local ends = {}
  local last = vim.api.nvim_buf_line_count(self.buffer)
  for _, window in ipairs(vim.fn.win_findbuf(self.buffer)) do
    if vim.api.nvim_win_get_cursor(window)[1] == last then
      table.insert(ends, window)
    end
  end
  vim.bo[self.buffer].modifiable = true
  act()
  vim.bo[self.buffer].modifiable = false
  vim.bo[self.buffer].modified = false
  -- Who reads along at the end goes on reading along, but not while it is being selected or written there.
  local now = vim.api.nvim_buf_line_count(self.buffer)
  local mode = vim.api.nvim_get_mode().mode
  for _, window in ipairs(now ~= last and ends or {}) do
    if window ~= vim.api.nvim_get_current_win() or mode == "n" then
      vim.api.nvim_win_set_cursor(window, { now, 0 })
    end
  end
end

---@param after journeyman.Block
---@param by integer
function M:_shift(after, by)
  for index = #self.list, 1, -1 do
    local block = self.list[index]
    if block == after then
      return
    end
    block.row = block.row + by
  end
end

--- Put a block at the end, or replace the one of that key.
---@param key string
---@param lines string[]
function M:set(key, lines)
  local block = self.by_key[key]
  self:_write(function()
    if not block then
      local row = #self.list == 0 and 0 or vim.api.nvim_buf_line_count(self.buffer)
      block = { key = key, row = row, count = #lines }
      vim.api.nvim_buf_set_lines(self.buffer, row, #self.list == 0 and -1 or row, false, lines)
      table.insert(self.list, block)
      self.by_key[key] = block
    else
      vim.api.nvim_buf_set_lines(self.buffer, block.row, block.row + block.count, false, lines)
      self:_shift(block, #lines - block.count)
      block.count = #lines
    end
  end)
end

--- Add text to the end of a block.
---@param key string
---@param text string
function M:grow(key, text)
  local block = self.by_key[key]
  local lines = vim.split(text, "\n")
  self:_write(function()
    local row = block.row + block.count - 1
    local column = #vim.api.nvim_buf_get_lines(self.buffer, row, row + 1, true)[1]
    vim.api.nvim_buf_set_text(self.buffer, row, column, row, column, lines)
    self:_shift(block, #lines - 1)
    block.count = block.count + #lines - 1
  end)
end

---@param key string
---@return boolean
function M:has(key)
  return self.by_key[key] ~= nil
end

---@return string? key Of the last block.
function M:last()
  return self.list[#self.list] and self.list[#self.list].key
end

function M:clear()
  self.list, self.by_key = {}, {}
  self:_write(function()
    vim.api.nvim_buf_set_lines(self.buffer, 0, -1, false, {})
  end)
end

return M
