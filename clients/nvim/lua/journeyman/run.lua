--- What a person says to the agent: new work, more words for work that goes on, and stop.
local chats = require("journeyman.chats")
local client = require("journeyman.client")
local config = require("journeyman.config")
local method = require("journeyman.protocol_gen").method
local project = require("journeyman.project")
local task = require("journeyman.task")

local M = {}

---@param prompt string?
---@param question string
---@return string?
local function said(prompt, question)
  if prompt and vim.trim(prompt) ~= "" then
    return prompt
  end
  return task.input({ prompt = question })
end

--- A new chat in the project, shown. Only in a task.
---@param title? string
---@return journeyman.Followed
function M.begin(title)
  local id = project.open().id
  local chat = client.request(method.chat_create, { projectId = id, title = title })
  local followed = chats.follow(chat, true)
  require("journeyman.ui.chat").open(followed)
  return followed
end

--- The first words of a prompt.
local function title_of(prompt)
  local line = vim.trim(vim.split(prompt, "\n")[1])
  return vim.fn.strcharpart(line, 0, 80)
end

--- Give the agent work: in the present chat, else in a new one. Only in a task.
---@param prompt? string
---@param options? { new?: boolean, delivery?: "queue"|"steer"|"interrupt" }
---@return journeyman.Run?
function M.run(prompt, options)
  options = options or {}
  prompt = said(prompt, "What is to be done? ")
  if not prompt then
    return nil
  end
  local chat = not options.new and chats.get() or nil
  if chat then
    project.open()
    require("journeyman.ui.chat").open(chat)
  else
    chat = M.begin(title_of(prompt))
  end
  local wanted = config.get()
  local run = client.request(method.agent_run, {
    chatId = chat.id,
    prompt = prompt,
    wait = "accepted",
    mode = wanted.mode,
    model = wanted.model,
    delivery = options.delivery,
  })
  require("journeyman.notices").expect(run.runId)
  return run
end

--- A question about lines of a buffer, with the lines. Only in a task.
---@param question? string
---@param first integer
---@param last integer
function M.ask(question, first, last)
  local buffer = vim.api.nvim_get_current_buf()
  local name = vim.fs.relpath(project.root(), vim.api.nvim_buf_get_name(buffer)) or vim.fn.bufname(buffer)
  local lines = vim.api.nvim_buf_get_lines(buffer, first - 1, last, false)
  question = said(question, "What do you want to know? ")
  if question then
    local where = first == last and ("line %d"):format(first) or ("lines %d to %d"):format(first, last)
    local quoted = table.concat(lines, "\n")
    return M.run(("%s\n\n%s of %s:\n```%s\n%s\n```"):format(question, where, name, vim.bo[buffer].filetype, quoted))
  end
end

---@return string
local function open_run()
  local run = chats.here().run
  return run and run.id or error({ message = "Nothing runs in this chat." }, 0)
end

--- Say something to the run that goes on, before its next step. Only in a task.
---@param prompt? string
function M.steer(prompt)
  local run = open_run()
  prompt = said(prompt, "What should it know? ")
  if prompt then
    return client.request(method.agent_steer, { runId = run, prompt = prompt })
  end
end

--- End the run that goes on; answers once its processes are dead. Only in a task.
function M.stop()
  return client.request(method.agent_cancel, { runId = open_run() })
end

--- Carry on the newest run, which a crash or a shutdown ended. Only in a task.
function M.resume()
  local newest = client.request(method.agent_runs, { chatId = chats.here().id, limit = 1 }).items[1]
  if not newest then
    error({ message = "Nothing ran in this chat yet." }, 0)
  end
  local run = client.request(method.agent_resume, { runId = newest.runId })
  require("journeyman.notices").expect(run.runId)
  return run
end

--- What waits in the chat: change it or take it back. Only in a task.
function M.queue()
  local items = client.all(method.agent_queue_list, { chatId = chats.here().id })
  if #items == 0 then
    return vim.notify("Journeyman: nothing waits.")
  end
  local item = task.select(items, {
    prompt = "What waits",
    kind = "journeyman_queue",
    format_item = function(each)
      return ("%s: %s"):format(each.kind, vim.split(each.prompt, "\n")[1])
    end,
  })
  local act = item and task.select({ "Change it", "Take it back" }, { prompt = title_of(item.prompt) })
  if act == "Take it back" then
    client.request(method.agent_queue_remove, { itemId = item.itemId })
  elseif act then
    local prompt = task.input({ prompt = "Say instead: ", default = item.prompt })
    if prompt then
      client.request(method.agent_queue_update, { itemId = item.itemId, prompt = prompt, ifRev = item.rev })
    end
  end
end

return M
