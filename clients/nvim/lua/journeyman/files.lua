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

---@param buffer integer
---@param project string
---@param path string
local function directory(buffer, project, path)
  local entries = client.all(method.workspace_readDirectory, {
    projectId = project,
    path = path ~= "" and path or nil,
  })
  local lines = vim.tbl_map(function(entry)
    return entry.name:gsub("\n", "?") .. (entry.stat.kind == "directory" and "/" or "")
  end, entries)
  fill(buffer, table.concat(lines, "\n") .. (#lines > 0 and "\n" or ""))
  vim.bo[buffer].modifiable = false
  vim.keymap.set("n", "<CR>", function()
    local name = vim.api.nvim_get_current_line()
    local base = path == "" and "" or path:gsub("/*$", "/")
    if name ~= "" then
      vim.cmd.edit(vim.fn.fnameescape(M.uri(project, base .. name)))
    end
  end, { buffer = buffer, desc = "Open what is under the cursor" })
end

--- BufReadCmd.
---@param buffer integer
---@param uri string
function M.read(buffer, uri)
  local place = M.place(uri)
  if not place then
    return
  end
  local bo = vim.bo[buffer]
  bo.buftype, bo.swapfile, bo.modeline = "acwrite", false, false
  local ok, failure = pcall(task.wait, function()
    if place.before then
      fill(buffer, before(uri))
      bo.modifiable, bo.readonly = false, true
    elseif place.path == "" or place.path:sub(-1) == "/" then
      directory(buffer, place.project, (place.path:gsub("/+$", "")))
    else
      local content, etag = now(place)
      fill(buffer, content)
      vim.b[buffer].journeyman_etag = etag
    end
  end, DEADLINE_MS)
  if not ok and failure.code == protocol.error_codes.NOT_FOUND then
    fill(buffer, "")
    vim.b[buffer].journeyman_etag = nil
    vim.b[buffer].journeyman_new = not place.before
    bo.modifiable = not place.before
  elseif not ok then
    return task.report(failure)
  end
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
  local force = vim.v.cmdbang == 1
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
  vim.bo[buffer].modified = false
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
