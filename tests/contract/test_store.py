"""Every promise of `ports.store`, against a real database file that is closed and opened in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract.store_records import archive, at, chat, furnish, given, message, project, run, user, workspace
from journeyman.adapters.sqlite import SqliteStore
from journeyman.failures import Failure
from journeyman.ports.store import Store
from journeyman.quotas import Quota
from journeyman.records import (
    Budget,
    Changes,
    Commands,
    TodoItem,
    ToolCall,
    Usage,
    User,
)
from journeyman.testing.clock import FakeClock
from journeyman.thoughts import Thought, Thoughts

ODD_TEXT = "tabs\tand\nlines, \0 NUL, Ünïcödé, 漢字, 🧭, quotes ' \" and ; --"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await SqliteStore.open(tmp_path / "journeyman.db", clock=FakeClock())
    await furnish(opened)
    yield opened
    await opened.close()


async def kind_of(call: Awaitable[Any]) -> str:
    with pytest.raises(Failure) as caught:
        await call
    assert caught.value.message.endswith(".")
    return caught.value.kind


UNKNOWN: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "project of an unknown user": lambda s: s.projects.add(project("p9", user_id="nobody")),
    "projects.get": lambda s: s.projects.get("x"),
    "projects.update": lambda s: s.projects.update("x", name="y"),
    "projects.delete": lambda s: s.projects.delete("x"),
    "chat of an unknown project": lambda s: s.chats.add(chat("c9", "x")),
    "chats.get": lambda s: s.chats.get("x"),
    "chats.update": lambda s: s.chats.update("x", title="y"),
    "chats.delete": lambda s: s.chats.delete("x"),
    "messages.append": lambda s: s.messages.append([message("m9", "x")]),
    "messages.history": lambda s: s.messages.history("x"),
    "messages.list": lambda s: s.messages.list("x"),
    "run of an unknown chat": lambda s: s.runs.add(run("r9", "x")),
    "runs.get": lambda s: s.runs.get("x"),
    "runs.update": lambda s: s.runs.update(run("x")),
    "runs.list": lambda s: s.runs.list("x"),
    "runs.edit": lambda s: s.runs.edit("x", "y", if_rev=None),
    "input of an unknown chat": lambda s: s.inputs.add(given("i9", chat_id="x")),
    "inputs.get": lambda s: s.inputs.get("x"),
    "inputs.waiting": lambda s: s.inputs.waiting("x"),
    "inputs.edit": lambda s: s.inputs.edit("x", "y", if_rev=None),
    "inputs.remove": lambda s: s.inputs.remove("x"),
    "todos.get": lambda s: s.todos.get("x"),
    "todos.replace": lambda s: s.todos.replace("x", [], if_rev=None),
    "events.append": lambda s: s.events.append("x", "notice", {}),
    "events.bounds": lambda s: s.events.bounds("x"),
    "events.read": lambda s: s.events.read("x", after=0),
    "archives.get": lambda s: s.archives.get("x"),
}


@pytest.mark.parametrize("call", UNKNOWN.values(), ids=UNKNOWN.keys())
async def test_an_unknown_id_is_not_found(store: Store, call: Callable[[Store], Awaitable[Any]]) -> None:
    assert await kind_of(call(store)) == "not_found"


TWICE: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "project": lambda s: s.projects.add(project("p1")),
    "chat": lambda s: s.chats.add(chat("c1")),
    "run": lambda s: s.runs.add(run("r1")),
    "message": lambda s: s.messages.append([message("m1")]),
}


@pytest.mark.parametrize("call", TWICE.values(), ids=TWICE.keys())
async def test_an_id_is_given_once(store: Store, call: Callable[[Store], Awaitable[Any]]) -> None:
    await store.runs.add(run("r1"))
    await store.messages.append([message("m1")])
    assert await kind_of(call(store)) == "conflict"


BAD_INPUT: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "cursor that is not base64": lambda s: s.projects.list("local", cursor="§"),
    "cursor of nothing": lambda s: s.projects.list("local", cursor=""),
    "cursor with a long number": lambda s: s.projects.list(
        "local", cursor="cHJvamVjdHM6OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk"
    ),
    "page of no entries": lambda s: s.messages.list("c1", limit=0),
    "id that is not text": lambda s: s.chats.get("\ud800"),
    "sequence number of 70 bits": lambda s: s.events.read("c1", after=2**70),
}


@pytest.mark.parametrize("call", BAD_INPUT.values(), ids=BAD_INPUT.keys())
async def test_bad_input_is_invalid(store: Store, call: Callable[[Store], Awaitable[Any]]) -> None:
    assert await kind_of(call(store)) == "invalid"


async def test_a_cursor_belongs_to_its_list(store: Store) -> None:
    await store.messages.append([message("m1"), message("m2")])
    page = await store.messages.list("c1", limit=1)
    assert await kind_of(store.projects.list("local", cursor=page.next_cursor)) == "invalid"


async def test_a_user_is_made_once(store: Store) -> None:
    first = await store.users.ensure(user("new"))
    again = await store.users.ensure(User("new", "another name", at(5)))
    assert first == again == user("new")


async def test_everything_comes_back_as_it_was_put_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journeyman.db"
    one_project = project(
        name=ODD_TEXT, source="git", image="img:1", commands=Commands("b", None, "t"), updated_at=at(1)
    )
    one_chat = chat(title=ODD_TEXT, model="a/b", cwd="/workspace/sub")
    thoughts = Thoughts("a/b", "0a", (Thought("thought", "s==", "\ud800 ü", 3), Thought("call", "t", call=1)))
    calls = (ToolCall("k1", "edit", {"nested": [1, None, {"ü": "\ud800"}]}), ToolCall("k2", "ls", {}, "cut"))
    messages = [
        message("m1", text=ODD_TEXT, run_id="r1"),
        message("m2", role="assistant", text="", reasoning=ODD_TEXT, tool_calls=calls, thoughts=thoughts),
        message("m3", role="tool", tool_call_id="k1", tool_name="edit", ok=False),
        message("m4", role="tool", tool_call_id="k2", tool_name="ls", ok=True),
    ]
    one_run = run(
        client_run_id="mine",
        prompt=ODD_TEXT,
        status="partial",
        effort="high",
        budget=Budget(1, 2, 0.5, 4.25),
        started_at=at(1),
        finished_at=at(2),
        stop_reason="limit",
        summary=ODD_TEXT,
        usage=Usage(1, 2, None, 0.1, 3),
        changes=Changes(("a", "b"), 3, 4),
        commands=Commands("x", "y", "z"),
        steps=9,
    )
    items = (
        TodoItem("1", ODD_TEXT, "done", "true", (), "user", "seen"),
        TodoItem("2", "b", depends_on=("1",)),
    )
    data = {"text": ODD_TEXT, "odd": "\ud800", "list": [1.5, True, None], "": {}}
    store = await SqliteStore.open(path, clock=FakeClock())
    await store.users.ensure(user())
    await store.projects.add(one_project)
    await store.chats.add(one_chat)
    await store.messages.append(messages)
    await store.runs.add(one_run)
    todo = await store.todos.replace("c1", items, if_rev=0)
    event = await store.events.append("c1", "notice", data, run_id="r1", item_id="i")
    await store.archives.add(archive())
    await store.workspaces.put(workspace(journal=ODD_TEXT, lease="archive", archive_id="a1"))
    await store.close()

    store = await SqliteStore.open(path, clock=FakeClock())
    assert await store.projects.get("p1") == one_project
    assert await store.chats.get("c1") == one_chat
    assert await store.messages.history("c1") == tuple(messages)
    assert await store.runs.get("r1") == one_run
    assert await store.todos.get("c1") == todo
    assert await store.events.read("c1", after=0) == (event,)
    assert event.data == data
    assert await store.archives.get("a1") == archive()
    assert await store.workspaces.get("p1") == workspace(journal=ODD_TEXT, lease="archive", archive_id="a1")
    assert path.stat().st_mode & 0o077 == 0
    await store.close()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
async def test_pages_together_are_the_whole_list(store: Store, size: int) -> None:
    for number in range(6):
        await store.projects.add(project(f"q{number}"))
        await store.chats.add(chat(f"d{number}", f"q{number}"))
    await store.messages.append([message(f"m{number}") for number in range(7)])

    async def all_of(read: Callable[[str | None], Awaitable[Any]]) -> list[str]:
        found: list[str] = []
        cursor = None
        while True:
            page = await read(cursor)
            assert len(page.items) <= size
            found += [item.id for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found

    projects = await all_of(lambda cursor: store.projects.list("local", cursor=cursor, limit=size))
    assert projects == ["q5", "q4", "q3", "q2", "q1", "q0", "p1"]
    chats = await all_of(lambda cursor: store.chats.list("local", cursor=cursor, limit=size))
    assert chats == ["d5", "d4", "d3", "d2", "d1", "d0", "c2", "c1"]
    narrow = await all_of(
        lambda cursor: store.chats.list("local", project_id="p1", cursor=cursor, limit=size)
    )
    assert narrow == ["c2", "c1"]
    messages = await all_of(lambda cursor: store.messages.list("c1", cursor=cursor, limit=size))
    assert messages == [f"m{number}" for number in range(7)]


async def test_a_page_begun_before_new_entries_goes_on_where_it_was(store: Store) -> None:
    first = await store.chats.list("local", limit=1)
    await store.chats.add(chat("c9"))
    second = await store.chats.list("local", limit=1, cursor=first.next_cursor)
    assert [item.id for item in first.items + second.items] == ["c2", "c1"]


async def test_an_update_changes_what_is_named_only(tmp_path: Path) -> None:
    clock = FakeClock()
    store = await SqliteStore.open(tmp_path / "j.db", clock=clock)
    await furnish(store)
    await clock.advance(60)
    updated = await store.projects.update("p1", name="new")
    assert updated == replace(project("p1"), name="new", updated_at=clock.now())
    assert (await store.projects.update("p1", commands=Commands(test="t"))).commands == Commands(test="t")
    assert (await store.projects.get("p1")).name == "new"
    assert (await store.chats.update("c1", cwd="/workspace/x")).title == "chat c1"
    assert (await store.chats.update("c1", model="m")).cwd == "/workspace/x"
    await store.close()


async def test_messages_are_appended_all_or_none(store: Store) -> None:
    await store.messages.append([message("m1")])
    assert await kind_of(store.messages.append([message("m2"), message("m1")])) == "conflict"
    assert await kind_of(store.messages.append([message("m2"), message("m3", "x")])) == "not_found"
    assert await store.messages.history("c1") == (message("m1"),)


async def test_a_client_run_id_is_one_run_per_user(store: Store) -> None:
    first = await store.runs.add(run("r1", client_run_id="mine"))
    again = await store.runs.add(run("r2", "c2", client_run_id="mine", prompt="another"))
    others = await store.runs.add(run("r3", "c3", "p2", client_run_id="mine"))
    assert (first.id, again.id, others.id) == ("r1", "r1", "r3")
    assert again.prompt == "do it"
    assert await kind_of(store.runs.get("r2")) == "not_found"
    at_once = await asyncio.gather(*[store.runs.add(run(f"s{n}", client_run_id="new")) for n in range(20)])
    assert len({one.id for one in at_once}) == 1


async def test_runs_left_open_are_found(store: Store) -> None:
    for ident, status in [("r1", "queued"), ("r2", "completed"), ("r3", "running")]:
        await store.runs.add(run(ident, status=status))
    await store.runs.add(run("r4", "c3", "p2", status="running"))
    assert [one.id for one in await store.runs.open()] == ["r1", "r3", "r4"]
    await store.runs.update(run("r3", status="failed"))
    assert [one.id for one in await store.runs.open()] == ["r1", "r4"]
    assert [one.status for one in (await store.runs.list("c1")).items] == ["failed", "completed", "queued"]


async def test_a_todo_list_counts_its_revisions(store: Store) -> None:
    assert (await store.todos.get("c1")).rev == 0
    item = TodoItem("1", "a")
    assert (await store.todos.replace("c1", [item], if_rev=0)).rev == 1
    assert await kind_of(store.todos.replace("c1", [], if_rev=0)) == "conflict"
    assert (await store.todos.replace("c1", [item, item], if_rev=None)).rev == 2
    assert (await store.todos.get("c1")).items == (item, item)
    at_once = await asyncio.gather(
        *[store.todos.replace("c1", [item], if_rev=2) for _ in range(10)], return_exceptions=True
    )
    assert sum(not isinstance(answer, BaseException) for answer in at_once) == 1


async def test_events_are_numbered_per_chat_without_holes(store: Store) -> None:
    assert await store.events.bounds("c1") == ("epoch-c1", 1, 0)
    at_once = await asyncio.gather(
        *[store.events.append("c1" if n % 3 else "c2", "notice", {"n": n}) for n in range(90)]
    )
    for name, count in (("c1", 60), ("c2", 30)):
        seqs = [event.seq for event in at_once if event.chat_id == name]
        assert sorted(seqs) == list(range(1, count + 1))
        assert await store.events.bounds(name) == (f"epoch-{name}", 1, count)
        assert await store.events.read(name, after=0) == tuple(
            sorted((event for event in at_once if event.chat_id == name), key=lambda event: event.seq)
        )
    assert [event.seq for event in await store.events.read("c1", after=10, limit=3)] == [11, 12, 13]
    assert await store.events.read("c1", after=60) == ()


async def test_archives_are_listed_newest_first_and_recorded_once(store: Store) -> None:
    assert await store.archives.newest("p1") is None
    for seq in (2, 1, 3, 3):
        await store.archives.add(archive(f"a{seq}", seq))
    await store.archives.add(archive("b1", 9, "p2"))
    assert [record.seq for record in await store.archives.list("p1")] == [3, 2, 1]
    assert (await store.archives.newest("p1")) == archive("a3", 3)


async def test_deleting_a_project_takes_what_is_in_it_and_leaves_its_archives(store: Store) -> None:
    await store.messages.append([message("m1")])
    await store.runs.add(run("r1", client_run_id="mine"))
    await store.todos.replace("c1", [TodoItem("1", "a")], if_rev=None)
    await store.events.append("c1", "notice", {})
    await store.archives.add(archive())
    await store.workspaces.put(workspace())
    await store.projects.delete("p1")
    for call in (store.chats.get("c1"), store.chats.get("c2"), store.runs.get("r1"), store.todos.get("c1")):
        assert await kind_of(call) == "not_found"
    assert await store.archives.list("p1") == (archive(),)
    assert await store.workspaces.get("p1") == workspace()
    assert (await store.chats.get("c3")).id == "c3"
    await store.projects.add(project("p1"))
    await store.chats.add(chat("c1"))
    assert await store.messages.history("c1") == ()
    assert await store.events.bounds("c1") == ("epoch-c1", 1, 0)
    assert (await store.runs.add(run("r2", client_run_id="mine"))).id == "r2"


async def test_a_project_keeps_its_quota(store: Store) -> None:
    quota = Quota(bytes=5, archive_bytes=0)
    await store.projects.add(project("q", quota=quota))
    assert (await store.projects.get("q")).quota == quota
    assert (await store.projects.update("q", name="other")).quota == quota
    changed = await store.projects.update("q", quota=Quota(entries=7))
    assert changed.quota == Quota(entries=7)
    assert (await store.projects.update("q", quota=Quota())).quota == Quota()


async def test_a_folder_leads_to_the_newest_project_made_of_it(store: Store) -> None:
    assert await store.projects.of_folder("local", "/a", "folder") is None
    for number, (folder, source, pending) in enumerate(
        [("/a", "folder", False), ("/a", "folder", False), ("/a", "folder", True), ("/a", "empty", False)]
    ):
        await store.projects.add(project(f"f{number}", folder=folder, source=source, pending=pending))
    await store.projects.add(project("odd", folder="/\udcff", source="folder"))
    found = await store.projects.of_folder("local", "/a", "folder")
    assert found is not None
    assert (found.id, found.folder) == ("f1", "/a")
    other = await store.projects.of_folder("local", "/a", "empty")
    assert other is not None
    assert other.id == "f3"
    assert await store.projects.of_folder("somebody", "/a", "folder") is None
    assert await store.projects.of_folder("local", "/\udcff", "folder") is not None
    await store.projects.delete("f1")
    older = await store.projects.of_folder("local", "/a", "folder")
    assert older is not None
    assert older.id == "f0"
