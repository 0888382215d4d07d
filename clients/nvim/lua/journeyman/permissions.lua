--- Questions that wait for the person: shown in a corner at once, opened when nobody is typing, gone when
--- anybody has answered. Closing one answers nothing.
local client = require("journeyman.client")
local config = require("journeyman.config")
local method = require("journeyman.protocol_gen").method
local signals = require("journeyman.signals")
local task = require("journeyman.task")
local window = require("journeyman.ui.window")

local M = {}

---@type journeyman.Permission[] Oldest first.
local open = {}
---@type table<string, true> Closed by the person, who will come back to them.
local put_off = {}
---@type table<string, journeyman.Permission>
local resolved = {}
---@type string?
local asking
---@type integer?
local card
local pressed_at = 0
local watches = false
local OWN_WORDS = { id = "", title = "Answer in my own words", kind = "answer" }

---@return integer
function M.count()
  return #open
end

local function close_card()
  if card and vim.api.nvim_win_is_valid(card) then
    vim.api.nvim_win_close(card, true)
  end
  card = nil
end

--- A note that takes neither focus nor keys.
local function show_card()
  close_card()
  local first = open[1]
  if not first then
    return
  end
  local subject = first.subject
  local lines = { window.line(subject.title, 70) }
  if subject.type ~= "question" then
    table.insert(lines, window.line("because " .. subject.why, 70))
  end
  table.insert(lines, ":Journeyman permit" .. (#open > 1 and ("  (%d wait)"):format(#open) or ""))
  local width = 0
  for _, line in ipairs(lines) do
    width = math.max(width, vim.fn.strdisplaywidth(line))
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = "wipe"
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  card = vim.api.nvim_open_win(buffer, false, {
    relative = "editor",
    anchor = "SE",
    row = math.max(1, vim.o.lines - 2),
    col = vim.o.columns,
    width = math.max(1, math.min(width, vim.o.columns - 4)),
    height = #lines,
    focusable = false,
    style = "minimal",
    border = "rounded",
    title = subject.type == "question" and " Journeyman asks " or " Journeyman wants to ",
    zindex = 60,
  })
end

---@param id string
---@return integer?
local function index_of(id)
  for index, each in ipairs(open) do
    if each.id == id then
      return index
    end
  end
end

---@return boolean
local function may_interrupt()
  local mode = vim.api.nvim_get_mode()
  return mode.mode == "n"
    and not mode.blocking
    and vim.fn.getcmdwintype() == ""
    and vim.fn.pumvisible() == 0
    and vim.uv.now() - pressed_at >= config.get().idle_ms
end

---@param permission journeyman.Permission
local function answer(permission, option, feedback)
  client.request(method.permission_reply, { permissionId = permission.id, optionId = option, feedback = feedback })
end

---@param permission journeyman.Permission
---@return boolean whether the person chose something
local function ask(permission)
  local subject = permission.subject
  local options = vim.deepcopy(permission.options)
  if subject.type == "question" then
    table.insert(options, OWN_WORDS)
  end
  local detail = subject.type == "question" and "" or ("\n%s, in %s"):format(subject.why, subject.cwd)
  local option = task.select(options, {
    prompt = ("Journeyman asks: %s%s"):format(subject.title, window.line(detail)),
    kind = "journeyman_permission",
    format_item = function(each)
      return each.title
    end,
  })
  local decided = resolved[permission.id]
  if decided then
    local by = decided.decidedBy and (" by " .. decided.decidedBy) or ""
    vim.notify(("Journeyman: that was decided already%s: %s."):format(by, decided.state))
    return false
  elseif not option then
    return false
  elseif option.id == "" then
    local words = task.input({ prompt = subject.title .. " " })
    if not words then
      return false
    end
    answer(permission, "deny", words)
  else
    answer(permission, option.id)
  end
  return true
end

---@param permission journeyman.Permission
local function open_one(permission)
  asking = permission.id
  local ok, done = pcall(ask, permission)
  asking = nil
  if not ok or not done then
    put_off[permission.id] = true
  end
  M.look()
  if not ok then
    error(done, 0)
  end
end

---@return journeyman.Permission?
local function next_one()
  for _, each in ipairs(open) do
    if not put_off[each.id] then
      return each
    end
  end
end

--- Open the next question if that disturbs nobody, else look again later.
function M.look()
  local permission = next_one()
  if not permission or asking then
    return
  end
  if may_interrupt() then
    return task.start(function()
      open_one(permission)
    end)
  end
  if not watches then
    watches = true
    vim.on_key(function()
      pressed_at = vim.uv.now()
    end, vim.api.nvim_create_namespace("journeyman.permissions"))
  end
  vim.defer_fn(M.look_once, math.max(config.get().idle_ms, 20))
end

local looking = false
--- However often it is asked for, one look at a time waits.
function M.look_once()
  if not looking then
    looking = true
    vim.schedule(function()
      looking = false
      M.look()
    end)
  end
end

---@param permission journeyman.Permission
local function asked(permission)
  if permission.state ~= "pending" or resolved[permission.id] or index_of(permission.id) then
    return
  end
  table.insert(open, permission)
  show_card()
  signals.emit("question/open", permission)
  M.look()
end

---@param permission journeyman.Permission
local function decided(permission)
  resolved[permission.id] = permission
  put_off[permission.id] = nil
  local index = index_of(permission.id)
  if not index then
    return
  end
  table.remove(open, index)
  show_card()
  local own = debug.getinfo(vim.ui.select, "S").source:find("vim/ui.lua", 1, true)
  if asking == permission.id and own and vim.api.nvim_get_mode().mode == "c" then
    -- Neovim's own vim.ui.select waits for a line and knows of no other way to be closed.
    vim.api.nvim_input("<Esc>")
  end
  signals.emit("question/closed", permission)
  M.look()
end

--- Open the oldest question now. Only in a task.
function M.permit()
  if #open == 0 then
    return vim.notify("Journeyman: nothing waits for your answer.")
  elseif asking then
    return
  end
  open_one(next_one() or open[1])
end

signals.on(method.permission_request, asked)
signals.on("question", asked)
signals.on("permission/requested", function(event)
  asked(event.data)
end)
signals.on(method.permission_didResolve, decided)
signals.on("permission/resolved", function(event)
  decided(event.data)
end)
signals.on("connected", function()
  -- What was decided while the connection was broken is not told again.
  task.start(function()
    local ok, waiting = pcall(client.all, method.permission_list)
    if not ok then
      return
    end
    local still = {}
    for _, each in ipairs(waiting) do
      still[each.id] = true
    end
    for _, each in ipairs(vim.deepcopy(open)) do
      if not still[each.id] then
        decided(vim.tbl_extend("force", each, { state = "withdrawn" }))
      end
    end
  end)
end)
vim.api.nvim_create_autocmd("ModeChanged", {
  group = vim.api.nvim_create_augroup("journeyman.permissions", {}),
  pattern = "*:n",
  callback = function()
    if #open > 0 then
      M.look_once()
    end
  end,
})

return M
