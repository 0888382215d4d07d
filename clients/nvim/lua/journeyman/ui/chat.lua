--- A chat as a markdown buffer: what was said, what was done (folded), what came of it. Streams as it comes.
local blocks = require("journeyman.ui.blocks")
local config = require("journeyman.config")
local show = require("journeyman.ui.show")
local signals = require("journeyman.signals")
local window = require("journeyman.ui.window")

local M = {}

---@class journeyman.View
---@field buffer integer
---@field blocks journeyman.Blocks
---@field held table<string, string> Streamed text that is not shown yet, by block.
---@field order string[] Blocks with such text.
---@field timer? uv.uv_timer_t
---@field calls table<string, { title: string, lines: integer }>

---@type table<string, journeyman.View>
local views = {}

---@param view journeyman.View
local function flush(view)
  if view.timer then
    view.timer:stop()
    view.timer:close()
    view.timer = nil
  end
  for _, key in ipairs(view.order) do
    if view.blocks:has(key) then
      view.blocks:grow(key, view.held[key])
    end
  end
  view.held, view.order = {}, {}
end

---@param view journeyman.View
local function stream(view, key, text)
  if not view.held[key] then
    view.held[key] = ""
    table.insert(view.order, key)
  end
  view.held[key] = view.held[key] .. text
  if not view.timer then
    view.timer = assert(vim.uv.new_timer())
    view.timer:start(config.get().flush_ms, 0, vim.schedule_wrap(function()
      flush(view)
    end))
  end
end

---@param view journeyman.View
local function put(view, key, lines)
  flush(view)
  view.blocks:set(key, lines)
end

---@param view journeyman.View
local function delta(view, data, event)
  if data.channel ~= "text" or not data.text then
    return
  end
  local key = "m:" .. (event.itemId or event.seq)
  if not view.blocks:has(key) then
    put(view, key, { "", "" })
  end
  stream(view, key, (data.gap and "…" or "") .. data.text:gsub("\r\n?", "\n"))
end

---@param view journeyman.View
local function output(view, data)
  local call = view.calls[data.callId]
  local key = "c:" .. data.callId
  if not call or not data.text or call.lines > show.OUTPUT_LINES then
    return
  end
  local text, breaks = data.text:gsub("\r\n?", "\n"):gsub("\n", "\n" .. show.INDENT)
  local first = not call.begun
  call.begun, call.lines = true, call.lines + breaks
  stream(view, key, (first and "\n" .. show.INDENT or "") .. text)
end

---@param view journeyman.View
local function started(view, data)
  view.calls[data.callId] = { title = show.call_title(data), lines = 0 }
  put(view, "c:" .. data.callId, { show.RUNNING .. view.calls[data.callId].title })
end

---@param view journeyman.View
local function finished(view, data)
  local call = view.calls[data.callId]
  view.calls[data.callId] = nil
  put(view, "c:" .. data.callId, show.call(call and call.title or data.name, data))
end

---@type table<string, fun(view: journeyman.View, data: table, event: journeyman.Event)>
local live = {
  ["message/delta"] = delta,
  ["tool/started"] = started,
  ["tool/output"] = output,
  ["tool/finished"] = finished,
}

--- One event on the page. Kinds that are not known leave nothing.
---@param view journeyman.View
---@param event journeyman.Event
local function apply(view, event)
  local act = live[event.kind]
  if act then
    return act(view, event.data, event)
  end
  local key, lines = show.event(event)
  if key and lines then
    put(view, key, lines)
  end
end

---@param view journeyman.View
---@param snapshot journeyman.Snapshot
local function restore(view, snapshot)
  flush(view)
  view.blocks:clear()
  view.calls = {}
  for _, message in ipairs(snapshot.recent) do
    local key, lines = show.message(message)
    if key and lines then
      view.blocks:set(key, lines)
    end
  end
end

---@param chat journeyman.Followed
---@return journeyman.View
local function view_of(chat)
  local view = views[chat.id]
  if view and vim.api.nvim_buf_is_valid(view.buffer) then
    return view
  end
  local buffer = vim.api.nvim_create_buf(true, true)
  local title = window.line(chat.title, 40):gsub("[/\\]", "-")
  vim.api.nvim_buf_set_name(buffer, ("journeyman://chat/%s/%s"):format(chat.id, title))
  view = { buffer = buffer, blocks = blocks.new(buffer), held = {}, order = {}, calls = {} }
  views[chat.id] = view
  vim.bo[buffer].buftype = "nofile"
  vim.bo[buffer].bufhidden = "hide"
  vim.bo[buffer].swapfile = false
  vim.bo[buffer].modeline = false
  vim.bo[buffer].filetype = "markdown"
  vim.bo[buffer].modifiable = false
  vim.b[buffer].journeyman_chat = chat.id
  require("journeyman.ui.keys").chat(buffer)
  return view
end

---@param at integer
local function dress(at, chat)
  local wo = vim.wo[at][0]
  wo.wrap, wo.linebreak, wo.number, wo.relativenumber, wo.signcolumn = true, true, false, false, "no"
  wo.foldmethod, wo.foldexpr = "expr", "v:lua.require'journeyman.ui.show'.fold(v:lnum)"
  wo.foldlevel, wo.foldtext, wo.fillchars = 0, "v:lua.require'journeyman.ui.show'.foldtext()", "fold: "
  wo.winbar = show.winbar(chat)
end

--- Show a chat beside what is there. The person stays where they are.
---@param chat journeyman.Followed
---@return integer window
function M.open(chat)
  local at = window.beside(view_of(chat).buffer)
  dress(at, chat)
  return at
end

---@param id string
---@return integer?
function M.buffer(id)
  return views[id] and views[id].buffer
end

signals.on("chat/event", function(told)
  apply(view_of(told.chat), told.event)
end)
signals.on("chat/snapshot", function(told)
  restore(view_of(told.chat), told.snapshot)
end)
signals.on("chat/state", function(chat)
  local view = views[chat.id]
  for _, at in ipairs(view and vim.fn.win_findbuf(view.buffer) or {}) do
    vim.wo[at][0].winbar = show.winbar(chat)
  end
end)

return M
