--- A shell in the workspace as a terminal buffer: bytes out by nvim_open_term, keys in by `workspace/execWrite`.
local client = require("journeyman.client")
local method = require("journeyman.protocol_gen").method
local project = require("journeyman.project")
local signals = require("journeyman.signals")
local task = require("journeyman.task")

local M = {}

local WINDOW_BYTES = 1024 * 1024

---@class journeyman.Terminal
---@field channel integer
---@field buffer integer
---@field size { [1]: integer, [2]: integer }

---@type table<string, journeyman.Terminal> By execId.
local open = {}
---@type journeyman.ExecOutput[] What came before the answer that named the command.
local early = {}

local function size_of(at)
  return { vim.api.nvim_win_get_width(at), vim.api.nvim_win_get_height(at) }
end

---@param exec string
---@param content string
local function typed(exec, content)
  task.start(function()
    if open[exec] then
      client.request(method.workspace_execWrite, {
        execId = exec,
        content = vim.base64.encode(content),
        encoding = "base64",
      })
    end
  end)
end

---@param params journeyman.ExecOutput
local function output(params)
  local terminal = open[params.execId]
  if not terminal then
    return table.insert(early, params)
  end
  local content = params.encoding == "base64" and vim.base64.decode(params.content) or params.content
  if vim.api.nvim_buf_is_valid(terminal.buffer) then
    vim.api.nvim_chan_send(terminal.channel, content)
  end
  task.start(function()
    client.request(method.workspace_execAck, { execId = params.execId, bytes = #content })
  end)
end

---@param exec string
---@param why string
local function ended(exec, why)
  local terminal = open[exec]
  open[exec] = nil
  if terminal and vim.api.nvim_buf_is_valid(terminal.buffer) then
    vim.api.nvim_chan_send(terminal.channel, ("\r\n[%s]\r\n"):format(why))
  end
end

--- A shell, or a command, in a terminal of its own. Only in a task.
---@param command? string
---@return integer buffer
function M.open(command)
  local id = project.id()
  local buffer = vim.api.nvim_create_buf(true, true)
  local at = vim.api.nvim_open_win(buffer, true, { split = "below", win = 0 })
  local size = size_of(at)
  local ok, answer = pcall(client.request, method.workspace_exec, {
    projectId = id,
    command = command,
    pty = true,
    cols = size[1],
    rows = size[2],
    encoding = "base64",
    ackWindow = WINDOW_BYTES,
  })
  if not ok then
    vim.api.nvim_buf_delete(buffer, { force = true })
    error(answer, 0)
  end
  local exec = answer.execId
  local channel = vim.api.nvim_open_term(buffer, {
    on_input = function(_, _, _, content)
      typed(exec, content)
    end,
    force_crlf = false,
  })
  vim.api.nvim_buf_set_name(buffer, ("journeyman://terminal/%s"):format(exec))
  vim.b[buffer].journeyman_exec = exec
  open[exec] = { channel = channel, buffer = buffer, size = size }
  vim.api.nvim_create_autocmd({ "BufWipeout", "BufDelete" }, {
    buffer = buffer,
    once = true,
    callback = function()
      if open[exec] then
        open[exec] = nil
        task.start(function()
          client.request(method.workspace_execKill, { execId = exec })
        end)
      end
    end,
  })
  local came = early
  early = {}
  for _, params in ipairs(came) do
    if params.execId == exec then
      output(params)
    end
  end
  vim.cmd.startinsert()
  return buffer
end

signals.on(method.workspace_execOutput, output)
signals.on(method.workspace_execExited, function(params)
  ended(params.execId, params.message or ("ended with %s"):format(params.signal or params.code or params.reason))
end)
signals.on("disconnected", function()
  for exec in pairs(open) do
    ended(exec, "the connection broke; the command was ended")
  end
end)
vim.api.nvim_create_autocmd({ "WinResized", "VimResized" }, {
  group = vim.api.nvim_create_augroup("journeyman.terminal", {}),
  callback = function()
    for exec, terminal in pairs(open) do
      local at = vim.fn.bufwinid(terminal.buffer)
      local size = at > 0 and size_of(at) or terminal.size
      if not vim.deep_equal(size, terminal.size) then
        terminal.size = size
        task.start(function()
          client.request(method.workspace_execResize, { execId = exec, cols = size[1], rows = size[2] })
        end)
      end
    end
  end,
})

return M
