--- Which project is meant: the one of the buffer, the one that was chosen, or the one of the folder.
local client = require("journeyman.client")
local config = require("journeyman.config")
local documents = require("journeyman.documents")
local method = require("journeyman.protocol_gen").method
local task = require("journeyman.task")

local M = {}

---@type journeyman.Project?
local chosen
---@type table<string, journeyman.Project>
local opened = {}

--- The folder that becomes a project: of the file at hand, else of where Neovim is.
---@return string
function M.root()
  local markers = config.get().root_markers
  local name = vim.api.nvim_buf_get_name(0)
  local file = vim.bo.buftype == "" and name ~= "" and not name:match("^%w+://")
  local from = file and name or vim.fn.getcwd()
  local found = vim.fs.root(from, markers)
  if not found and file and not vim.startswith(name, vim.fn.getcwd() .. "/") then
    found = vim.fs.dirname(name)
  end
  return vim.fs.normalize(found or vim.fn.getcwd())
end

--- The project of the folder, with what is open here brought into its workspace. Only in a task.
---@return journeyman.Project
function M.open()
  if chosen then
    return chosen
  end
  local root = M.root()
  documents.add(root, client.connected())
  local project = client.request(method.project_open, { folder = root })
  for _, notice in ipairs(not opened[root] and project.notices or {}) do
    if notice.level == "warning" then
      vim.notify(("Journeyman: %s %s"):format(notice.message, notice.hint or ""), vim.log.levels.WARN)
    end
  end
  opened[root] = project
  return project
end

--- The project that is worked with, without bringing anything into it. Only in a task.
---@return string
function M.id()
  local here = vim.api.nvim_buf_get_name(0):match("^journeyman://(%x+%-[%x%-]+)/")
  if here then
    return here
  end
  local known = chosen or opened[M.root()]
  return known and known.id or M.open().id
end

--- Let the person say which project is meant. Only in a task.
---@return journeyman.Project?
function M.choose()
  local items = client.all(method.project_list)
  local folder = { name = "the project of this folder" }
  table.insert(items, 1, folder)
  local project = task.select(items, {
    prompt = "Project",
    kind = "journeyman_project",
    format_item = function(item)
      return item.id and ("%s  (%s, %s)"):format(item.name, item.source, item.updatedAt:sub(1, 10)) or item.name
    end,
  })
  if not project then
    return nil
  end
  chosen = project.id and project or nil
  return chosen or M.open()
end

return M
