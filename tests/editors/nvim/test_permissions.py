"""Questions in two Neovims: nobody is interrupted, and what one has answered is gone in the other."""

from __future__ import annotations

import pytest

from editors.nvim.desk import Desk, Person, call, fin, says

pytestmark = pytest.mark.bubblewrap

CARD = """
for _, window in ipairs(vim.api.nvim_list_wins()) do
  if vim.api.nvim_win_get_config(window).relative == "editor" then
    return vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, 1, false)[1]
  end
end
"""
OPEN = "return require('journeyman.permissions').count()"


def hook(name: str) -> dict[str, object]:
    return says(call("write", path=f".git/hooks/{name}", content="true\n"))


def follow(person: Person) -> None:
    """The only chat there is."""
    person.command("Journeyman chats")
    person.choose("Write")
    person.until("return require('journeyman.chats').get() ~= nil")


def test_one_answers_and_the_other_is_not_asked_any_more(desk: Desk) -> None:
    first = desk.neovim(hook("pre-commit"), hook("post-commit"), fin())
    second = desk.neovim(idle_ms=3_600_000)
    first.command("edit text.txt")
    first.nvim.input("i")
    first.until("return vim.api.nvim_get_mode().mode == 'i'")
    first.lua("require('journeyman').command('run', 'Write hooks')")
    # Who is typing sees a note and is not asked; the cursor stays in the text.
    assert first.until(CARD) == "write .git/hooks/pre-commit"
    follow(second)
    assert second.until(CARD) == "write .git/hooks/pre-commit"
    assert first.lua("return { #asked, vim.api.nvim_get_mode().mode, vim.fn.expand('%:t') }") == [
        0,
        "i",
        "text.txt",
    ]
    first.nvim.input("<Esc>")
    first.until("return #asked == 1")
    assert first.lua("return asked[1].titles") == ["Allow once", "Allow for this run", "Deny"]
    # The second one, who is never idle, answers it all the same; the first one's choice comes too late.
    second.command("Journeyman permit")
    second.choose("Deny")
    assert first.until(CARD.replace("return vim", "return 'write .git/hooks/post-commit' == vim"))
    first.choose("Allow once")
    assert first.told("Journeyman: that was decided already").endswith("denied.")
    first.choose("Allow once")
    first.told("Journeyman: partial")
    second.until(f"{OPEN} == 0")
    assert first.lua(OPEN) == 0
    assert first.lua(CARD) is None
    second.wait(lambda: second.lua(CARD) is None, second.state)
    text = "\n".join(first.chat())
    assert "denied by Neovim: write .git/hooks/pre-commit" in text
    assert "allowed by Neovim: write .git/hooks/post-commit" in text


def test_words_of_ones_own_are_an_answer(desk: Desk) -> None:
    nvim = desk.neovim(says(call("ask", question="Which colour?", options=["red", "blue"])), fin())
    nvim.command("Journeyman run Paint it")
    nvim.choose("Answer in my own words")
    nvim.until("return typed[1] and (typed[1].done('green') or true)")
    nvim.told("Journeyman: partial")
    assert any("green" in line for line in nvim.chat())
