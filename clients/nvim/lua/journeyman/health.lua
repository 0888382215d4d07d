--- `:checkhealth journeyman`: what is there, what is not, and what to do.
local M = {}

local PATIENCE_MS = 60000

local function editor()
  vim.health.start("Neovim")
  if vim.fn.has("nvim-0.11") == 1 then
    vim.health.ok(tostring(vim.version()))
  else
    vim.health.error("Neovim 0.11 or newer is needed.", "Install it from neovim.io.")
  end
  if vim.o.autoread then
    vim.health.ok("'autoread' is on: files that were changed outside are read again")
  else
    vim.health.warn("'autoread' is off.", "Set it, so that buffers show what was brought into your folder.")
  end
  local problems = require("journeyman.config").problems()
  for _, problem in ipairs(problems) do
    vim.health.warn(problem, "See :help journeyman-options.")
  end
  if #problems == 0 then
    vim.health.ok("vim.g.journeyman is right")
  end
end

---@return boolean
local function program()
  vim.health.start("The program")
  local options = require("journeyman.config").get()
  local name = options.cmd[1]
  if vim.fn.executable(name) == 0 then
    vim.health.error(("There is no program %s."):format(name), "Install Journeyman, or set vim.g.journeyman.cmd.")
    return false
  end
  vim.health.ok(vim.fn.exepath(name))
  return true
end

local function daemon()
  vim.health.start("The daemon")
  local task = require("journeyman.task")
  local client = require("journeyman.client")
  local method = require("journeyman.protocol_gen").method
  local ok, found = pcall(task.wait, function()
    return { status = client.request(method.daemon_status), models = client.request(method.model_list) }
  end, PATIENCE_MS)
  if not ok then
    return vim.health.error(found.message, found.hint)
  end
  local status, models = found.status, found.models
  vim.health.ok(("version %s, process %d, data in %s"):format(status.version, status.pid, status.dataDir))
  if status.sandbox then
    vim.health.ok("workspaces: " .. status.sandbox.name)
    for _, gap in ipairs(status.sandbox.gaps) do
      vim.health.info(gap)
    end
  else
    vim.health.error(status.sandboxProblem or "No sandbox can be had.", "Run `journeyman doctor`.")
  end
  for _, shortage in ipairs(status.shortages) do
    vim.health.warn(shortage)
  end
  local usable = vim.tbl_filter(function(model)
    return model.available
  end, models.items)
  if #usable == 0 and not models.default then
    vim.health.warn("No model can be used.", "Set a key such as OPENROUTER_API_KEY, or see `journeyman models`.")
  else
    vim.health.ok(("%d models can be used; the default is %s"):format(#usable, models.default or "not set"))
  end
end

function M.check()
  editor()
  if program() then
    daemon()
  end
end

return M
