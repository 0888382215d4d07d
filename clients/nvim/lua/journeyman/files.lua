--- `journeyman://PROJECT/path`: files of a workspace as buffers. Read by BufReadCmd, written by BufWriteCmd,
--- never over what somebody else wrote meanwhile. With `?before=CHAT` the text a chat's changes count from.
local client = require("journeyman.client")
local method = require("journeyman.protocol_gen").method
local protocol = require("journeyman.protocol_gen")
local task = require("journeyman.task")

local M = {}

local DEADLINE_MS = 60000
local RANGE_BYTES = 2 * 1024 * 1024
local BYTES_MAX = 32 * 1024 * 1024

---@class journeyman.Place
---@field project string
---@field path string
---@field before? string

---@param uri string
---@return journeyman.Place?
function M.place(uri)
  local project, rest = uri:match("^journeyman://(%x+%-[%x%-]+)/(.*)$")
  if not project then
    return nil
  end
  local path, before = rest:match("^(.-)%?before=([%w%-]+)$")
  return { project = project, path = vim.uri_decode(path or rest), before = before }
end

---@param project string
---@param path string
---@param before? string
---@return string
function M.uri(project, path, before)
  local escaped = path:gsub("[%%?#%s%[%]*{}'`$\\|\"<>]", function(char)
    return ("%%%02X"):format(char:byte())
  end)
  return ("journeyman://%s/%s%s"):format(project, escaped, before and ("?before=" .. before) or "")
end

---@param place journeyman.Place
---@return string content, string etag
local function now(place)
  local pieces, offset, etag = {}, 0, nil
  repeat
    ---@type journeyman.ReadFileResult
    local part = client.request(method.workspace_readFile, {
      projectId = place.project,
      path = place.path,
      offset = offset,
      limit = RANGE_BYTES,
      encoding = "base64",
      etag = etag,
    })
    if part.size > BYTES_MAX then
      error({ message = place.path .. " is larger than 32 MiB.", hint = "Look at it in :Journeyman terminal." }, 0)
    end
    etag = part.etag
    offset = offset + part.bytes
    table.insert(pieces, vim.base64.decode(part.content))
  until offset >= part.size or part.bytes == 0
  return table.concat(pieces), etag
end

---@param uri string
---@return string
local function before(uri)
  local name = vim.lsp.protocol.Methods.workspace_textDocumentContent
  return client.request(name, { uri = uri }).text
end

