"""The daemon is killed under Neovim: it is started again, and nothing is missed and nothing is told twice."""

from __future__ import annotations

import os
import signal

import pytest

from e2e.daemons import alive, wait_until
from editors.nvim.desk import Desk, call, fin, says

pytestmark = pytest.mark.bubblewrap

LISTEN = """
_G.seqs, _G.ups = {}, 0
vim.api.nvim_create_autocmd("User", { pattern = "JourneymanChatEvent", callback = function(told)
  if told.data.event.durable then
    table.insert(seqs, told.data.event.seq)
  end
end })
vim.api.nvim_create_autocmd("User", { pattern = "JourneymanConnected", callback = function()
  ups = ups + 1
end })
"""


def test_killed_while_it_works(desk: Desk) -> None:
    nvim = desk.neovim(says(call("terminal", command="echo begun; sleep 600"), text="I will sleep."), fin())
    nvim.lua(LISTEN)
    nvim.command("Journeyman run Sleep")
    buffer = nvim.until(
        "local c = require('journeyman.chats').get(); return c and require('journeyman.ui.chat').buffer(c.id)"
    )
    nvim.until("return vim.tbl_contains(vim.api.nvim_buf_get_lines(..., 0, -1, false), '  │ begun')", buffer)
    pid = desk.where.pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid))
    nvim.until("return ups == 2")
    nvim.told("Journeyman: failed")
    assert desk.where.pid() not in (0, pid)
    assert nvim.lua("return require('journeyman').statusline()") == "jm failed"
    # What was asked for before it broke, and what comes after, are one log.
    nvim.lua(
        "vim.g.journeyman = vim.tbl_extend('force', vim.g.journeyman, { model = ... })",
        desk.model(fin("Up.")),
    )
    nvim.command("Journeyman run Get up")
    nvim.told("Journeyman: partial. Up.")
    seqs = nvim.lua("return seqs")
    assert seqs == list(range(1, len(seqs) + 1))
    text = nvim.lines(buffer)
    assert text.count("Sleep") == 1
    assert text.count("I will sleep.") == 1
    assert text.count("Get up") == 1


def test_what_is_not_there_is_said(desk: Desk) -> None:
    nvim = desk.neovim(cmd=["no-such-program", "stdio"])
    nvim.command("Journeyman run Anything")
    assert nvim.told("Journeyman: There is no program no-such-program.").endswith(
        "see :checkhealth journeyman."
    )
