--- The one connection of this Neovim to the daemon: made when it is needed, made again when it breaks.
--- Knows no chat; who has to begin again after a break listens to `connected`.
local config = require("journeyman.config")
local protocol = require("journeyman.protocol_gen")
local signals = require("journeyman.signals")
local task = require("journeyman.task")

local M = {}

local NAME = "journeyman"
local AGAIN_MS = { 50, 100, 300, 1000, 3000, 10000 }
local GONE = { message = "The connection to the daemon broke.", hint = "It is made again; then try once more." }
local CANNOT = { message = "The daemon cannot be reached.", hint = "See :checkhealth journeyman and :Journeyman log." }

---@type vim.lsp.Client?
local current
---@type integer?
local starting
---@type (fun(client?: vim.lsp.Client, failure?: journeyman.Failure))[]
local waiting = {}
---@type table<integer, table<integer, fun(err: any, result: any)>> By client, by request.
local unanswered = {}
local failed = 0
local stopped = false

local function settle(client, failure)
  local told = waiting
  waiting = {}
  for _, act in ipairs(told) do
    act(client, failure)
  end
end

local function begin()
  if current or starting then
    return
  end
  local wanted = vim.deepcopy(vim.lsp.config[NAME])
  if type(wanted.cmd) == "table" and vim.fn.executable(wanted.cmd[1]) == 0 then
    local hint = "Install Journeyman, or set vim.g.journeyman.cmd; see :checkhealth journeyman."
    return settle(nil, { message = ("There is no program %s."):format(wanted.cmd[1]), hint = hint })
  end
  wanted.root_dir = wanted.root_dir or require("journeyman.project").root()
  local id = vim.lsp.start(wanted, { attach = false, silent = true, reuse_client = function() return false end })
  if id == nil then
    return settle(nil, CANNOT)
  end
  starting = not current and id or nil
end

local function again()
  if stopped or current or starting or vim.v.exiting ~= vim.NIL then
    return
  end
  if failed > #AGAIN_MS then
    return settle(nil, CANNOT)
  end
  vim.defer_fn(begin, AGAIN_MS[math.max(failed, 1)])
end

---@param client vim.lsp.Client
local function initialized(client)
  if current then
    return
  end
  current, starting, failed, stopped = client, nil, 0, false
  require("journeyman.documents").attach(client)
  settle(client)
  signals.emit("connected", { client_id = client.id })
end

---@param id integer
local function exited(id)
  for _, answer in pairs(unanswered[id] or {}) do
    answer(GONE)
  end
  unanswered[id] = nil
  if current and current.id == id then
    current, failed = nil, 0
    signals.emit("disconnected", { client_id = id })
    again()
  elseif starting == id then
    starting, failed = nil, failed + 1
    again()
  end
end

local function handlers()
  local found = {}
  for name, row in pairs(protocol.methods) do
    if row.direction == "notificationOut" and not vim.startswith(name, "$/") then
      found[name] = function(_, params)
        signals.emit(name, params)
        return vim.NIL
      end
    end
  end
  -- Seen is not answered: people take their time, and `permission/reply` outlives this connection.
  found[protocol.method.permission_request] = function(_, params)
    signals.emit(protocol.method.permission_request, params)
    return vim.empty_dict()
  end
  return found
end

--- What `lsp/journeyman.lua` is.
---@return vim.lsp.Config
function M.config()
  local options = config.get()
  return {
    cmd = options.cmd,
    cmd_env = options.env,
    root_markers = options.root_markers,
    capabilities = {
      experimental = {
        ---@type journeyman.ClientJourneyman
        journeyman = {
          protocolVersion = protocol.protocol_version,
          events = true,
          requests = { protocol.method.permission_request },
        },
      },
    },
    flags = { debounce_text_changes = 0 },
    handlers = handlers(),
    on_init = initialized,
    on_exit = function(_, _, id)
      vim.schedule(function()
        exited(id)
      end)
    end,
  }
end

---@return vim.lsp.Client?
function M.current()
  return current
end

--- The connection, once it is there. Only in a task.
---@return vim.lsp.Client
function M.connected()
  stopped = false
  local client, failure = current, nil
  if not client then
    client, failure = task.await(function(done)
      table.insert(waiting, done)
      if not starting then
        failed = 0
        begin()
      end
    end)
  end
  return client or error(failure, 0)
end

--- The answer to a request. Only in a task; raises a `journeyman.Failure`.
---@param method string
---@param params? table
---@return any
function M.request(method, params)
  assert(method, "this method is not in the contract")
  local client = M.connected()
  local sent = params and next(params) ~= nil and params or vim.empty_dict()
  local failure, result = task.await(function(done)
    local id
    unanswered[client.id] = unanswered[client.id] or {}
    local ok, request_id = client:request(method, sent, function(err, answer)
      if id then
        unanswered[client.id][id] = nil
      end
      done(err, answer)
    end)
    if not ok then
      return done(GONE)
    end
    id = request_id --[[@as integer]]
    unanswered[client.id][id] = done
  end)
  if failure then
    local data = type(failure.data) == "table" and failure.data or {}
    local hint = failure.hint or data.hint
    error({ message = failure.message, hint = hint, code = failure.code, data = data }, 0)
  end
  return result
end

--- All pages of a list.
---@param method string
---@param params? table
---@return table[]
function M.all(method, params)
  local items, cursor = {}, nil
  repeat
    local page = M.request(method, vim.tbl_extend("force", params or {}, { cursor = cursor }))
    vim.list_extend(items, page.items)
    cursor = page.nextCursor
  until not cursor
  return items
end

--- End the connection and stay away until something is asked for. The daemon goes on.
function M.stop()
  stopped = true
  if current then
    current:stop()
  end
end

return M