---@param buffer integer
---@param content string
local function fill(buffer, content)
  local lines = vim.split(content, "\n", { plain = true })
  local ended = lines[#lines] == ""
  if ended then
    table.remove(lines)
  end
  local bo = vim.bo[buffer]
  local levels = bo.undolevels
  bo.modifiable, bo.readonly, bo.undolevels = true, false, -1
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, #lines > 0 and lines or { "" })
  bo.undolevels, bo.fixendofline, bo.endofline, bo.modified = levels, false, ended or content == "", false
end

---@param project string
---@param path string
---@return string
local function listing(project, path)
  local entries = client.all(method.workspace_readDirectory, {
    projectId = project,
    path = path ~= "" and path or nil,
  })
  local lines = vim.tbl_map(function(entry)
    return entry.name:gsub("\n", "?") .. (entry.stat.kind == "directory" and "/" or "")
  end, entries)
  return table.concat(lines, "\n") .. (#lines > 0 and "\n" or "")
end

---@param buffer integer
---@param project string
---@param path string
local function browsed(buffer, project, path)
  vim.keymap.set("n", "<CR>", function()
    local name = vim.api.nvim_get_current_line()
    local base = path == "" and "" or path:gsub("/*$", "/")
    if name ~= "" then
      vim.cmd.edit(vim.fn.fnameescape(M.uri(project, base .. name)))
    end
  end, { buffer = buffer, desc = "Open what is under the cursor" })
end

--- Tells later whether nobody typed into the buffer since.
---@param buffer integer
---@return fun(): boolean
local function watched(buffer)
  local modified, tick = vim.bo[buffer].modified, vim.api.nvim_buf_get_changedtick(buffer)
  return function()
    if not vim.api.nvim_buf_is_valid(buffer) then
      return false
    end
    local same = modified and vim.api.nvim_buf_get_changedtick(buffer) == tick
    return same or not vim.bo[buffer].modified
  end
end

--- BufReadCmd. What is typed while the answer is on its way stays; `:w` then says what else was written.
---@param buffer integer
---@param uri string
function M.read(buffer, uri)
  local place = M.place(uri)
  if not place then
    return
  end
  local bo = vim.bo[buffer]
  bo.buftype, bo.swapfile, bo.modeline = "acwrite", false, false
  local folder = not place.before and (place.path == "" or place.path:sub(-1) == "/")
  local path = folder and place.path:gsub("/+$", "") or place.path
  local untouched, etag = watched(buffer), nil
  local ok, found = pcall(task.wait, function()
    if place.before then
      return before(uri)
    elseif folder then
      return listing(place.project, path)
    end
    local content
    content, etag = now(place)
    return content
  end, DEADLINE_MS)
  local missing = not ok and found.code == protocol.error_codes.NOT_FOUND
  if not ok and not missing then
    return task.report(found)
  elseif not untouched() then
    return
  end
  fill(buffer, missing and "" or found)
  bo.modifiable, bo.readonly = not place.before and not (folder and ok), place.before ~= nil and ok
  if folder and ok then
    browsed(buffer, place.project, path)
  end
  vim.b[buffer].journeyman_etag = etag
  vim.b[buffer].journeyman_new = missing and not place.before or nil
  vim.b[buffer].journeyman_project = place.project
  bo.filetype = vim.filetype.match({ buf = buffer, filename = place.path }) or ""
end

--- BufWriteCmd. `:w!` writes over what somebody else wrote.
---@param buffer integer
---@param uri string
function M.write(buffer, uri)
  local place = M.place(uri)
  if not place then
    local act = vim.b[buffer].journeyman_write
    return act and require(act).write(buffer)
  elseif place.before then
    return task.report({ message = "This is the text from before the changes.", hint = "Edit the other side." })
  end
  local content = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
  content = content .. (vim.bo[buffer].endofline and "\n" or "")
  local force, tick = vim.v.cmdbang == 1, vim.api.nvim_buf_get_changedtick(buffer)
  local ok, answer = pcall(task.wait, function()
    return client.request(method.workspace_writeFile, {
      projectId = place.project,
      path = place.path,
      content = vim.base64.encode(content),
      encoding = "base64",
      etag = not force and vim.b[buffer].journeyman_etag or nil,
      overwrite = force or not vim.b[buffer].journeyman_new or nil,
    })
  end, DEADLINE_MS)
  if not ok then
    if answer.code == protocol.error_codes.CONTENT_MODIFIED or answer.code == protocol.error_codes.CONFLICT then
      answer.hint = ":e! shows what is there now, :w! writes over it."
    end
    return task.report(answer)
  end
  vim.b[buffer].journeyman_etag = answer.stat.etag
  vim.b[buffer].journeyman_new = nil
  vim.bo[buffer].modified = vim.api.nvim_buf_get_changedtick(buffer) ~= tick
  vim.api.nvim_exec_autocmds("User", { pattern = "JourneymanWritten", modeline = false, data = place })
end

--- Read a workspace's buffers anew where nothing in them is unsaved.
---@param project? string
function M.refresh(project)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local place = vim.api.nvim_buf_is_loaded(buffer) and M.place(vim.api.nvim_buf_get_name(buffer))
    if place and (not project or place.project == project) and not vim.bo[buffer].modified then
      M.read(buffer, vim.api.nvim_buf_get_name(buffer))
    end
  end
end

return M
