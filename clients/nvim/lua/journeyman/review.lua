--- What the agent changed, side by side in Neovim's own diff mode, decided on hunk by hunk. The right side
--- is the workspace's file and may be edited; ]c and [c are Neovim's.
local chats = require("journeyman.chats")
local client = require("journeyman.client")
local files = require("journeyman.files")
local method = require("journeyman.protocol_gen").method
local signals = require("journeyman.signals")
local task = require("journeyman.task")
local window = require("journeyman.ui.window")

local M = {}

local namespace = vim.api.nvim_create_namespace("journeyman.review")

---@class journeyman.Review
---@field chat string
---@field project string
---@field path string
---@field tab integer
---@field left integer Buffer.
---@field right integer Buffer.
---@field hunks journeyman.Hunk[] Of the path.

---@type journeyman.Review?
local review

---@return journeyman.Hunk[]
local function all(chat)
  return client.all(method.changes_list, { chatId = chat })
end

---@param hunks journeyman.Hunk[]
---@return string[]
local function paths(hunks)
  local found = {}
  for _, hunk in ipairs(hunks) do
    if found[#found] ~= hunk.path then
      table.insert(found, hunk.path)
    end
  end
  return found
end

---@param hunk journeyman.Hunk
local function about(hunk)
  local notes = {}
  if hunk.kind ~= "edit" then
    table.insert(notes, hunk.kind)
  end
  if hunk.rejecting then
    table.insert(notes, "is being taken back")
  end
  if hunk.doubtful then
    table.insert(notes, "somebody else may have had a part in it")
  end
  if hunk.guarded then
    table.insert(notes, "stays in the workspace: " .. hunk.guarded)
  end
  return table.concat(notes, ", ")
end

---@param buffer integer
local function mark(buffer, hunks)
  vim.api.nvim_buf_clear_namespace(buffer, namespace, 0, -1)
  local last = vim.api.nvim_buf_line_count(buffer) - 1
  for index, hunk in ipairs(hunks) do
    local row = math.max(0, math.min(last, (hunk.newStart or 1) - 1))
    local note = about(hunk)
    vim.api.nvim_buf_set_extmark(buffer, namespace, row, 0, {
      virt_text = { { ("  hunk %d of %d %s"):format(index, #hunks, window.line(note)), "Comment" } },
      virt_text_pos = "right_align",
      hl_mode = "combine",
    })
  end
end

local function close()
  local old = review
  review = nil
  if old and vim.api.nvim_tabpage_is_valid(old.tab) and #vim.api.nvim_list_tabpages() > 1 then
    vim.cmd.tabclose(vim.api.nvim_tabpage_get_number(old.tab))
  elseif old then
    vim.cmd("diffoff!")
  end
end

---@param uri string
---@return integer
local function loaded(uri)
  local buffer = vim.fn.bufadd(uri)
  if vim.api.nvim_buf_is_loaded(buffer) then
    if not vim.bo[buffer].modified then
      files.read(buffer, uri)
    end
  else
    vim.fn.bufload(buffer)
  end
  return buffer
end

---@param chat journeyman.Followed
---@param hunks journeyman.Hunk[] Of one path.
local function open(chat, hunks)
  local path = hunks[1].path
  local project = assert(chat.projectId)
  if not (review and vim.api.nvim_tabpage_is_valid(review.tab)) then
    vim.cmd.tabnew()
    vim.bo.bufhidden = "wipe"
    review = { tab = vim.api.nvim_get_current_tabpage() }
  else
    vim.api.nvim_set_current_tabpage(review.tab)
  end
  vim.cmd("silent! only")
  vim.cmd("diffoff!")
  local left, right = loaded(files.uri(project, path, chat.id)), loaded(files.uri(project, path))
  vim.api.nvim_win_set_buf(0, left)
  local base = vim.api.nvim_get_current_win()
  local there = vim.api.nvim_open_win(right, true, { split = "right", win = base })
  for _, at in ipairs({ base, there }) do
    vim.api.nvim_win_call(at, vim.cmd.diffthis)
  end
  vim.wo[base][0].winbar = "before  " .. path:gsub("%%", "%%%%")
  vim.wo[there][0].winbar = "the agent's  " .. path:gsub("%%", "%%%%")
  review.chat, review.project, review.path, review.hunks = chat.id, project, path, hunks
  review.left, review.right = left, right
  for _, buffer in ipairs({ left, right }) do
    require("journeyman.ui.keys").review(buffer)
  end
  mark(right, hunks)
  vim.api.nvim_win_set_cursor(there, { 1, 0 })
  if hunks[1].kind == "edit" then
    local row = math.min(hunks[1].newStart, vim.api.nvim_buf_line_count(right))
    vim.api.nvim_win_set_cursor(there, { math.max(1, row), 0 })
  end
  signals.emit("review/open", { chatId = chat.id, path = path, hunks = hunks })
end

local function of_path(hunks, path)
  return vim.tbl_filter(function(hunk)
    return hunk.path == path
  end, hunks)
end

local function nothing()
  close()
  vim.notify("Journeyman: no change waits for a decision.")
end

--- Review a file: the one that is named, the only one, or one that is chosen. Only in a task.
---@param path? string
function M.open(path)
  local chat = chats.here()
  local hunks = all(chat.id)
  local names = paths(hunks)
  if #names == 0 then
    return nothing()
  end
  if not path then
    path = #names == 1 and names[1]
      or task.select(names, {
        prompt = "Changed files",
        kind = "journeyman_change",
        format_item = function(name)
          return ("%s  (%d)"):format(name, #of_path(hunks, name))
        end,
      })
  end
  if path then
    local found = of_path(hunks, path)
    if #found == 0 then
      error({ message = ("Nothing of %s waits for a decision."):format(path), hint = ":Journeyman changes lists what does." }, 0)
    end
    open(chat, found)
  end
end

--- The next file that has something to decide. Only in a task.
function M.next()
  local old = review
  if not old then
    return M.open()
  end
  local hunks = all(old.chat)
  local names = paths(hunks)
  local chat = chats.get(old.chat)
  for index, name in ipairs(names) do
    if name == old.path then
      return open(chat, of_path(hunks, names[index % #names + 1]))
    end
  end
  if #names == 0 or not chat then
    return nothing()
  end
  open(chat, of_path(hunks, names[1]))
end

M.close = close

--- All hunks as a location list of the window at hand. Only in a task.
function M.list()
  local chat = chats.here()
  local hunks = all(chat.id)
  if #hunks == 0 then
    return nothing()
  end
  local items = vim.tbl_map(function(hunk)
    return {
      filename = files.uri(chat.projectId, hunk.path),
      module = hunk.path,
      lnum = math.max(1, hunk.newStart or 1),
      text = hunk.kind == "edit" and ("+%d -%d %s"):format(hunk.newLines, hunk.oldLines, about(hunk)) or about(hunk),
    }
  end, hunks)
  vim.fn.setloclist(0, {}, " ", { title = "Journeyman: changes", items = items })
  vim.cmd.lopen()
end

--- The hunk under the cursor, on either side.
---@return journeyman.Hunk?
local function here()
  local state = assert(review)
  local old = vim.api.nvim_get_current_buf() == state.left
  local row = vim.api.nvim_win_get_cursor(0)[1]
  local nearest
  for _, hunk in ipairs(state.hunks) do
    if hunk.kind ~= "edit" then
      return hunk
    end
    local first, count = hunk[old and "oldStart" or "newStart"], hunk[old and "oldLines" or "newLines"]
    if row >= first and row < first + math.max(count, 1) then
      return hunk
    elseif count == 0 and row == first + 1 then
      nearest = hunk
    end
  end
  return nearest
end

--- Look at what is left after something was decided or changed.
local function again()
  local state = review
  if not state or not vim.api.nvim_tabpage_is_valid(state.tab) then
    return
  end
  local hunks = of_path(all(state.chat), state.path)
  if review ~= state then
    return
  end
  state.hunks = hunks
  files.refresh(state.project)
  mark(state.right, hunks)
  vim.cmd.diffupdate()
  signals.emit("review/changed", { chatId = state.chat, path = state.path, hunks = hunks })
end

--- Accept or reject: the hunk under the cursor, or all of the file. Only in a task.
---@param act "accept"|"reject"
---@param everything boolean
---@param feedback? string
function M.decide(act, everything, feedback)
  local state = review
  local buffer = vim.api.nvim_get_current_buf()
  if not state or (buffer ~= state.left and buffer ~= state.right) then
    error({ message = "There is no review here.", hint = ":Journeyman diff opens one." }, 0)
  elseif vim.bo[state.right].modified then
    error({ message = "What you edited is not written yet.", hint = "Write it with :w, then decide." }, 0)
  end
  local hunk = here()
  local chosen = everything and state.hunks or { hunk }
  if #chosen == 0 then
    error({ message = "There is no hunk under the cursor.", hint = "]c goes to the next one." }, 0)
  end
  local ids = vim.tbl_map(function(each)
    return each.hunkId
  end, chosen)
  local name = act == "accept" and method.changes_accept or method.changes_reject
  local answer = client.request(name, { chatId = state.chat, hunkIds = ids, feedback = feedback })
  for _, item in ipairs(answer.items) do
    if item.outcome == "conflict" or item.outcome == "unknown" or item.earlier then
      local why = item.message or (item.earlier and "somebody decided it before" or "list the changes again")
      vim.notify(("Journeyman: %s %s: %s"):format(item.path or item.hunkId, item.outcome, why), vim.log.levels.WARN)
    end
  end
  again()
  if review == state and #state.hunks == 0 then
    M.next()
  end
end

local busy = false
signals.on(method.changes_didChange, function(params)
  if review and review.chat == params.chatId and not busy then
    busy = true
    task.start(function()
      local ok, failure = pcall(again)
      busy = false
      if not ok then
        error(failure, 0)
      end
    end)
  end
end)

return M
