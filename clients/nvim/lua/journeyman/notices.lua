--- Tells the end of what was begun here, once each.
local config = require("journeyman.config")
local signals = require("journeyman.signals")

local M = {}

---@type table<string, true>
local expected = {}
---@type table<string, journeyman.Event> Ends that were faster than the answer that named the run.
local ended = {}

---@param event journeyman.Event
local function tell(event)
  vim.cmd.checktime()
  if config.get().notify then
    local data = event.data
    local level = data.status == "completed" and vim.log.levels.INFO or vim.log.levels.WARN
    local files = #(data.changes and data.changes.files or {})
    local next_step = files > 0 and (" %d changed: :Journeyman diff"):format(files) or ""
    vim.notify(("Journeyman: %s. %s%s"):format(data.status, data.summary or "", next_step), level)
  end
end

---@param run string
function M.expect(run)
  if ended[run] then
    tell(ended[run])
  else
    expected[run] = true
  end
  ended = {}
end

signals.on("run/finished", function(event)
  if expected[event.runId] then
    expected[event.runId] = nil
    tell(event)
  else
    ended[event.runId] = event
  end
end)

return M
