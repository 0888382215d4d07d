--- Lists a person chooses from: chats, models, archives, ports.
local chats = require("journeyman.chats")
local client = require("journeyman.client")
local files = require("journeyman.files")
local method = require("journeyman.protocol_gen").method
local project = require("journeyman.project")
local task = require("journeyman.task")

local M = {}

--- Open a chat of the project. Only in a task.
function M.chats()
  local items = client.all(method.chat_list, { projectId = project.id() })
  local chat = task.select(items, {
    prompt = "Chat",
    kind = "journeyman_chat",
    format_item = function(item)
      return ("%s  (%s)"):format(item.title, item.updatedAt:sub(1, 16):gsub("T", " "))
    end,
  })
  if chat then
    require("journeyman.ui.chat").open(chats.follow(chat))
  end
end

--- The model of the chat's next runs. Only in a task.
---@param id? string
function M.model(id)
  local chat = chats.here()
  if not id then
    local models = client.request(method.model_list).items
    local model = task.select(models, {
      prompt = "Model",
      kind = "journeyman_model",
      format_item = function(item)
        return item.available and item.id or ("%s  (not now: %s)"):format(item.id, item.why or "")
      end,
    })
    id = model and model.id
  end
  if id then
    client.request(method.model_select, { chatId = chat.id, model = id })
    vim.notify(("Journeyman: %s from the next run on."):format(id))
  end
end

--- Put the workspace away. Only in a task.
function M.archive()
  local result = client.request(method.workspace_archive, { projectId = project.id(), workDoneToken = "journeyman-archive" })
  local archive = result.archive
  vim.notify(archive and ("Journeyman: archived and verified: %d files, %d bytes."):format(archive.files, archive.bytes)
    or "Journeyman: it is being archived.")
end

--- Bring an archive back. Only in a task.
function M.restore()
  local id = project.id()
  local items = client.all(method.workspace_archives, { projectId = id })
  if #items == 0 then
    return vim.notify("Journeyman: there is no archive yet.")
  end
  local archive = task.select(items, {
    prompt = "Archive",
    kind = "journeyman_archive",
    format_item = function(item)
      return ("%s  %s (%d files)"):format(item.createdAt:sub(1, 16):gsub("T", " "), item.name or "", item.files)
    end,
  })
  if archive then
    client.request(method.workspace_restore, { projectId = id, archiveId = archive.archiveId })
    files.refresh(id)
    vim.notify("Journeyman: the workspace is as it was then.")
  end
end

--- Open a port of the workspace in the browser. Only in a task.
---@param given? string
function M.preview(given)
  local id = project.id()
  local port = tonumber(given)
  if not port then
    local items = client.request(method.workspace_ports, { projectId = id }).items
    if #items == 0 then
      return vim.notify("Journeyman: nothing listens in the workspace.")
    end
    local chosen = task.select(items, {
      prompt = "Port",
      kind = "journeyman_port",
      format_item = function(item)
        return ("%d  %s"):format(item.port, item.process or "")
      end,
    })
    port = chosen and chosen.port
  end
  if port then
    local forwarded = client.request(method.workspace_forward, { projectId = id, port = port })
    vim.ui.open(forwarded.url)
    vim.notify("Journeyman: " .. forwarded.url)
  end
end

return M
