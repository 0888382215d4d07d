-- What has to be there before anybody asks: one command, some <Plug> maps, journeyman:// buffers.
if vim.g.loaded_journeyman then
  return
end
vim.g.loaded_journeyman = true

vim.api.nvim_create_user_command("Journeyman", function(args)
  require("journeyman.commands").run(args)
end, {
  nargs = "*",
  range = true,
  bang = true,
  desc = "Journeyman, a coding agent: see :help journeyman",
  complete = function(lead, line)
    return require("journeyman.commands").complete(lead, line)
  end,
})

for _, name in ipairs({ "run", "ask", "stop", "steer", "chat", "todo", "diff", "accept", "reject", "permit" }) do
  vim.keymap.set({ "n", "x" }, ("<Plug>(journeyman-%s)"):format(name), (":Journeyman %s<CR>"):format(name), { silent = true })
end

local group = vim.api.nvim_create_augroup("journeyman", {})
vim.api.nvim_create_autocmd("BufReadCmd", {
  group = group,
  pattern = "journeyman://*",
  callback = function(event)
    require("journeyman.files").read(event.buf, event.match)
  end,
})
vim.api.nvim_create_autocmd("BufWriteCmd", {
  group = group,
  pattern = "journeyman://*",
  callback = function(event)
    require("journeyman.files").write(event.buf, event.match)
  end,
})
