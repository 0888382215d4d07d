"""What a person saves in the folder between runs is what the next run works on, and it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.project.excludes import DEFAULT
from journeyman.testing.model import call
from rpc.unsaved import SAVED, Desk
from rpc.working import Working

FIN = call("fin", summary="Done.", status="partial")
READ = call("read", path="a.txt")
FIVE = call("edit", path="a.txt", old_string="five", new_string="FIVE")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made


async def notices(desk: Desk) -> list[tuple[str, str]]:
    events = await desk.working.agent.store.events.read(desk.chat.id, after=0)
    return [(event.data["level"], event.data["message"]) for event in events if event.kind == "notice"]


async def a_run(desk: Desk, *steps: object) -> None:
    model, run = await desk.begin([*steps])  # type: ignore[list-item]
    model.go(len(steps))
    await desk.ended(run)


async def test_a_run_works_on_what_was_saved_since_the_last_one(working: Working, folder: Path) -> None:
    (folder / "a.txt").write_text(SAVED)
    desk = await Desk.of(working, {"a.txt": SAVED}, str(folder), DEFAULT)
    await a_run(desk, FIN)
    assert await notices(desk) == []
    (folder / "a.txt").write_text(SAVED.replace("two", "dos"))
    (folder / "b.txt").write_text("new\n")
    await a_run(desk, READ, FIN)
    assert desk.text() == SAVED.replace("two", "dos")
    assert desk.text("b.txt") == "new\n"
    assert await notices(desk) == [("info", "Brought from the folder: a.txt, b.txt.")]
    assert any("2|dos" in text for text in await desk.observations())
    (note,) = await desk.notes()
    assert "The user changed a.txt, b.txt in their folder" in note
    changes = await desk.working.world.services.changes.list(desk.chat.id, run_id=None, cursor=None, limit=50)
    assert changes.items == (), "none of it is the agent's doing"


async def test_what_the_agent_changed_too_stays_and_both_are_told(working: Working, folder: Path) -> None:
    (folder / "a.txt").write_text(SAVED)
    desk = await Desk.of(working, {"a.txt": SAVED}, str(folder), DEFAULT)
    await a_run(desk, READ, FIVE, FIN)
    (folder / "a.txt").write_text(SAVED.replace("one", "uno"))
    await a_run(desk, FIN)
    assert desk.text() == SAVED.replace("five", "FIVE")
    assert (folder / "a.txt").read_text() == SAVED.replace("one", "uno")
    assert await notices(desk) == [
        ("warning", "Changed in the folder and in the workspace: a.txt. The workspace keeps its own.")
    ]
    (note,) = await desk.notes()
    assert "the workspace keeps what it has there" in note
