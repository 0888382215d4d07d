--- Keys of our own buffers, and of no other. `vim.g.journeyman.keys = false` leaves them out.
local config = require("journeyman.config")

local M = {}

---@param buffer integer
---@param keys table<string, { [1]: string|fun(), [2]: string }>
local function map(buffer, keys)
  if config.get().keys then
    for key, what in pairs(keys) do
      vim.keymap.set("n", key, what[1], { buffer = buffer, desc = what[2], nowait = true, silent = true })
    end
  end
end

---@param buffer integer
function M.chat(buffer)
  map(buffer, {
    ["<CR>"] = { "<Cmd>Journeyman say<CR>", "Say something: to the run that goes on, else a new one" },
    ["<C-c>"] = { "<Cmd>Journeyman stop<CR>", "Stop the run" },
    ["t"] = { "<Cmd>Journeyman todo<CR>", "The todo list" },
    ["d"] = { "<Cmd>Journeyman diff<CR>", "Review the changes" },
    ["p"] = { "<Cmd>Journeyman permit<CR>", "Answer what it asks" },
    ["q"] = { "<Cmd>hide<CR>", "Hide the chat" },
    ["<Tab>"] = { "za", "Open or close a fold" },
    ["g?"] = { "<Cmd>help journeyman-chat<CR>", "Help" },
  })
end

---@param buffer integer
function M.todo(buffer)
  map(buffer, {
    ["<CR>"] = {
      function()
        require("journeyman.todo").toggle()
      end,
      "Done, or not",
    },
    ["q"] = { "<Cmd>close<CR>", "Close" },
    ["g?"] = { "<Cmd>help journeyman-todo<CR>", "Help" },
  })
end

---@param buffer integer
function M.review(buffer)
  map(buffer, {
    ["<LocalLeader>a"] = { "<Cmd>Journeyman accept<CR>", "Accept the hunk under the cursor" },
    ["<LocalLeader>r"] = { "<Cmd>Journeyman reject<CR>", "Reject the hunk under the cursor" },
    ["<LocalLeader>A"] = { "<Cmd>Journeyman accept!<CR>", "Accept all of the file" },
    ["<LocalLeader>R"] = { "<Cmd>Journeyman reject!<CR>", "Reject all of the file" },
    ["<LocalLeader>n"] = { "<Cmd>Journeyman diff next<CR>", "The next file" },
    ["<LocalLeader>q"] = { "<Cmd>Journeyman diff close<CR>", "Close the review" },
  })
end

return M
