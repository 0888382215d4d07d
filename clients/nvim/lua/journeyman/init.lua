--- What configurations call. Nothing here has to be called: see `vim.g.journeyman` and :Journeyman.
local M = {}

--- For the status line: what goes on, what is asked. Empty where nothing was begun.
---@return string
function M.statusline()
  if not package.loaded["journeyman.chats"] then
    return ""
  end
  local chats = require("journeyman.chats")
  local chat = chats.get()
  local parts = {}
  if not require("journeyman.client").current() then
    table.insert(parts, chat and "reconnecting" or "off")
  elseif chat and chat.run then
    local progress = chats.progress(chat)
    local counted = progress.total > 0 and ("%d/%d "):format(progress.done, progress.total) or ""
    local now = require("journeyman.ui.window").line(progress.now or chat.run.phase or "starting", 40)
    table.insert(parts, "▸ " .. counted .. now)
  else
    table.insert(parts, chat and chat.finished and chat.finished.status or "ready")
  end
  local questions = package.loaded["journeyman.permissions"] and require("journeyman.permissions").count() or 0
  if questions > 0 then
    table.insert(parts, ("? %d"):format(questions))
  end
  local text = "jm " .. table.concat(parts, " ")
  return (text:gsub("%%", "%%%%"))
end

--- The same as `:Journeyman SUB TEXT`.
---@param sub string
---@param text? string
function M.command(sub, text)
  require("journeyman.commands").run({ args = text and (sub .. " " .. text) or sub, bang = false, line1 = 1, line2 = 1 })
end

return M
