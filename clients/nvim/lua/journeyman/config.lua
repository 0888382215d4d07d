--- What `vim.g.journeyman` may hold, and what holds without it. Read anew each time: there is no setup().
local M = {}

---@class journeyman.Options
---@field cmd string[] How the daemon is reached; it is started where none answers.
---@field env table<string, string> Added to that command's environment.
---@field root_markers string[] What tells the folder that becomes a project.
---@field model? string The model of new runs; absent: the daemon's default.
---@field mode "plan+execute"|"execute"|"plan"
---@field chat { split: "right"|"below"|"tab", size: integer }
---@field idle_ms integer How long no key must have been pressed before a question opens.
---@field flush_ms integer Streamed text is shown at most this often.
---@field keys boolean Whether Journeyman's own buffers have keys.
---@field notify boolean Whether ends of runs and questions are told with vim.notify.

---@type journeyman.Options
M.defaults = {
  cmd = { "journeyman", "stdio" },
  env = {},
  root_markers = { ".git" },
  mode = "plan+execute",
  chat = { split = "right", size = 80 },
  idle_ms = 1000,
  flush_ms = 30,
  keys = true,
  notify = true,
}

local OPTIONAL = { model = "string" }

---@return journeyman.Options
function M.get()
  local given = vim.g.journeyman
  return vim.tbl_deep_extend("force", M.defaults, type(given) == "table" and given or {})
end

--- What is wrong with the options, as sentences for :checkhealth.
---@return string[]
function M.problems()
  local given = vim.g.journeyman
  if given == nil then
    return {}
  elseif type(given) ~= "table" then
    return { "vim.g.journeyman is no table." }
  end
  local problems = {}
  for name, value in pairs(given) do
    local wanted = OPTIONAL[name] or (M.defaults[name] ~= nil and type(M.defaults[name]))
    if not wanted then
      table.insert(problems, ("vim.g.journeyman.%s means nothing."):format(name))
    elseif type(value) ~= wanted then
      table.insert(problems, ("vim.g.journeyman.%s is a %s, not a %s."):format(name, type(value), wanted))
    end
  end
  table.sort(problems)
  return problems
end

return M
