"""The main job in real Neovim: begin, watch, say more, stop."""

from __future__ import annotations

import pytest

from editors.nvim.desk import Desk, call, fin, says

pytestmark = pytest.mark.bubblewrap

PLAN = call(
    "todoWrite",
    items=[
        {"id": "a", "content": "Write it", "status": "in_progress"},
        {"id": "b", "content": "Look at it", "status": "pending"},
    ],
)
LISTEN = """
_G.happened, _G.progressed = {}, {}
vim.api.nvim_create_autocmd("User", { pattern = "Journeyman*", callback = function(event)
  happened[event.match] = event.data or true
end })
vim.api.nvim_create_autocmd("LspProgress", { callback = function(event)
  table.insert(progressed, event.data.params.value.kind)
end })
"""


def test_a_run_from_the_command_to_its_end(desk: Desk) -> None:
    nvim = desk.neovim(
        says(PLAN, text="I will **write** it."),
        says(call("write", path="new.txt", content="new\n"), call("terminal", command="seq 1 5")),
        fin("It is written."),
    )
    nvim.lua(LISTEN)
    nvim.command("edit text.txt | normal! 7G")
    nvim.command("Journeyman run Write new.txt")
    assert nvim.told("Journeyman: partial") == (
        "Journeyman: partial. It is written. 1 changed: :Journeyman diff"
    )
    text = "\n".join(nvim.chat())
    assert text.count("Write new.txt") == 1
    assert text.count("I will **write** it.") == 1
    assert "✓ terminal seq 1 5" in text
    assert "  │ 1\n  │ 2\n  │ 3\n  │ 4\n  │ 5\n" in text
    assert "**partial**: It is written." in text
    assert "new.txt (+1 -0); `:Journeyman diff`" in text
    # The person was left where they were.
    assert nvim.lua("return vim.fn.expand('%:t')") == "text.txt"
    assert nvim.nvim.current.window.cursor[0] == 7
    # What the call printed is folded away.
    folded = """
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.b[vim.api.nvim_win_get_buf(window)].journeyman_chat then
        return vim.api.nvim_win_call(window, function()
          local row = vim.fn.search("seq 1 5")
          return { vim.fn.foldclosed(row), vim.fn.foldclosed(row + 1) - row, vim.wo.winbar }
        end)
      end
    end
    """
    row, closed, winbar = nvim.lua(folded)
    assert (row, closed) == (-1, 1)
    assert winbar.endswith("0/2  partial")
    happened = nvim.lua("return happened")
    assert happened["JourneymanRunFinished"]["data"]["status"] == "partial"
    assert happened["JourneymanTodoChanged"]["data"]["items"][0]["content"] == "Write it"
    assert "JourneymanToolStarted" in happened
    nvim.until("return progressed[#progressed] == 'end'")
    assert nvim.lua("return progressed[1]") == "begin"
    assert nvim.lua("return require('journeyman').statusline()") == "jm partial"


def test_more_is_said_to_a_run_and_then_it_is_stopped(desk: Desk) -> None:
    nvim = desk.neovim(says(PLAN), says(call("terminal", command="echo begun; sleep 600")), fin())
    nvim.command("Journeyman run Sleep")
    nvim.until("return require('journeyman').statusline() == 'jm ▸ 0/2 Write it'")
    begun = "return vim.tbl_contains(vim.api.nvim_buf_get_lines(..., 0, -1, false), '  │ begun')"
    buffer = nvim.lua("return require('journeyman.ui.chat').buffer(require('journeyman.chats').get().id)")
    nvim.until(begun, buffer)
    nvim.command("Journeyman steer And be quick")
    nvim.until("return require('journeyman.chats').get().queued == 1")
    nvim.command("Journeyman stop")
    nvim.told("Journeyman: cancelled")
    assert any(line.startswith("**cancelled**") for line in nvim.chat())
    assert "And be quick" in nvim.chat()  # it stays for the next run, and begins none itself
    idle = "local chat = require('journeyman.chats').get() return chat.run == nil and chat.queued == 0"
    nvim.until(idle)
    nvim.command("Journeyman stop")
    nvim.told("Journeyman: Nothing runs in this chat.")
