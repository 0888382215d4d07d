--- The todo list in a float, edited as text and written with :w. Lines keep their items: marks follow them.
local chats = require("journeyman.chats")
local client = require("journeyman.client")
local method = require("journeyman.protocol_gen").method
local protocol = require("journeyman.protocol_gen")
local signals = require("journeyman.signals")
local task = require("journeyman.task")
local window = require("journeyman.ui.window")

local M = {}

local namespace = vim.api.nvim_create_namespace("journeyman.todo")
local SIGN = { pending = " ", in_progress = ">", done = "x", dropped = "-" }
local STATUS = { [" "] = "pending", [">"] = "in_progress", x = "done", X = "done", ["-"] = "dropped" }

---@class journeyman.TodoBuffer
---@field chat string
---@field rev integer
---@field items table<integer, journeyman.TodoItem> By mark.

---@type table<integer, journeyman.TodoBuffer>
local buffers = {}

---@param item journeyman.TodoItem
local function line_of(item)
  return ("- [%s] %s"):format(SIGN[item.status or "pending"], window.line(item.content))
end

---@param buffer integer
---@param list journeyman.TodoList
local function render(buffer, list)
  local state = buffers[buffer]
  state.rev, state.items = list.rev, {}
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  local lines = vim.tbl_map(line_of, list.items)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, #lines > 0 and lines or { "" })
  for index, item in ipairs(list.items) do
    local mark = vim.api.nvim_buf_set_extmark(buffer, namespace, index - 1, 0, {
      virt_text = item.check and { { "  " .. window.line(item.check, 40), "Comment" } } or nil,
    })
    state.items[mark] = item
  end
  vim.bo[buffer].modified = false
end

---@param buffer integer
---@return { row: integer, text: string, status: string }[]
local function written(buffer)
  local found = {}
  for index, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) do
    local sign, text = line:match("^%s*[-*]%s*%[(.)%]%s*(.-)%s*$")
    text = text or vim.trim((line:gsub("^%s*[-*]%s+", "")))
    if text ~= "" then
      table.insert(found, { row = index - 1, text = text, status = STATUS[sign or " "] or "pending" })
    end
  end
  return found
end

--- Which item a line is: the one of the same words, else the one whose mark is on it, else a new one.
---@param buffer integer
---@param lines { row: integer, text: string }[]
---@return table<integer, journeyman.TodoItem> By row.
local function known(buffer, lines)
  local state, found, used, by_text = buffers[buffer], {}, {}, {}
  local function take(row, item)
    if item and not found[row] and not used[item.id] then
      found[row], used[item.id] = item, true
    end
  end
  for _, item in pairs(state.items) do
    by_text[window.line(item.content)] = item
  end
  local there = {}
  for _, line in ipairs(lines) do
    there[line.row] = true
    take(line.row, by_text[line.text])
  end
  local on_row = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(buffer, namespace, 0, -1, {})) do
    local item = state.items[mark[1]]
    if item and not used[item.id] then
      on_row[mark[2]] = on_row[mark[2]] or {}
      table.insert(on_row[mark[2]], item)
    end
  end
  for row, items in pairs(on_row) do
    -- Marks of deleted lines end up on the next one: where it cannot be told which it is, it is a new item.
    if there[row] and #items == 1 then
      take(row, items[1])
    end
  end
  return found
end

--- The list as the lines say it.
---@param buffer integer
---@return journeyman.TodoItem[]
local function parse(buffer)
  local lines = written(buffer)
  local found = known(buffer, lines)
  local ids, number = {}, 0
  for _, item in pairs(buffers[buffer].items) do
    ids[item.id] = true
  end
  local items, kept = {}, {}
  for _, line in ipairs(lines) do
    local item = vim.deepcopy(found[line.row] or { assignee = "user" })
    while not item.id or (not found[line.row] and ids[item.id]) do
      number = number + 1
      item.id = ("u%d"):format(number)
    end
    if window.line(item.content) ~= line.text then
      item.content = line.text
    end
    item.status = line.status
    kept[item.id] = true
    table.insert(items, item)
  end
  for _, item in ipairs(items) do
    item.dependsOn = vim.tbl_filter(function(id)
      return kept[id]
    end, item.dependsOn or {})
  end
  return items
end

--- BufWriteCmd of such a buffer.
---@param buffer integer
function M.write(buffer)
  local state = buffers[buffer]
  local items = parse(buffer)
  local ok, answer = pcall(task.wait, function()
    return client.request(method.todo_update, { chatId = state.chat, ifRev = state.rev, items = items })
  end, 30000)
  if ok then
    render(buffer, answer)
  elseif answer.code == protocol.error_codes.CONTENT_MODIFIED then
    task.report({ message = "The list was changed meanwhile.", hint = ":e! shows it as it is now; then change it again." })
  else
    task.report(answer)
  end
end

--- The list of the present chat in a float. Only in a task.
function M.open()
  local chat = chats.here()
  local list = client.request(method.todo_list, { chatId = chat.id })
  local name = "journeyman://todo/" .. chat.id
  local buffer = vim.fn.bufadd(name)
  if not buffers[buffer] then
    vim.fn.bufload(buffer)
    buffers[buffer] = { chat = chat.id, rev = 0, items = {} }
    local bo = vim.bo[buffer]
    bo.buftype, bo.swapfile, bo.modeline, bo.filetype = "acwrite", false, false, "markdown"
    vim.b[buffer].journeyman_write = "journeyman.todo"
    vim.b[buffer].journeyman_chat = chat.id
    require("journeyman.ui.keys").todo(buffer)
    vim.api.nvim_create_autocmd("BufReadCmd", {
      buffer = buffer,
      callback = function()
        local present = chats.get(chat.id)
        if present then
          render(buffer, present.todo)
        end
      end,
    })
  end
  if not vim.bo[buffer].modified then
    render(buffer, list)
  end
  local at = window.of(buffer)
  if at then
    vim.api.nvim_set_current_win(at)
  else
    window.float(buffer, "Todo: :w writes, <CR> is done, q closes")
  end
end

--- Done, or not, of the line under the cursor.
function M.toggle()
  local line = vim.api.nvim_get_current_line()
  local head, sign, rest = line:match("^(%s*[-*]%s*%[)(.)(%].*)$")
  if head then
    local row = vim.api.nvim_win_get_cursor(0)[1] - 1
    local mark = sign == "x" and " " or "x"
    vim.api.nvim_buf_set_text(0, row, #head, row, #head + #sign, { mark })
  end
end

signals.on("chat/state", function(chat)
  for buffer, state in pairs(buffers) do
    if not vim.api.nvim_buf_is_valid(buffer) then
      buffers[buffer] = nil
    elseif state.chat == chat.id and chat.todo.rev > state.rev and not vim.bo[buffer].modified then
      render(buffer, chat.todo)
    end
  end
end)

return M
