"""Review in real Neovim: hunk by hunk, on both sides of its own diff mode, and home to the folder."""

from __future__ import annotations

import pytest

from editors.nvim.desk import LINES, Desk, Person, call, fin, says

pytestmark = pytest.mark.bubblewrap

REVIEWED = """
_G.reviewed = {}
vim.api.nvim_create_autocmd("User", { pattern = { "JourneymanReviewOpen", "JourneymanReviewChanged" },
  callback = function(event) table.insert(reviewed, #event.data.hunks) end })
"""


def edits(*lines: int) -> list[dict[str, object]]:
    return [call("edit", path="text.txt", old_string=f"line {n}\n", new_string=f"LINE {n}\n") for n in lines]


def changed(*numbers: int) -> list[str]:
    return [line.upper() if index in numbers else line for index, line in enumerate(LINES, start=1)]


def to_hunk(nvim: Person, number: int) -> None:
    nvim.command(f"call cursor({number}, 1)")


def test_accept_reject_and_apply(desk: Desk) -> None:
    nvim = desk.neovim(
        says(*edits(2, 10, 20)),
        says(
            call("write", path="made/new.txt", content="new\n"), call("write", path=".envrc", content="x\n")
        ),
        fin(),
    )
    nvim.lua(REVIEWED)
    nvim.command("edit text.txt")
    nvim.command("Journeyman run Change it")
    nvim.choose("Allow once")
    nvim.told("Journeyman: partial")
    nvim.command("Journeyman diff text.txt")
    nvim.until("return reviewed[1] == 3")
    assert nvim.lua("return vim.wo.diff and #vim.api.nvim_tabpage_list_wins(0) == 2")
    assert nvim.lines(nvim.nvim.current.buffer.number) == changed(2, 10, 20)
    # ]c goes on to the second one, which is accepted; then the third is rejected from the other side.
    nvim.command("normal! gg2]c")
    assert nvim.nvim.current.window.cursor[0] == 10
    nvim.command("Journeyman accept")
    nvim.until("return reviewed[#reviewed] == 2")
    nvim.command("wincmd h")
    assert nvim.lines(nvim.nvim.current.buffer.number) == changed(10)
    to_hunk(nvim, 20)
    nvim.command("Journeyman reject Leave that one")
    nvim.until("return reviewed[#reviewed] == 1")
    nvim.command("wincmd l")
    nvim.until("return vim.api.nvim_buf_get_lines(0, 19, 20, false)[1] == 'line 20'")
    # What is edited there has to be written before it is decided on.
    nvim.command("call setline(30, 'mine')")
    to_hunk(nvim, 2)
    nvim.command("Journeyman reject")
    nvim.told("Journeyman: What you edited is not written yet.")
    nvim.command("write")
    nvim.command("Journeyman diff close")
    nvim.until("return #vim.api.nvim_list_tabpages() == 1")
    nvim.command("buffer text.txt | Journeyman apply")
    nvim.told(f"Journeyman: 2 brought into {desk.folder}")
    assert ".envrc" in nvim.told("Journeyman: left as it is:")
    nvim.command("buffer text.txt")
    mine = [*changed(2, 10)[:-1], "line 30"]
    assert nvim.lines(nvim.nvim.current.buffer.number)[:29] == mine[:29]
    assert (desk.folder / "text.txt").read_text().splitlines()[:29] == mine[:29]
    assert (desk.folder / "made" / "new.txt").read_text() == "new\n"
    assert not (desk.folder / ".envrc").exists()


def test_what_is_not_saved_goes_to_the_agent_and_is_never_written_over(desk: Desk) -> None:
    nvim = desk.neovim(
        says(call("edit", path="text.txt", old_string="not saved", new_string="NOT SAVED")),
        fin(),
    )
    nvim.command("edit text.txt")
    nvim.command("call setline(1, 'not saved')")
    nvim.command("Journeyman run Change it")
    nvim.told("Journeyman: partial")
    nvim.command("call setline(30, 'typed meanwhile')")
    nvim.command("Journeyman apply")
    nvim.told("Journeyman: 1 brought")
    buffer = nvim.lines(nvim.nvim.current.buffer.number)
    assert (buffer[0], buffer[29]) == ("NOT SAVED", "typed meanwhile")
    assert nvim.lua("return vim.bo.modified")
    assert (desk.folder / "text.txt").read_text().splitlines() == LINES
