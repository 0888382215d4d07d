--- States of a chat that can be gone back to: files, conversation, or both, shown before it is done.
local chats = require("journeyman.chats")
local client = require("journeyman.client")
local files = require("journeyman.files")
local method = require("journeyman.protocol_gen").method
local task = require("journeyman.task")
local window = require("journeyman.ui.window")

local M = {}

local SCOPES = {
  { scope = "files", title = "Take back the files" },
  { scope = "conversation", title = "Take back the conversation" },
  { scope = "both", title = "Take back both" },
}

---@param result journeyman.RewindResult
---@return string
local function told(result)
  local text = ("%d files, %d messages"):format(result.filesTotal, result.messagesHidden + result.messagesShown)
  return result.keptTotal > 0 and ("%s; %d stay, because others changed them"):format(text, result.keptTotal) or text
end

--- Choose one, see what would happen, do it. Only in a task.
function M.open()
  local chat = chats.here()
  local items = client.all(method.checkpoint_list, { chatId = chat.id })
  if #items == 0 then
    return vim.notify("Journeyman: there is no checkpoint yet.")
  end
  local point = task.select(items, {
    prompt = "Go back to",
    kind = "journeyman_checkpoint",
    format_item = function(item)
      return ("%s  %s  (%d files)"):format(item.createdAt:sub(12, 19), window.line(item.title, 60), item.files)
    end,
  })
  local scope = point
    and task.select(SCOPES, {
      prompt = "What of it",
      format_item = function(each)
        return each.title
      end,
    })
  if not scope then
    return
  end
  local wanted = { chatId = chat.id, checkpointId = point.id, scope = scope.scope }
  local preview = client.request(method.checkpoint_preview, wanted)
  local yes = ("Yes: %s"):format(told(preview))
  if task.select({ yes, "No" }, { prompt = scope.title .. "?" }) == yes then
    local result = client.request(method.checkpoint_restore, wanted)
    files.refresh(chat.projectId)
    vim.notify(("Journeyman: taken back: %s. :Journeyman undo brings it back."):format(told(result)))
  end
end

--- Take back the newest rewind. Only in a task.
function M.undo()
  local chat = chats.here()
  local result = client.request(method.checkpoint_undo, { chatId = chat.id })
  files.refresh(chat.projectId)
  vim.notify(("Journeyman: brought back: %s."):format(told(result)))
end

return M
