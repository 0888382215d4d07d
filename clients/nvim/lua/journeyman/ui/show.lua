--- What events and messages leave on the page, as lines. Pure but for the folds' own lookups; texts come
--- from models and workspaces and are only ever put into buffers.
local chats = require("journeyman.chats")
local window = require("journeyman.ui.window")

local M = {}

M.INDENT = "  │ "
M.RUNNING = "… "
M.OUTPUT_LINES = 400
local PHASES = { workspace = "getting the workspace", plan = "planning", execute = "working", verify = "verifying" }
local DECIDED = {
  accepted = "changes accepted",
  rejected = "changes taken back",
  rejecting = "changes will be taken back",
  conflict = "changes could not be taken back",
}

local function indented(text)
  local lines = window.lines(text)
  while #lines > 0 and vim.trim(lines[#lines]) == "" do
    table.remove(lines)
  end
  if #lines > M.OUTPUT_LINES then
    lines = vim.list_slice(lines, 1, M.OUTPUT_LINES)
    table.insert(lines, "...")
  end
  return vim.tbl_map(function(line)
    return M.INDENT .. line
  end, lines)
end

---@param data table Of `tool/started`.
---@return string
function M.call_title(data)
  return window.line(data.name == "fin" and "fin" or data.title or data.name, 120)
end

---@param title string
---@param data table Of `tool/finished`.
---@return string[]
function M.call(title, data)
  local seconds = data.seconds and ("  %.1f s"):format(data.seconds) or ""
  local head = ("%s %s%s"):format(data.ok and "✓" or "✗", title, seconds)
  return vim.list_extend({ head }, data.name == "fin" and {} or indented(data.text))
end

local function spoken(who, text)
  return vim.list_extend({ "", "## " .. who, "" }, window.lines(vim.trim(text or "")))
end

--- What the person said: told when the run starts, and again when it is part of the conversation.
local function said(event, text)
  text = vim.trim(text or "")
  return ("u:%s:%s"):format(event.runId, text), spoken("You", text)
end

local function usage(data)
  local cost = data.costUsd and ("$%.4f"):format(data.costUsd) or "cost unknown"
  local counted = data.atLeast or {}
  local tokens = (data.inputTokens or counted.inputTokens or 0) + (data.outputTokens or counted.outputTokens or 0)
  return ("%d model calls, %s%d tokens, %s"):format(
    data.modelCalls or 0,
    data.inputTokens and data.outputTokens and "" or "at least ",
    tokens,
    cost
  )
end

---@type table<string, fun(data: table, event: journeyman.Event): string?, string[]?>
local kinds = {
  ["run/started"] = function(data, event)
    return said(event, data.prompt)
  end,
  ["run/phase"] = function(data, event)
    return ("p:%d"):format(event.seq), { "", ("*%s*"):format(PHASES[data.phase] or data.phase) }
  end,
  ["run/finished"] = function(data, event)
    local lines = { "", ("**%s**: %s"):format(data.status, window.line(data.summary)), "" }
    local files = data.changes and data.changes.files or {}
    if #files > 0 then
      local names = window.line(table.concat(files, ", "), 200)
      table.insert(lines, ("%s (+%d -%d); `:Journeyman diff`"):format(names, data.changes.added, data.changes.removed))
    end
    table.insert(lines, usage(data.usage or {}))
    return "f:" .. event.runId, lines
  end,
  ["message/completed"] = function(data, event)
    local text = vim.trim(data.text or "")
    local key = "m:" .. (event.itemId or data.messageId)
    if data.role == "user" then
      return said(event, text)
    elseif data.role == "assistant" then
      return key, text ~= "" and vim.list_extend({ "" }, window.lines(text)) or {}
    end
  end,
  ["permission/requested"] = function(data)
    local asks = data.subject.type == "question" and "it asks you" or "it asks for your permission"
    return "q:" .. data.id, { ("? %s: %s  (`:Journeyman permit`)"):format(asks, window.line(data.subject.title)) }
  end,
  ["permission/resolved"] = function(data)
    local by = data.decidedBy and (" by " .. window.line(data.decidedBy)) or ""
    return "q:" .. data.id, { ("? %s%s: %s"):format(data.state, by, window.line(data.subject.title)) }
  end,
  ["checkpoint/restored"] = function(data, event)
    local what = data.undoes and "a rewind was taken back" or "gone back to a checkpoint"
    local counted = ("%d files, %d messages"):format(data.files or 0, data.messagesHidden or 0)
    return ("k:%d"):format(event.seq), { "", ("*%s: %s*"):format(what, counted) }
  end,
  ["changes/decided"] = function(data, event)
    local paths = window.line(table.concat(data.paths or {}, ", "), 200)
    return ("d:%d"):format(event.seq), { ("*%s: %s*"):format(DECIDED[data.decision] or data.decision, paths) }
  end,
  ["notice"] = function(data, event)
    local key = event.durable and ("n:%d"):format(event.seq) or ("n:%d:%s"):format(event.seq, data.message)
    return key, { "", vim.trim(("> %s: %s %s"):format(data.level, window.line(data.message), window.line(data.hint))) }
  end,
}

---@param event journeyman.Event
---@return string? key, string[]? lines
function M.event(event)
  local act = kinds[event.kind]
  if act then
    return act(event.data, event)
  end
end

--- A stored message, as its events would have left it.
---@param message journeyman.ChatMessage
---@return string? key, string[]? lines
function M.message(message)
  if message.role == "user" then
    return "m:" .. message.id, spoken("You", message.text)
  elseif message.role == "tool" then
    local title = message.toolName or "tool"
    return "c:" .. (message.toolCallId or message.id), M.call(title, { ok = message.ok, text = message.text, name = title })
  elseif vim.trim(message.text) ~= "" then
    return "m:" .. message.id, vim.list_extend({ "" }, window.lines(vim.trim(message.text)))
  end
end

--- Output of calls is folded; everything else is not.
---@param row integer
---@return string
function M.fold(row)
  return vim.startswith(vim.fn.getline(row), M.INDENT) and "1" or "0"
end

---@return string
function M.foldtext()
  return ("%s%d lines"):format(M.INDENT, vim.v.foldend - vim.v.foldstart + 1)
end

---@param chat journeyman.Followed
---@return string
function M.winbar(chat)
  local progress = chats.progress(chat)
  local parts = { window.line(chat.title, 40) }
  if progress.total > 0 then
    table.insert(parts, ("%d/%d"):format(progress.done, progress.total))
  end
  if chat.run then
    table.insert(parts, "▸ " .. window.line(progress.now or PHASES[chat.run.phase] or "starting", 50))
  elseif chat.finished then
    table.insert(parts, chat.finished.status)
  end
  if chat.queued > 0 then
    table.insert(parts, ("%d waiting"):format(chat.queued))
  end
  local text = table.concat(parts, "  "):gsub("%%", "%%%%")
  return text
end

return M
