"""Whoever waits for what a run handed over hears of what was not stored, and nothing is given up by it."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.agent.writing import Writes
from journeyman.failures import Failure


def begun() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def test_all_that_was_handed_over_is_waited_for() -> None:
    writes, first, second, third = Writes(), begun(), begun(), begun()
    writes.hand_over(first, second)
    waiting = asyncio.ensure_future(writes.stored())
    for each in (second, first):
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        writes.hand_over(third)
        each.set_result(None)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()  # what is handed over while somebody waits is waited for, too
    third.set_result(None)
    await waiting
    await writes.stored()


async def test_one_that_failed_fails_everybody_from_then_on() -> None:
    writes, bad, worse, good = Writes(), begun(), begun(), begun()
    writes.hand_over(bad, worse, good)
    worse.set_exception(Failure("disk_full", "Second."))
    bad.set_exception(Failure("storage_failed", "First."))
    good.set_result(None)
    for _ in range(2):
        with pytest.raises(Failure, match="First"):
            await writes.stored()
        later = begun()
        later.set_result(None)
        writes.hand_over(later)


async def test_who_is_cancelled_while_it_waits_cancels_no_write() -> None:
    writes, write = Writes(), begun()
    writes.hand_over(write)
    waiting = asyncio.ensure_future(writes.stored())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not write.cancelled()
    write.set_result(None)
    await writes.stored()
