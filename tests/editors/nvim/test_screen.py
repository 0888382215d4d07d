"""What a person sees: the screen after a run is the one in docs/neovim.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from editors.nvim.desk import Desk, call, says

pytestmark = pytest.mark.bubblewrap

PAGE = Path(__file__).resolve().parents[3] / "docs" / "neovim.md"
PLAN = [
    {"id": "a", "content": "Greet by name", "status": "in_progress"},
    {"id": "b", "content": "Run it", "status": "pending", "check": "python3 greet.py Ada"},
]
DONE = [{**item, "status": "done"} for item in PLAN]
SCREEN = """
vim.cmd.redraw()
local rows = {}
for row = 1, vim.o.lines - 1 do
  local cells = {}
  for column = 1, vim.o.columns do
    table.insert(cells, vim.fn.screenstring(row, column))
  end
  table.insert(rows, (table.concat(cells):gsub("%s+$", "")))
end
return rows
"""


def test_the_screen_of_the_documentation(desk: Desk) -> None:
    (desk.folder / "greet.py").write_text('import sys\n\nprint("hello")\n')
    change = call("edit", path="greet.py", old_string='"hello"', new_string='"hello", sys.argv[1]')
    nvim = desk.neovim(
        says(call("todoWrite", items=PLAN), text="It greets nobody yet. I take the name from the command."),
        says(change),
        says(call("terminal", command="python3 greet.py Ada")),
        says(call("todoWrite", items=DONE)),
        says(call("fin", summary="greet.py greets by name.")),
        chat={"split": "right", "size": 62},
    )
    nvim.command("set columns=100 lines=36 laststatus=2 noruler | edit greet.py")
    nvim.command("set statusline=%t\\ %=%{v:lua.require'journeyman'.statusline()}")
    nvim.command("Journeyman run Greet by name")
    nvim.told("Journeyman: ")
    rows = nvim.lua(SCREEN)
    screen = "\n".join(re.sub(r"\d+\.\d s", "0.1 s", row) for row in rows)
    shown = PAGE.read_text(encoding="utf-8").split("```text\n", 1)[1].split("\n```", 1)[0]
    assert screen == shown
