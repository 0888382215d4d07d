--- `:Journeyman SUB ...`: one table of what there is, which is also what completion offers.
local task = require("journeyman.task")

local M = {}

---@class journeyman.Given
---@field text string What follows the subcommand, as it was typed.
---@field words string[]
---@field bang boolean
---@field first integer
---@field last integer

---@class journeyman.Sub
---@field says string
---@field run fun(given: journeyman.Given)
---@field words? string[] What the next word may be.

---@return string?
local function text_of(given)
  return given.text ~= "" and given.text or nil
end

---@type table<string, journeyman.Sub>
M.subs = {
  run = {
    says = "give the agent work; ! in a new chat",
    run = function(given)
      require("journeyman.run").run(text_of(given), { new = given.bang })
    end,
  },
  say = {
    says = "to the run that goes on, else a new one",
    run = function(given)
      local chat = require("journeyman.chats").get(vim.b.journeyman_chat)
      local act = chat and chat.run and require("journeyman.run").steer or require("journeyman.run").run
      act(text_of(given))
    end,
  },
  ask = {
    says = "ask about the lines of the range",
    run = function(given)
      require("journeyman.run").ask(text_of(given), given.first, given.last)
    end,
  },
  steer = {
    says = "say something to the run, before its next step",
    run = function(given)
      require("journeyman.run").steer(text_of(given))
    end,
  },
  queue = {
    says = "run this after what runs; alone: what waits",
    run = function(given)
      local run = require("journeyman.run")
      return text_of(given) and run.run(given.text, { delivery = "queue" }) or run.queue()
    end,
  },
  stop = {
    says = "cancel the run",
    run = function()
      require("journeyman.run").stop()
    end,
  },
  resume = {
    says = "carry on a run that was cut off",
    run = function()
      require("journeyman.run").resume()
    end,
  },
  chat = {
    says = "show the chat; ! begins a new one",
    run = function(given)
      local chat = require("journeyman.chats").get()
      if given.bang then
        require("journeyman.run").begin(text_of(given))
      elseif chat then
        require("journeyman.ui.chat").open(chat)
      else
        require("journeyman.choosing").chats()
      end
    end,
  },
  chats = {
    says = "open a chat of the project",
    run = function()
      require("journeyman.choosing").chats()
    end,
  },
  projects = {
    says = "choose the project",
    run = function()
      local project = require("journeyman.project").choose()
      if project then
        vim.notify("Journeyman: " .. project.name)
      end
    end,
  },
  files = {
    says = "the workspace's files",
    run = function(given)
      local id = require("journeyman.project").id()
      vim.cmd.edit(vim.fn.fnameescape(require("journeyman.files").uri(id, given.text)))
    end,
  },
  todo = {
    says = "the todo list",
    run = function()
      require("journeyman.todo").open()
    end,
  },
  changes = {
    says = "what waits for a decision, as a location list",
    run = function()
      require("journeyman.review").list()
    end,
  },
  diff = {
    says = "review a file side by side",
    words = { "next", "close" },
    run = function(given)
      local review = require("journeyman.review")
      local act = ({ next = review.next, close = review.close })[given.text]
      return act and act() or (not act and review.open(text_of(given)))
    end,
  },
  accept = {
    says = "keep the hunk under the cursor; ! all of the file",
    run = function(given)
      require("journeyman.review").decide("accept", given.bang, text_of(given))
    end,
  },
  reject = {
    says = "take it back, and say why; ! all of the file",
    run = function(given)
      require("journeyman.review").decide("reject", given.bang, text_of(given))
    end,
  },
  apply = {
    says = "bring changes into your folder; ! only what was accepted",
    run = function(given)
      require("journeyman.carry").apply(given.words, given.bang)
    end,
  },
  checkpoints = {
    says = "go back to an earlier state",
    run = function()
      require("journeyman.checkpoints").open()
    end,
  },
  undo = {
    says = "take back the newest rewind",
    run = function()
      require("journeyman.checkpoints").undo()
    end,
  },
  model = {
    says = "choose the model of the chat",
    run = function(given)
      require("journeyman.choosing").model(text_of(given))
    end,
  },
  permit = {
    says = "answer what the agent asks",
    run = function()
      require("journeyman.permissions").permit()
    end,
  },
  terminal = {
    says = "a shell, or a command, in the workspace",
    run = function(given)
      require("journeyman.terminal").open(text_of(given))
    end,
  },
  preview = {
    says = "open a port of the workspace in the browser",
    run = function(given)
      require("journeyman.choosing").preview(text_of(given))
    end,
  },
  archive = {
    says = "put the workspace away",
    run = function()
      require("journeyman.choosing").archive()
    end,
  },
  restore = {
    says = "bring an archive back",
    run = function()
      require("journeyman.choosing").restore()
    end,
  },
  start = {
    says = "connect to the daemon, starting it where needed",
    run = function()
      require("journeyman.client").connected()
    end,
  },
  disconnect = {
    says = "leave the daemon alone until something is asked",
    run = function()
      require("journeyman.client").stop()
    end,
  },
  log = {
    says = "what the connection said",
    run = function()
      vim.cmd.tabedit(vim.fn.fnameescape(vim.lsp.log.get_filename()))
    end,
  },
}

--- What the daemon tells is listened to from the first command on.
local function listen()
  require("journeyman.ui.chat")
  require("journeyman.permissions")
  require("journeyman.todo")
  require("journeyman.review")
  require("journeyman.notices")
end

---@param args vim.api.keyset.create_user_command.command_args
function M.run(args)
  local name, bang, text = args.args:match("^%s*([^%s!]*)(!?)%s*(.-)%s*$")
  name = name == "" and "chat" or name
  local sub = M.subs[name]
  if not sub then
    return task.report({ message = ("There is no :Journeyman %s."):format(name), hint = "See :help journeyman-commands." })
  end
  listen()
  local given = {
    text = text,
    words = vim.split(text, "%s+", { trimempty = true }),
    bang = args.bang or bang == "!",
    first = args.line1,
    last = args.line2,
  }
  task.start(function()
    sub.run(given)
  end)
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local before = line:match("Journeyman!?%s+(.*)$") or ""
  local name = before:match("^([^%s!]+)!?%s")
  local offered = not name and vim.tbl_keys(M.subs) or (M.subs[name] and M.subs[name].words or {})
  table.sort(offered)
  return vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, offered)
end

return M
