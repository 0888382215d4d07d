"""Images in the store: their bytes once, for those chats only that have them, and gone with the last."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from components.images import png
from contract.store_records import chat, furnish, given, message, run
from journeyman.adapters.sqlite import SqliteStore
from journeyman.failures import Failure
from journeyman.testing.clock import FakeClock
from journeyman.thoughts import Thought, Thoughts

ONE, TWO = png(1, "one.png"), png(2)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "journeyman.db", clock=FakeClock())
    await furnish(opened)
    yield opened
    await opened.close()


def kept(tmp_path: Path) -> int:
    """Images in the file, once the store let go of it."""
    with sqlite3.connect(tmp_path / "journeyman.db") as connection:
        count = connection.execute("SELECT count(*) FROM pictures").fetchone()[0]
    connection.close()
    return count


async def has(store: SqliteStore, chat_id: str, picture_id: str) -> bool:
    try:
        found = await store.pictures.get(chat_id, picture_id)
    except Failure as failure:
        if failure.kind != "not_found":
            raise
        return False
    return found.data in (ONE.data, TWO.data)


async def test_what_was_added_comes_back_to_its_chat_only(store: SqliteStore) -> None:
    await store.pictures.add("c1", [ONE, TWO, ONE])
    found = await store.pictures.get("c1", ONE.picture.id)
    assert (found.data, found.picture) == (ONE.data, replace(ONE.picture, name=""))
    assert not await has(store, "c2", ONE.picture.id)
    assert not await has(store, "c1", "0" * 64)
    for refused in (store.pictures.add("none", [ONE]), store.pictures.get("none", ONE.picture.id)):
        with pytest.raises(Failure, match="There is no chat"):
            await refused


async def test_bytes_are_there_once_and_go_with_the_last_chat(store: SqliteStore, tmp_path: Path) -> None:
    await store.pictures.add("c1", [ONE, TWO])
    await store.pictures.add("c2", [ONE])
    await store.pictures.add("c3", [ONE])
    await store.chats.delete("c1")
    assert (await has(store, "c2", ONE.picture.id), await has(store, "c2", TWO.picture.id)) == (True, False)
    await store.projects.delete("p1")
    assert await has(store, "c3", ONE.picture.id)
    await store.close()
    assert kept(tmp_path) == 1


async def test_a_fork_has_them_too(store: SqliteStore) -> None:
    await store.pictures.add("c1", [ONE])
    thoughts = Thoughts("a/b", "0a", (Thought("sealed", "s"),))
    await store.messages.append([message("m1", pictures=(ONE.picture,), thoughts=thoughts)])
    await store.forks.fork("c1", chat("c4"), at_seq=None, new_id=lambda: "m2")
    await store.chats.delete("c1")
    (copied,) = await store.messages.history("c4")
    assert [each.id for each in copied.pictures] == [ONE.picture.id]
    assert copied.thoughts == thoughts
    assert await has(store, "c4", ONE.picture.id)


async def test_messages_runs_and_inputs_say_which(store: SqliteStore) -> None:
    pictures = (png(1, "a \n b").picture, TWO.picture)
    await store.messages.append([message("m1", pictures=pictures), message("m2")])
    assert [each.pictures for each in await store.messages.history("c1")] == [pictures, ()]
    await store.runs.add(run("r1", pictures=pictures))
    assert (await store.runs.get("r1")).pictures == pictures
    await store.inputs.add(given("i1", pictures=(ONE.picture,)))
    assert (await store.inputs.get("i1")).pictures == (ONE.picture,)
