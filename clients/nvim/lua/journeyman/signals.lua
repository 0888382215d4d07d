--- Tells who listens: functions of our own by name, and everybody else by `User` autocommands.
--- `run/finished` is `User JourneymanRunFinished`, with the event as `data`.
local M = {}

---@type table<string, fun(data: any)[]>
local listeners = {}

---@param name string
---@param act fun(data: any)
function M.on(name, act)
  listeners[name] = listeners[name] or {}
  table.insert(listeners[name], act)
end

--- `agent/queue/didChange` becomes `JourneymanAgentQueueDidChange`.
---@param name string
---@return string
function M.pattern(name)
  local words = vim.tbl_map(function(word)
    return word:sub(1, 1):upper() .. word:sub(2)
  end, vim.split(name, "/"))
  return "Journeyman" .. table.concat(words)
end

---@param name string
---@param data any
function M.emit(name, data)
  for _, act in ipairs(listeners[name] or {}) do
    act(data)
  end
  vim.api.nvim_exec_autocmds("User", { pattern = M.pattern(name), modeline = false, data = data })
end

return M
