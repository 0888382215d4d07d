"""A command begins when it is stored that it will, and not before: also one that is ready in its shell."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from journeyman.adapters.sqlite.database import Database
from journeyman.agent.tools.observation import Observation
from journeyman.agent.writing import Writes
from journeyman.failures import Failure
from unit.agent.tooling import Bench


class Store:
    """A database whose thread is held up, and one write that was handed over meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._entered, self._open = threading.Event(), threading.Event()
        self.writes = Writes()

    async def hand_over(self, *, fails: bool) -> None:
        reading = asyncio.ensure_future(self._database.read(self._wait))
        assert await asyncio.to_thread(self._entered.wait, 60)
        self.writes.hand_over(self._database.submit(_fail if fails else _insert))
        self._reading = reading

    def _wait(self, _: sqlite3.Connection) -> None:
        self._entered.set()
        assert self._open.wait(90)

    async def go_on(self) -> None:
        self._open.set()
        await self._reading


def _insert(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO said VALUES (1)")


def _fail(connection: sqlite3.Connection) -> None:
    raise Failure("disk_full", "There is no room.")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    def prepare(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE said (n)")

    database = await Database.open(tmp_path / "held.db", prepare=prepare)
    yield Store(database)
    await database.close()


async def _called(tools: Bench, store: Store, *, waits: bool) -> tuple[int, asyncio.Future[Observation]]:
    """A call that has come to where it waits for the store; the process of its shell, where that waits."""
    ready = tools.context.jobs.ready
    await tools.call("terminal", command="true")
    pid = 0
    if waits:
        process = await asyncio.shield(ready._starting)  # type: ignore[arg-type]  # pyright: ignore
        assert process is not None
        pid = process.pid
    else:
        await ready.close()
    begun = asyncio.Event()

    async def begin(*held: object) -> None:
        begun.set()
        await store.writes.begin(*held)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    tools.context = replace(tools.context, begin=begin)
    calling = asyncio.ensure_future(tools.call("terminal", command="touch ran; echo ran"))
    await begun.wait()
    return pid, calling


async def _ended(tools: Bench, pid: int) -> None:
    script = f"while kill -0 {pid} 2>/dev/null; do sleep 0.02; done"
    await tools.context.guest.run(["bash", "-c", script])


@pytest.mark.parametrize("waits", [True, False])
async def test_it_runs_once_its_start_is_stored(tools: Bench, store: Store, waits: bool) -> None:
    await store.hand_over(fails=False)
    _, calling = await _called(tools, store, waits=waits)
    assert (await tools.context.guest.stat("ran")) is None
    await store.go_on()
    assert (await calling).text.endswith("ran")


@pytest.mark.parametrize("waits", [True, False])
async def test_it_never_runs_where_its_start_could_not_be_stored(
    tools: Bench, store: Store, waits: bool
) -> None:
    await store.hand_over(fails=True)
    pid, calling = await _called(tools, store, waits=waits)
    await store.go_on()
    assert not (await calling).ok
    with pytest.raises(Failure, match="no room"):
        store.writes.fail()
    if pid:
        await _ended(tools, pid)
    assert (await tools.context.guest.stat("ran")) is None


@pytest.mark.parametrize("waits", [True, False])
async def test_it_never_runs_where_it_was_cancelled_before_its_start_was_stored(
    tools: Bench, store: Store, waits: bool
) -> None:
    await store.hand_over(fails=False)
    pid, calling = await _called(tools, store, waits=waits)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await store.go_on()
    await store.writes.stored()
    if pid:
        await _ended(tools, pid)
    assert (await tools.context.guest.stat("ran")) is None


async def test_the_loop_is_not_needed_for_it_to_run(tools: Bench, store: Store) -> None:
    await store.hand_over(fails=False)
    _, calling = await _called(tools, store, waits=True)
    for _ in range(5):
        await asyncio.sleep(0)
    store._open.set()  # pyright: ignore[reportPrivateUsage]
    while not (tools.folder / "ran").exists():
        assert not calling.done()  # nothing is awaited here: the loop stands still
    assert (await calling).ok
