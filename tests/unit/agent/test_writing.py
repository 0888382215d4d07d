"""What a run hands over is stored in that order, and whoever waits hears of what was not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from journeyman.agent.writing import Writes
from journeyman.failures import Failure
from journeyman.tasks import Supervisor


@pytest.fixture
async def writes() -> AsyncIterator[Writes]:
    supervisor = Supervisor()
    yield Writes(supervisor, "r1")
    await supervisor.close()


class Store:
    """Takes what it is given, and says that it is stored once it is let."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.stored: list[str] = []
        self.begun = asyncio.Event()
        self.may = asyncio.Event()

    async def put(self, what: str) -> None:
        self.taken.append(what)
        self.begun.set()
        await self.may.wait()
        if what == "bad":
            raise Failure("storage_failed", "No.")
        self.stored.append(what)


async def test_they_are_on_their_way_in_order_and_waited_for(writes: Writes) -> None:
    store = Store()
    await writes.hand_over(store.put("a"), store.put("b"))
    await writes.hand_over(store.put("c"))
    assert store.taken == ["a", "b", "c"]
    waiting = asyncio.ensure_future(writes.stored())
    await asyncio.sleep(0)
    assert not waiting.done()
    store.may.set()
    await waiting
    assert store.stored == ["a", "b", "c"]
    await writes.stored()


async def test_one_that_failed_fails_everybody_from_then_on(writes: Writes) -> None:
    store = Store()
    store.may.set()
    await writes.hand_over(store.put("a"), store.put("bad"), store.put("c"))
    for _ in range(2):
        with pytest.raises(Failure) as caught:
            await writes.stored()
        assert caught.value.kind == "storage_failed"
        await writes.hand_over(store.put("d"))
    assert store.stored == ["a", "c", "d", "d"]


async def test_who_is_cancelled_while_it_waits_loses_nothing(writes: Writes) -> None:
    store = Store()

    async def run() -> None:
        await writes.hand_over(store.put("a"))
        await writes.stored()

    task = asyncio.ensure_future(run())
    await store.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    store.may.set()
    await writes.stored()
    assert store.stored == ["a"]
