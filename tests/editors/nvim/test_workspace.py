"""The workspace in real Neovim: its files as buffers, a terminal in it, the todo list as text."""

from __future__ import annotations

import pytest

from editors.nvim.desk import LINES, Desk, call, fin, says

pytestmark = pytest.mark.bubblewrap

PLAN = call(
    "todoWrite",
    items=[
        {"id": "a", "content": "Write it", "status": "in_progress", "check": "test -f new.txt"},
        {"id": "b", "content": "Look at it", "status": "pending"},
    ],
)


def test_files_as_buffers(desk: Desk) -> None:
    nvim = desk.neovim(fin())
    nvim.command("Journeyman files")
    nvim.until("return vim.api.nvim_buf_get_lines(0, 0, -1, false)[1] == 'text.txt'")
    nvim.command("normal \r")
    name = nvim.nvim.current.buffer.name
    assert name.startswith("journeyman://")
    assert name.endswith("/text.txt")
    assert nvim.lines(nvim.nvim.current.buffer.number) == LINES
    assert nvim.lua("return vim.bo.filetype") == "text"
    nvim.command("call setline(1, 'written here')")
    nvim.command("write")
    assert not nvim.lua("return vim.bo.modified")
    other = desk.neovim()
    other.command(f"edit {name}")
    assert other.lines(other.nvim.current.buffer.number)[0] == "written here"
    other.command("call setline(1, 'written there') | write")
    # The first one is behind now: nothing is written over unless it says so.
    nvim.command("call setline(2, 'and here') | write")
    nvim.told(":w! writes over it")
    assert nvim.lua("return vim.bo.modified")
    nvim.command("write!")
    other.command("edit")
    assert other.lines(other.nvim.current.buffer.number)[:2] == ["written here", "and here"]
    # A new file, without an end of its last line, in a directory that is not there.
    base = name.removesuffix("text.txt")
    nvim.command(f"edit {base}made/a%20b.txt")
    nvim.command("call setline(1, ['one', 'two']) | set noendofline nofixendofline | write")
    other.command(f"edit {base}made/a%20b.txt")
    assert other.lines(other.nvim.current.buffer.number) == ["one", "two"]
    assert not other.lua("return vim.bo.endofline")


TYPING = """
local client, typed, buffer = require("journeyman.client"), ..., vim.api.nvim_get_current_buf()
_G.plain = plain or client.request
client.request = function(name, params)
  local answer = plain(name, params)
  if vim.startswith(name, "workspace/") then
    client.request = plain
    vim.api.nvim_buf_set_lines(buffer, 0, 1, false, { typed })
  end
  return answer
end
"""
"""Somebody types while the next answer about a file is on its way."""


def test_what_is_typed_while_an_answer_is_on_its_way_stays(desk: Desk) -> None:
    nvim = desk.neovim(fin())
    nvim.command("Journeyman files")
    nvim.until("return vim.api.nvim_buf_get_lines(0, 0, -1, false)[1] == 'text.txt'")
    nvim.command("normal \r")
    buffer = nvim.nvim.current.buffer.number
    nvim.lua(TYPING, "typed while it was read")
    nvim.lua("require('journeyman.files').refresh()")
    assert nvim.lines(buffer) == ["typed while it was read", *LINES[1:]]
    assert nvim.lua("return vim.bo.modified")
    nvim.lua(TYPING, "typed while it was written")
    nvim.command("write")
    assert nvim.lines(buffer)[0] == "typed while it was written"
    assert nvim.lua("return vim.bo.modified")
    # Nothing but what was asked for takes it away.
    nvim.command("edit!")
    assert nvim.lines(buffer) == ["typed while it was read", *LINES[1:]]
    assert not nvim.lua("return vim.bo.modified")


def test_a_terminal_in_the_workspace(desk: Desk) -> None:
    nvim = desk.neovim(fin())
    nvim.command("Journeyman terminal")
    nvim.until("return vim.bo.buftype == 'terminal' and vim.b.journeyman_exec ~= nil")
    nvim.until("return vim.api.nvim_get_mode().mode == 't'")
    nvim.nvim.input("printf 'a%s\\n' bc; pwd; stty size<CR>")
    shown = "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n'):find(..., 1, true)"
    for text in ("\nabc", "\n/workspace"):
        nvim.until(shown, text)
    height, width = nvim.lua("return { vim.api.nvim_win_get_height(0), vim.api.nvim_win_get_width(0) }")
    nvim.until(shown, f"\n{height} {width}")
    nvim.nvim.input("exit 3<CR>")
    nvim.until(shown, "[ended with 3]")


def test_the_todo_list_is_edited_as_text(desk: Desk) -> None:
    nvim = desk.neovim(says(PLAN), fin())
    nvim.command("Journeyman run Plan it")
    nvim.told("Journeyman: partial")
    nvim.command("Journeyman todo")
    nvim.until("return vim.startswith(vim.api.nvim_buf_get_name(0), 'journeyman://todo/')")
    buffer = nvim.nvim.current.buffer.number
    assert nvim.lines(buffer) == ["- [>] Write it", "- [ ] Look at it"]
    # The second line first, the first one in other words, one more, one done.
    nvim.command("2move 0")
    nvim.command("normal gg\r")
    nvim.command("call setline(2, '- [ ] Write it well')")
    nvim.command("call append(2, 'Tell me')")
    nvim.command("write")
    listed = "return require('journeyman.chats').get().todo.items"
    nvim.until("return #require('journeyman.chats').get().todo.items == 3")
    items = nvim.lua(listed)
    assert [(each["id"], each["content"], each["status"]) for each in items[:2]] == [
        ("b", "Look at it", "done"),
        ("a", "Write it well", "pending"),
    ]
    assert items[1]["check"] == "test -f new.txt"
    assert items[2]["content"] == "Tell me"
    assert nvim.lines(buffer) == ["- [x] Look at it", "- [ ] Write it well", "- [ ] Tell me"]
    assert not nvim.lua("return vim.bo.modified")
