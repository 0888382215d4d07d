--- Changes on their way to the person's own folder: by edits of open buffers, written where nothing else in
--- them was unsaved.
local chats = require("journeyman.chats")
local client = require("journeyman.client")
local documents = require("journeyman.documents")
local method = require("journeyman.protocol_gen").method
local project = require("journeyman.project")

local M = {}

---@return table<string, true>
local function unsaved()
  local found = {}
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.bo[buffer].modified and vim.bo[buffer].buftype == "" then
      found[vim.fs.normalize(vim.api.nvim_buf_get_name(buffer))] = true
    end
  end
  return found
end

---@param paths table<string, true>
local function write(paths)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local bo = vim.bo[buffer]
    local name = vim.fs.normalize(vim.api.nvim_buf_get_name(buffer))
    if paths[name] and vim.api.nvim_buf_is_loaded(buffer) and bo.modified and bo.buftype == "" then
      vim.api.nvim_buf_call(buffer, function()
        vim.cmd("silent keepalt write! ++p")
      end)
    end
  end
end

--- Only in a task.
---@param allow string[] Guarded paths the person agreed to.
---@param accepted boolean Only what was accepted.
---@return journeyman.CarriedFile[]
function M.apply(allow, accepted)
  local chat = chats.here()
  documents.add(project.root(), client.connected())
  local before = unsaved()
  ---@type journeyman.ChangesApplied
  local answer = client.request(method.changes_apply, {
    chatId = chat.id,
    hunkIds = accepted and {} or nil,
    allow = allow,
    confirm = false,
  })
  local done, refused, edited = 0, {}, {}
  for _, item in ipairs(answer.items) do
    local path = vim.fs.normalize(answer.root .. "/" .. item.path)
    if item.outcome == "refused" then
      table.insert(refused, ("%s: %s"):format(item.path, item.why or ""))
    else
      done = done + 1
      if item.outcome == "edited" and not before[path] then
        edited[path] = true
      end
    end
  end
  write(edited)
  vim.cmd.checktime()
  vim.notify(("Journeyman: %d brought into %s."):format(done, answer.root))
  if #refused > 0 then
    local hint = "\n:Journeyman apply PATH brings what is guarded, by name."
    vim.notify("Journeyman: left as it is:\n" .. table.concat(refused, "\n") .. hint, vim.log.levels.WARN)
  end
  return answer.items
end

return M
