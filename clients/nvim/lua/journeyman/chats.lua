--- The chats that are followed: where each is in its log, and what is known of it. A broken connection
--- changes nothing of that: it is followed again from where it was, nothing missed and nothing twice.
local client = require("journeyman.client")
local method = require("journeyman.protocol_gen").method
local signals = require("journeyman.signals")
local task = require("journeyman.task")

local M = {}

---@class journeyman.Followed
---@field id string
---@field projectId? string
---@field title string
---@field cursor? journeyman.Cursor
---@field run? { id: string, status: string, phase?: string }
---@field todo journeyman.TodoList
---@field queued integer
---@field usage? journeyman.Usage
---@field finished? table Data of the newest `run/finished`.

---@type table<string, journeyman.Followed>
local followed = {}
---@type string?
local present

---@param id? string
---@return journeyman.Followed?
function M.get(id)
  return followed[id or present or ""]
end

--- The chat that commands mean, or a failure that says what to do.
---@return journeyman.Followed
function M.here()
  local shown = vim.b.journeyman_chat
  return followed[shown or ""]
    or M.get()
    or error({ message = "There is no chat yet.", hint = ":Journeyman run begins one, :Journeyman chats opens one." }, 0)
end

---@param run journeyman.Run
local function note_run(chat, run)
  if run.status == "running" or not chat.run then
    chat.run = { id = run.runId, status = run.status }
  end
end

---@type table<string, fun(chat: journeyman.Followed, data: table, event: journeyman.Event)>
local fold = {
  ["run/started"] = function(chat, _, event)
    chat.run = { id = event.runId, status = "running" }
    chat.finished = nil
  end,
  ["run/phase"] = function(chat, data)
    if chat.run then
      chat.run.phase = data.phase
    end
  end,
  ["run/finished"] = function(chat, data, event)
    chat.finished = data
    chat.usage = data.usage
    if chat.run and chat.run.id == event.runId then
      chat.run = nil
    end
  end,
  ["todo/changed"] = function(chat, data)
    chat.todo = { chatId = chat.id, rev = data.rev or chat.todo.rev + 1, items = data.items }
  end,
  ["usage/updated"] = function(chat, data)
    chat.usage = data
  end,
}

---@param answer journeyman.SubscribeResult
local function begin_from(chat, answer)
  local snapshot = answer.snapshot
  if snapshot then
    chat.cursor = { epoch = answer.epoch, seq = answer.head }
    chat.todo, chat.usage, chat.queued = snapshot.todo, snapshot.usage, #snapshot.queue
    chat.run = nil
    signals.emit("chat/snapshot", { chat = chat, snapshot = snapshot })
  elseif not chat.cursor then
    chat.cursor = { epoch = answer.epoch, seq = 0 }
  end
  for _, run in ipairs(answer.runs) do
    note_run(chat, run)
  end
  for _, question in ipairs(answer.permissions) do
    signals.emit("question", question)
  end
  signals.emit("chat/state", chat)
end

local function subscribe(chat, after, snapshot)
  local answer = client.request(method.agent_subscribe, { chatId = chat.id, after = after, snapshot = snapshot })
  begin_from(chat, answer)
end

--- Follow a chat and make it the present one. Only in a task.
---@param chat journeyman.Chat
---@param new? boolean Whether it was just made, and everything of it is still to come.
---@return journeyman.Followed
function M.follow(chat, new)
  present = chat.id
  local known = followed[chat.id]
  if known then
    return known
  end
  known = {
    id = chat.id,
    projectId = chat.projectId,
    title = chat.title,
    queued = 0,
    todo = { chatId = chat.id, rev = 0, items = {} },
  }
  followed[chat.id] = known
  local ok, failure = pcall(subscribe, known, new and "start" or "tail", not new)
  if not ok then
    followed[chat.id], present = nil, nil
    error(failure, 0)
  end
  return known
end

--- Stop following a chat. Only in a task.
---@param id string
function M.leave(id)
  if followed[id] then
    followed[id] = nil
    present = present ~= id and present or nil
    client.request(method.agent_unsubscribe, { chatId = id })
  end
end

local function again(chat)
  task.start(function()
    local ok, failure = pcall(subscribe, chat, chat.cursor or "start")
    if not ok and failure.data and failure.data.kind == "not_found" then
      followed[chat.id] = nil
    elseif not ok and client.current() then
      error(failure, 0)
    end
  end)
end

---@param event journeyman.Event
local function happened(event)
  local chat = followed[event.chatId]
  if not chat or not chat.cursor then
    return
  end
  if event.durable then
    if event.epoch == chat.cursor.epoch and event.seq <= chat.cursor.seq then
      return
    elseif event.epoch == chat.cursor.epoch and event.seq > chat.cursor.seq + 1 then
      return again(chat)
    end
    chat.cursor = { epoch = event.epoch, seq = event.seq }
  end
  local act = fold[event.kind]
  if act then
    act(chat, event.data, event)
  end
  signals.emit("chat/event", { chat = chat, event = event })
  signals.emit(event.kind, event)
  if event.durable then
    signals.emit("chat/state", chat)
  end
end

signals.on(method.agent_event, happened)
signals.on(method.agent_queue_didChange, function(params)
  local chat = followed[params.chatId]
  if chat then
    chat.queued = params.total
    signals.emit("chat/state", chat)
  end
end)
signals.on(method.todo_didChange, function(params)
  local chat = followed[params.chatId]
  if chat and params.rev >= chat.todo.rev then
    chat.todo = params
    signals.emit("chat/state", chat)
  end
end)
signals.on("connected", function()
  for _, chat in pairs(followed) do
    if chat.cursor then
      again(chat)
    end
  end
end)

--- How far the list is, and what is being done.
---@return { done: integer, total: integer, now?: string }
function M.progress(chat)
  local found = { done = 0, total = 0 }
  for _, item in ipairs(chat.todo.items) do
    if item.status ~= "dropped" then
      found.total = found.total + 1
    end
    if item.status == "done" then
      found.done = found.done + 1
    elseif item.status == "in_progress" then
      found.now = found.now or item.content
    end
  end
  return found
end

return M
