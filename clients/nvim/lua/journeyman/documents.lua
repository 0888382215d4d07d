--- Which buffers the daemon knows: files below folders that are projects here, as they are, saved or not.
local M = {}

---@type table<string, true>
local folders = {}
local group = vim.api.nvim_create_augroup("journeyman.documents", {})

---@param buffer integer
---@return boolean
local function ours(buffer)
  if not vim.api.nvim_buf_is_loaded(buffer) or vim.bo[buffer].buftype ~= "" then
    return false
  end
  local name = vim.api.nvim_buf_get_name(buffer)
  for folder in pairs(folders) do
    if vim.startswith(name, folder .. "/") then
      return true
    end
  end
  return false
end

---@param client vim.lsp.Client
function M.attach(client)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if ours(buffer) then
      vim.lsp.buf_attach_client(buffer, client.id)
    end
  end
end

--- Count `folder` among the projects from now on.
---@param folder string
---@param client vim.lsp.Client
function M.add(folder, client)
  if not folders[folder] then
    folders[folder] = true
    M.attach(client)
  end
end

vim.api.nvim_create_autocmd({ "BufReadPost", "BufNewFile", "BufFilePost" }, {
  group = group,
  callback = function(event)
    local client = require("journeyman.client").current()
    if client and ours(event.buf) then
      vim.lsp.buf_attach_client(event.buf, client.id)
    end
  end,
})

return M
