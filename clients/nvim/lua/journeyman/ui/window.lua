--- Where our buffers are shown. Knows nothing of what is in them; never moves the person's cursor.
local config = require("journeyman.config")

local M = {}

---@param buffer integer
---@return integer? window One of this tab page that shows it.
function M.of(buffer)
  for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
    if vim.api.nvim_win_get_buf(window) == buffer then
      return window
    end
  end
end

--- Show a buffer beside what is there, without going there.
---@param buffer integer
---@return integer window
function M.beside(buffer)
  local window = M.of(buffer)
  if window then
    return window
  end
  local options = config.get().chat
  if options.split == "tab" then
    vim.cmd.tabnew()
    vim.api.nvim_win_set_buf(0, buffer)
    return vim.api.nvim_get_current_win()
  end
  local below = options.split == "below"
  return vim.api.nvim_open_win(buffer, false, {
    split = below and "below" or "right",
    win = -1,
    [below and "height" or "width"] = options.size,
  })
end

--- Show a buffer in a float in the middle, and go there.
---@param buffer integer
---@param title string
---@return integer window
function M.float(buffer, title)
  local width = math.max(20, math.min(90, vim.o.columns - 8))
  local wanted = math.max(6, vim.api.nvim_buf_line_count(buffer) + 2)
  local height = math.max(1, math.min(wanted, vim.o.lines - 6))
  return vim.api.nvim_open_win(buffer, true, {
    relative = "editor",
    width = width,
    height = height,
    row = math.max(0, math.floor((vim.o.lines - height) / 2) - 1),
    col = math.max(0, math.floor((vim.o.columns - width) / 2)),
    border = "rounded",
    title = (" %s "):format(title),
    title_pos = "center",
  })
end

--- One line of text that comes from elsewhere.
---@param text any
---@param width? integer
---@return string
function M.line(text, width)
  local line = tostring(text or ""):gsub("%s+", " ")
  if width and vim.fn.strchars(line) > width then
    line = vim.fn.strcharpart(line, 0, width - 1) .. "…"
  end
  return line
end

--- Lines of a text that comes from elsewhere: no carriage returns, no ends of lines inside.
---@param text string?
---@return string[]
function M.lines(text)
  return vim.split((text or ""):gsub("\r\n?", "\n"), "\n")
end

return M
