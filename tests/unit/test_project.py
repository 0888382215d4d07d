"""Projects and chats as people use them, over a real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contract.store_records import message, run
from journeyman.adapters.sqlite import SqliteStore
from journeyman.chat.event_log import EventLog
from journeyman.chat.service import ChatService
from journeyman.chat.titles import TITLE_CHARS, title_from
from journeyman.failures import Failure
from journeyman.project.service import ProjectService
from journeyman.records import Commands
from journeyman.testing.clock import CountingIds, FakeClock


@dataclass
class Rooms:
    store: SqliteStore
    log: EventLog
    projects: ProjectService
    chats: ChatService


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncIterator[Rooms]:
    clock, ids = FakeClock(), CountingIds()
    store = await SqliteStore.open(tmp_path / "journeyman.db", clock=clock)
    log = EventLog(store.events, clock)
    yield Rooms(store, log, ProjectService(store, clock, ids), ChatService(store, clock, ids, events=log))
    await store.close()


async def failure_of(call: Awaitable[Any]) -> Failure:
    with pytest.raises(Failure) as caught:
        await call
    return caught.value


async def test_a_project_with_nothing_said_has_defaults(rooms: Rooms) -> None:
    project = await rooms.projects.create()
    assert (project.user_id, project.source, project.image, project.commands) == (
        "local",
        "empty",
        None,
        Commands(),
    )
    assert project.name
    assert await rooms.projects.get(project.id) == project


async def test_names_are_cleaned(rooms: Rooms) -> None:
    project = await rooms.projects.create(
        name="  my\n\tproject \x1b[31m ", commands=Commands(" make ", "", None)
    )
    assert project.name == "my project [31m"
    assert project.commands == Commands("make", None, None)
    assert (await rooms.projects.update(project.id, name="ü" * 200)).name == "ü" * 200


INVALID: dict[str, Callable[[Rooms, str], Awaitable[Any]]] = {
    "empty project name": lambda r, p: r.projects.create(name=" \n "),
    "long project name": lambda r, p: r.projects.create(name="x" * 201),
    "unknown source": lambda r, p: r.projects.create(source="tape"),  # type: ignore[arg-type]
    "image that is an option": lambda r, p: r.projects.create(image="--privileged"),
    "image with a space": lambda r, p: r.projects.create(image="a b"),
    "command with NUL": lambda r, p: r.projects.create(commands=Commands("a\0b")),
    "empty user": lambda r, p: r.projects.create(user_id=" "),
    "empty new name": lambda r, p: r.projects.update(p, name=""),
    "empty title": lambda r, p: r.chats.create(p, title=""),
    "long title": lambda r, p: r.chats.create(p, title="x" * 201),
    "empty model": lambda r, p: r.chats.create(p, model=" "),
    "broken cursor": lambda r, p: r.projects.list(cursor="?"),
}


@pytest.mark.parametrize("call", INVALID.values(), ids=INVALID.keys())
async def test_bad_input_is_refused_in_a_sentence(
    rooms: Rooms, call: Callable[[Rooms, str], Awaitable[Any]]
) -> None:
    project = await rooms.projects.create()
    failure = await failure_of(call(rooms, project.id))
    assert (failure.kind, failure.message[-1]) == ("invalid", ".")
    assert [one.id for one in (await rooms.projects.list()).items] == [project.id]
    assert (await rooms.chats.list()).items == ()


UNKNOWN: dict[str, Callable[[Rooms], Awaitable[Any]]] = {
    "project": lambda r: r.projects.get("x"),
    "project to rename": lambda r: r.projects.update("x", name="y"),
    "project to delete": lambda r: r.projects.delete("x"),
    "project of a new chat": lambda r: r.chats.create("x"),
    "project of listed chats": lambda r: r.chats.list(project_id="x"),
    "chat": lambda r: r.chats.get("x"),
    "chat to rename": lambda r: r.chats.rename("x", "y"),
    "chat to delete": lambda r: r.chats.delete("x"),
    "chat of messages": lambda r: r.chats.messages("x"),
}


@pytest.mark.parametrize("call", UNKNOWN.values(), ids=UNKNOWN.keys())
async def test_an_unknown_id_is_not_found(rooms: Rooms, call: Callable[[Rooms], Awaitable[Any]]) -> None:
    assert (await failure_of(call(rooms))).kind == "not_found"


async def test_each_user_sees_their_own(rooms: Rooms) -> None:
    mine, theirs = await rooms.projects.create(), await rooms.projects.create(user_id="ada")
    chat = await rooms.chats.create(theirs.id)
    assert [one.id for one in (await rooms.projects.list()).items] == [mine.id]
    assert [one.id for one in (await rooms.projects.list(user_id="ada")).items] == [theirs.id]
    assert (await rooms.chats.list()).items == ()
    assert (await rooms.chats.list(user_id="ada")).items == (chat,)


async def test_a_chat_is_made_renamed_and_given_a_model(rooms: Rooms) -> None:
    project = await rooms.projects.create()
    chat = await rooms.chats.create(project.id, prompt="# Fix the   tests\nplease")
    other = await rooms.chats.create(project.id, title="named")
    assert (chat.title, chat.cwd, other.title) == ("Fix the tests", "/workspace", "named")
    assert chat.epoch != other.epoch
    assert (await rooms.chats.rename(chat.id, " new  name ")).title == "new name"
    assert (await rooms.chats.select_model(chat.id, "a/b")).model == "a/b"
    assert (await rooms.chats.remember_cwd(chat.id, "/workspace/src")).cwd == "/workspace/src"
    assert (await failure_of(rooms.chats.remember_cwd(chat.id, "/workspaces"))).kind == "path_refused"


async def test_a_chat_without_a_name_is_named_once(rooms: Rooms) -> None:
    project = await rooms.projects.create()
    chat = await rooms.chats.create(project.id)
    assert (await rooms.chats.name_after(chat.id, " \n")).title == chat.title
    assert (await rooms.chats.name_after(chat.id, "first")).title == "first"
    assert (await rooms.chats.name_after(chat.id, "second")).title == "first"


TITLES = {
    "plain": ("Fix it", "Fix it"),
    "first line that says something": ("\n \n- do a\nb", "do a"),
    "nothing": (" \n\t", "New chat"),
    "cut at a word": ("word " * 40, " ".join(["word"] * 15) + "…"),
    "one long word": ("x" * 200, "x" * (TITLE_CHARS - 1) + "…"),
    "control characters": ("a\x1b[0m\0b", "a [0m b"),
}


@pytest.mark.parametrize(("prompt", "title"), TITLES.values(), ids=TITLES.keys())
def test_a_title_is_the_first_line(prompt: str, title: str) -> None:
    assert title_from(prompt) == title
    assert len(title) <= TITLE_CHARS


async def test_deleting_a_chat_ends_its_readers(rooms: Rooms) -> None:
    project = await rooms.projects.create()
    chat = await rooms.chats.create(project.id)
    await rooms.store.messages.append([message("m1", chat.id)])
    assert [one.id for one in (await rooms.chats.messages(chat.id)).items] == ["m1"]
    subscription = rooms.log.subscribe(chat.id, after=0)
    await rooms.chats.delete(chat.id)
    async with asyncio.timeout(60):
        assert [event async for event in subscription] == []


async def test_what_is_in_use_is_not_deleted(rooms: Rooms) -> None:
    project = await rooms.projects.create()
    chat = await rooms.chats.create(project.id)
    open_run = run("r1", chat.id, project.id, status="running")
    await rooms.store.runs.add(open_run)
    assert (await failure_of(rooms.chats.delete(chat.id))).kind == "busy"
    assert (await failure_of(rooms.projects.delete(project.id))).kind == "busy"
    await rooms.store.runs.update(run("r1", chat.id, project.id, status="cancelled"))
    held = await rooms.store.workspaces.lease(project.id, "archive")
    assert (await failure_of(rooms.projects.delete(project.id))).kind == "busy"
    await rooms.store.workspaces.unlease(project.id, held.epoch)
    assert await rooms.projects.delete(project.id) == (chat.id,)
    assert (await failure_of(rooms.chats.get(chat.id))).kind == "not_found"
