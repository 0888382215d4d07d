-- Only a configuration: `vim.lsp.enable("journeyman")` or the first `:Journeyman` command starts it.
return require("journeyman.client").config()
