"""Every tool by its table: what it is called with, and the first line of what it answers. The cases of a
table follow each other in one workspace. What a tool does besides is tested in the files beside this one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from journeyman.agent.families import FAMILIES
from journeyman.agent.tools.ask import ALONE_HERE, OPTIONS_MAX
from journeyman.agent.tools.observation import Observation
from unit.agent.tooling import Bench

Case = tuple[dict[str, Any], str]
ENVELOPE = "*** Begin Patch\n%s\n*** End Patch"


def patch(lines: str) -> dict[str, Any]:
    return {"patch": ENVELOPE % lines}


TABLES: dict[str, list[Case]] = {
    "ls": [
        ({}, "2 entries in ."),
        ({"path": "src"}, "2 entries in src"),
        ({"depth": "2"}, "4 entries in ."),
        ({"path": "notes.txt"}, "notes.txt is a file of 8 bytes; read it with read."),
        ({"path": "gone"}, "failed: there is no gone"),
        ({"path": "../.."}, "failed: "),
        ({"depth": "deep"}, "failed: "),
    ],
    "cd": [
        ({"path": "src"}, "cwd=/workspace/src"),
        ({"path": ".."}, "cwd=/workspace"),
        ({"path": "/workspace/src"}, "cwd=/workspace/src"),
        ({"path": "a.py"}, "failed: that is a file: a.py"),
        ({"path": "gone"}, "failed: no such directory: gone"),
        ({"path": "../../etc"}, "failed: "),
        ({}, "failed: missing path"),
    ],
    "read": [
        ({"path": "notes.txt"}, "notes.txt lines 1-2 of 2"),
        ({"file_path": "notes.txt", "offset": 2}, "notes.txt lines 2-2 of 2"),
        ({"path": "notes.txt", "limit": "1"}, "notes.txt lines 1-1 of 2"),
        ({"path": "notes.txt", "offset": 3}, "failed: notes.txt has 2 lines"),
        ({"path": "note.txt"}, "failed: there is no file note.txt"),
        ({"path": "src"}, "failed: src is a directory"),
        ({"path": "/etc/passwd"}, "failed: "),
    ],
    "write": [
        ({"path": "new/deep.txt", "content": "1\n"}, "created new/deep.txt, 1 lines"),
        ({"path": "new/deep.txt", "content": "2\n3\n"}, "replaced new/deep.txt, 2 lines"),
        (
            {"path": "notes.txt", "content": "mine"},
            "failed: notes.txt exists and was not read in this run: nothing was written",
        ),
        ({"path": "notes.txt", "content": "mine\n", "overwrite": "true"}, "replaced notes.txt, 1 lines"),
        ({"path": "src", "content": "x"}, "failed: "),
        ({"path": "../x", "content": "x"}, "failed: "),
        ({"path": "x"}, "failed: missing content"),
    ],
    "edit": [
        (
            {"path": "notes.txt", "old_string": "one", "new_string": "1"},
            "edited notes.txt (rung: exact) lines 1-1",
        ),
        (
            {"path": "notes.txt", "oldString": "two", "newString": "2"},
            "edited notes.txt (rung: exact) lines 2-2",
        ),
        ({"path": "notes.txt", "old_string": "three", "new_string": "3"}, "failed: "),
        ({"path": "src/a.py", "old_string": "x", "new_string": "y"}, "failed: "),
        ({"path": "notes.txt", "old_string": "1", "new_string": "1"}, "failed: "),
        ({"path": "gone.txt", "old_string": "a", "new_string": "b"}, "failed: "),
        ({"path": "fresh.txt", "old_string": "", "new_string": "b\n"}, "created fresh.txt"),
    ],
    "patch": [
        (patch("*** Add File: p.txt\n+one"), "patched 1 file"),
        (patch("*** Update File: p.txt\n@@\n-one\n+two"), "patched 1 file"),
        (patch("*** Update File: p.txt\n@@\n-one\n+two"), "failed: "),
        (patch("*** Delete File: gone.txt"), "failed: "),
        (patch("*** Add File: q.txt\n+x\n*** Delete File: gone.txt"), "failed: "),
        (patch("*** Delete File: p.txt"), "patched 1 file"),
        ({"patch": "no envelope"}, "failed: "),
    ],
    "grep": [
        ({"pattern": "two"}, "1 matches in 1 files"),
        ({"pattern": "TWO"}, "no match for 'TWO' in ."),
        ({"pattern": "TWO", "ignore_case": True}, "1 matches in 1 files"),
        ({"pattern": "x", "glob": "*.py"}, "3 matches in 2 files"),
        ({"pattern": "x", "path": "src/a.py"}, "2 matches in 1 files"),
        ({"pattern": "(", "path": "."}, "failed: "),
        ({}, "failed: missing pattern"),
    ],
    "glob": [
        ({"pattern": "**/*.py"}, "2 files in ., newest first"),
        ({"pattern": "*.py", "path": "src"}, "2 files in src, newest first"),
        ({"pattern": "*.rs"}, "no file matches '*.rs' in ."),
        ({"pattern": "**/*.py", "limit": 1}, "1 files in ., newest first"),
        ({"pattern": "*", "path": "/etc"}, "failed: "),
        ({}, "failed: missing pattern"),
    ],
    "todoWrite": [
        ({"items": ["Look", "Verify"]}, "todo list: 2 open, 0 done, 2 in all"),
        ({"items": '["Look"]'}, "failed: Item '2' is open and would be dropped without a reason."),
        ({"items": '["Look"]', "reason": "One is enough."}, "todo list: 1 open, 0 done, 1 in all"),
        ({"items": [{"content": "Look", "status": "done", "check": "false"}]}, "todo list: 1 open"),
        ({"items": []}, "failed: the list is empty"),
        ({"items": [{"content": "Look", "status": "later"}]}, "failed: "),
        ({}, "failed: missing items"),
    ],
    "todoRead": [
        ({}, "todo list: 0 open, 0 done, 0 in all"),
        ({"anything": 1}, "todo list: 0 open, 0 done, 0 in all"),
    ],
    "terminal": [
        ({"command": "cd src && pwd"}, "exit 0 in "),
        ({"command": "exit 7"}, "exit 7 in "),
        ({"cmd": "true"}, "exit 0 in "),
        ({"command": "sleep 600", "background": True}, "running id=4 pid="),
        ({"id": "4", "kill": True}, "exit "),
        ({"id": 99}, "failed: there is no command with id=99"),
        ({"command": "  "}, "failed: no command was given"),
    ],
    "git": [
        ({"args": "init -q ."}, "exit 0 in "),
        ({"args": "git status --short"}, "exit 0 in "),
        ({"args": "log"}, "exit 128 in "),
        ({"args": "log 'open"}, "failed: the arguments cannot be split"),
        ({}, "failed: missing args"),
    ],
    "commands": [
        ({}, "commands as known"),
        ({"test": "make test"}, "commands recorded"),
        ({"build": "true"}, "failed: `true` passes whatever is done"),
        ({"test": "echo fine"}, "failed: `echo fine` passes whatever is done"),
        ({"test": ""}, "commands recorded"),
    ],
    "ask": [
        ({"question": "Which?"}, ALONE_HERE),
        ({"question": "Which?", "options": ["a", "b"]}, ALONE_HERE),
        ({"question": " "}, "failed: a question has 1 to "),
        ({"question": "Which?", "options": list(map(str, range(OPTIONS_MAX + 1)))}, "failed: give at most"),
        ({}, "failed: missing question"),
    ],
    "fin": [
        ({"summary": "Done."}, "asked to end as done: Done."),
        ({"summary": "Half.", "status": "partial"}, "asked to end as partial: Half."),
        ({"summary": "Done.", "status": "perfect"}, "failed: "),
        ({}, "failed: missing summary"),
    ],
}


@pytest.mark.parametrize("name", TABLES)
async def test_a_tool_answers_as_its_table_says(tools: Bench, name: str) -> None:
    async def finish(summary: str, status: str) -> Observation:
        return Observation(f"asked to end as {status}: {summary}")

    async def nobody(*_: Any) -> None:
        return None

    tools.context = replace(tools.context, finish=finish, ask=nobody)
    (tools.folder / "notes.txt").write_text("one\ntwo\n")
    (tools.folder / "src").mkdir()
    (tools.folder / "src" / "a.py").write_text("x = 1\nx = 2\n")
    (tools.folder / "src" / "b.py").write_text("x = 3\n")
    for arguments, first in TABLES[name]:
        made = await tools.call(name, **arguments)
        status, _, rest = made.text.partition("\n")
        assert status.startswith(first), arguments
        if first.startswith("failed: "):
            assert not made.ok, arguments
        if first.startswith("failed: missing"):
            assert "Usage: " in rest, "a refusal says what to do"


async def test_of_items_without_a_check_the_model_hears_once(tools: Bench) -> None:
    items = ["Look", {"content": "Build", "check": "make"}, {"content": "Rest", "check": "true"}]
    told = [line for line in (await tools.text("todoWrite", items=items)).splitlines() if "no check" in line]
    assert told == [
        "no check: `true` passes whatever is done. Name a command that can fail",
        "no check: Look. Add a shell command that can fail as check, where there is one",
    ]
    assert "no check" not in await tools.text("todoWrite", items=["Look", "Build", "Rest"])
    many = await tools.text("todoWrite", items=["Look", "Build", "Rest", *(f"Item {n}" for n in range(9))])
    assert "no check: Item 0; Item 1; Item 2; Item 3; Item 4 and 4 more. Add" in many


async def test_every_tool_has_its_table(tools: Bench) -> None:
    offered = {spec.name for family in FAMILIES.values() for spec in tools.registry.specs(family)}
    assert set(TABLES) == offered
