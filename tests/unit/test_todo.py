"""A chat's todo list over a real store: revisions, conflicts, and an event for every change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from journeyman.adapters.sqlite import SqliteStore
from journeyman.chat.event_log import EventLog
from journeyman.failures import Failure
from journeyman.records import TodoItem, TodoList
from journeyman.testing.clock import CountingIds, FakeClock
from journeyman.todo.service import TodoService
from unit.event_log_parts import open_store


@dataclass
class Room:
    store: SqliteStore
    log: EventLog
    todo: TodoService


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    store = await open_store(tmp_path)
    log = EventLog(store.events, FakeClock())
    yield Room(store, log, TodoService(store.todos, log, FakeClock(), CountingIds()))
    await store.close()


async def test_a_chat_begins_with_an_empty_list(room: Room) -> None:
    assert await room.todo.get("c1") == TodoList("c1", 0)


async def test_a_change_is_stored_then_told(room: Room) -> None:
    items = [TodoItem("", "write it", check="make", depends_on=()), TodoItem("b", "test it", "done")]
    stored = await room.todo.replace("c1", items, if_rev=0, by="planner", run_id="r1")
    assert stored == await room.todo.get("c1")
    (event,) = await room.log.read("c1", after=0)
    assert (event.kind, event.run_id) == ("todo/changed", "r1")
    assert event.data == {
        "rev": 1,
        "items": [
            {
                "id": "1",
                "content": "write it",
                "status": "pending",
                "check": "make",
                "dependsOn": [],
                "assignee": "executor",
            },
            {"id": "b", "content": "test it", "status": "done", "dependsOn": [], "assignee": "executor"},
        ],
    }


async def test_a_stale_revision_gets_the_present_list(room: Room) -> None:
    await room.todo.replace("c1", [TodoItem("", "a")], if_rev=0, by="planner")
    for rev in (0, 2):
        with pytest.raises(Failure) as caught:
            await room.todo.replace("c1", [], if_rev=rev, by="user")
        assert caught.value.kind == "conflict"
        assert caught.value.data["rev"] == 1
        assert caught.value.data["items"] == [
            {"id": "1", "content": "a", "status": "pending", "dependsOn": [], "assignee": "executor"}
        ]
    assert (await room.todo.get("c1")).rev == 1


async def test_a_refused_list_changes_nothing(room: Room) -> None:
    await room.todo.replace("c1", [TodoItem("", "a")], if_rev=0, by="planner")
    with pytest.raises(Failure) as caught:
        await room.todo.replace("c1", [], if_rev=1, by="executor")
    assert caught.value.kind == "invalid"
    assert (await room.todo.get("c1")).rev == 1
    assert await room.log.bounds("c1") == ("epoch-c1", 1, 1)


async def test_the_same_list_again_is_no_change(room: Room) -> None:
    first = await room.todo.replace("c1", [TodoItem("", "a")], if_rev=None, by="planner")
    again = await room.todo.replace("c1", [TodoItem("", "a")], if_rev=1, by="planner")
    assert again == first
    assert await room.log.bounds("c1") == ("epoch-c1", 1, 1)


async def test_the_first_empty_list_is_written(room: Room) -> None:
    assert (await room.todo.replace("c1", [], if_rev=0, by="planner")).rev == 1


async def test_notes_say_what_the_rules_changed(room: Room) -> None:
    both = [TodoItem("", "a", "in_progress"), TodoItem("", "b", "in_progress")]
    changed = await room.todo.change("c1", both, if_rev=None, by="executor")
    assert [item.status for item in changed.list.items] == ["in_progress", "pending"]
    assert len(changed.notes) == 1


async def test_changes_at_once_are_told_in_order_and_none_is_lost(room: Room) -> None:
    async def add(number: int) -> None:
        while True:
            present = await room.todo.get("c1")
            wanted = [*present.items, TodoItem("", f"step {number}")]
            try:
                await room.todo.replace("c1", wanted, if_rev=present.rev, by="executor")
            except Failure as failure:
                if failure.kind != "conflict":
                    raise
            else:
                return

    await asyncio.gather(*[add(number) for number in range(12)])
    assert len((await room.todo.get("c1")).items) == 12
    events = await room.log.read("c1", after=0)
    assert [event.data["rev"] for event in events] == list(range(1, 13))
    assert [len(event.data["items"]) for event in events] == list(range(1, 13))


async def test_a_change_from_elsewhere_in_between_is_seen(room: Room) -> None:
    class Interrupted:
        """The store's todos, with somebody else writing between the read and the write, once."""

        def __init__(self) -> None:
            self.done = False

        async def get(self, chat_id: str) -> TodoList:
            found = await room.store.todos.get(chat_id)
            if not self.done:
                self.done = True
                await room.store.todos.replace(chat_id, [TodoItem("1", "theirs")], if_rev=None)
            return found

        async def replace(self, chat_id: str, items: list[TodoItem], *, if_rev: int | None) -> TodoList:
            return await room.store.todos.replace(chat_id, items, if_rev=if_rev)

    todo = TodoService(Interrupted(), room.log, FakeClock(), CountingIds())  # type: ignore[arg-type]
    with pytest.raises(Failure) as caught:
        await todo.replace("c1", [TodoItem("", "mine")], if_rev=0, by="executor")
    assert caught.value.kind == "conflict"
    assert (await room.todo.get("c1")).items == (TodoItem("1", "theirs"),)


async def test_an_unknown_chat_is_not_found(room: Room) -> None:
    for call in (room.todo.get("x"), room.todo.replace("x", [], if_rev=None, by="user")):
        with pytest.raises(Failure) as caught:
            await call
        assert caught.value.kind == "not_found"
