"""Whoever waits for what a run handed over hears of what was not stored, and nothing is given up by it."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.agent.writing import Writes
from journeyman.failures import Failure
from journeyman.ports.writes import Write


def begun() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


def begun_in_a_store() -> Write[None]:
    return Write(asyncio.get_running_loop())


class Held:
    """A command that waits for its start."""

    def __init__(self) -> None:
        self.went = self.kept = False

    def let_go(self) -> None:
        self.went = self.went or not self.kept

    def keep(self) -> None:
        self.kept = True


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_held_goes_once_all_is_stored_without_a_turn_of_the_loop() -> None:
    writes, first, second, held = Writes(), begun_in_a_store(), begun_in_a_store(), Held()
    writes.hand_over(first, second)
    beginning = asyncio.ensure_future(writes.begin(held))
    await _turns()
    first.settle(stored=True)
    assert not held.went
    second.settle(stored=True)
    assert held.went
    await _turns()
    assert not beginning.done()
    first.set_result(None)
    second.set_result(None)
    await beginning


async def test_what_is_held_stays_where_anything_before_it_was_not_stored() -> None:
    for failed in (0, 1):
        writes, both, held = Writes(), (begun_in_a_store(), begun_in_a_store()), Held()
        writes.hand_over(*both)
        beginning = asyncio.ensure_future(writes.begin(held))
        await _turns()
        for number, write in enumerate(both):
            write.settle(stored=number != failed)
            if number == failed:
                write.set_exception(Failure("disk_full", "No room."))
            else:
                write.set_result(None)
        with pytest.raises(Failure, match="No room"):
            await beginning
        assert (held.went, held.kept) == (False, True)
        later, more = begun_in_a_store(), Held()
        later.settle(stored=True)
        later.set_result(None)
        writes.hand_over(later)
        with pytest.raises(Failure, match="No room"):
            await writes.begin(more)
        assert not more.went
        with pytest.raises(Failure, match="No room"):
            writes.fail()


async def test_what_is_held_stays_where_the_call_is_cancelled_before_it_is_stored() -> None:
    writes, write, held = Writes(), begun_in_a_store(), Held()
    writes.hand_over(write)
    beginning = asyncio.ensure_future(writes.begin(held))
    await _turns()
    beginning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beginning
    write.settle(stored=True)
    assert not held.went


async def test_what_is_held_stays_where_the_store_answers_too_late() -> None:
    writes, write, held = Writes(), begun_in_a_store(), Held()
    writes.hand_over(write)
    beginning = asyncio.ensure_future(writes.begin(held))
    await _turns()
    write.set_exception(Failure("storage_failed", "It did not answer."))
    with pytest.raises(Failure, match="did not answer"):
        await beginning
    write.settle(stored=True)
    assert not held.went


async def test_what_is_held_goes_at_once_where_nothing_is_on_its_way() -> None:
    writes, held = Writes(), Held()
    await writes.begin(held)
    assert held.went


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
