"""The event log's promises, one at a time, over a real store."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from journeyman.adapters.sqlite import SqliteStore
from journeyman.chat.event_log import EventLog
from journeyman.chat.subscription import BUFFER_CHARS_MAX, JOINED_CHARS_MAX, Subscription
from journeyman.failures import Failure
from journeyman.records import Event
from journeyman.testing.clock import FakeClock
from unit.event_log_parts import Shaken, append_many, open_store, take


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await open_store(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def log(store: SqliteStore) -> EventLog:
    return EventLog(store.events, FakeClock(), buffer_events_max=8, page_events=4)


def delta(log: EventLog, text: str, call: str = "k") -> None:
    log.publish_delta("c1", "tool/output", {"callId": call, "text": text}, run_id="r1")


@pytest.mark.parametrize("after", [0, 1, 4, 5, 9, 10])
async def test_what_was_stored_comes_first_and_then_what_happens(log: EventLog, after: int) -> None:
    past = await append_many(log, 10)
    subscription = log.subscribe("c1", after=after)
    assert await take(subscription, 10 - after) == past[after:]
    now = await append_many(log, 3)
    assert await take(subscription, 3) == now
    assert not subscription.gap


async def test_from_now_on(log: EventLog) -> None:
    await append_many(log, 5)
    subscription = log.subscribe("c1", after=None)
    now = await append_many(log, 20)
    assert await take(subscription, 20) == now


async def test_from_now_on_begins_at_the_first_wait_at_the_latest(log: EventLog) -> None:
    await append_many(log, 5)
    subscription = log.subscribe("c1", after=None)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(subscription), 0.05)
    assert await take(subscription, 0) == []
    now = await append_many(log, 1)
    assert await take(subscription, 1) == now


async def test_every_reader_gets_everything_of_its_own_chat(log: EventLog) -> None:
    readers = [log.subscribe("c1", after=0) for _ in range(5)]
    events = await append_many(log, 6)
    await log.append("c2", "notice", {})
    for reader in readers:
        assert await take(reader, 6) == events
    assert log.followers("c1") == 5
    assert log.followers("c2") == 0


async def test_a_reader_that_never_reads_holds_nobody_up_and_little_memory(log: EventLog) -> None:
    idle = log.subscribe("c1", after=0)
    await take(log.subscribe("c1", after=None), 0)
    for _ in range(50):
        await append_many(log, 1, size=BUFFER_CHARS_MAX // 4)
        for number in range(50):
            delta(log, "d" * 5000, call=str(number))
        assert len(idle._buffer) <= 8
        assert idle._buffered_chars <= BUFFER_CHARS_MAX
    assert [event.seq for event in await take(idle, 50) if event.durable] == list(range(1, 51))


async def test_a_slow_reader_loses_deltas_before_anything_else(log: EventLog) -> None:
    first = await append_many(log, 1)
    subscription = log.subscribe("c1", after=0)
    assert await take(subscription, 1) == first
    for number in range(20):
        delta(log, "text", call=str(number))
    events = await append_many(log, 5)
    assert await take(subscription, 5) == events
    assert subscription.dropped_deltas == 20


async def test_deltas_that_wait_are_joined(log: EventLog) -> None:
    await append_many(log, 1)
    subscription = log.subscribe("c1", after=0)
    await take(subscription, 1)
    for text in ("a", "b", "c"):
        delta(log, text)
    delta(log, "other", call="k2")
    delta(log, "d")
    got = await take(subscription, 3)
    assert [(event.data["callId"], event.data["text"]) for event in got] == [
        ("k", "abc"),
        ("k2", "other"),
        ("k", "d"),
    ]
    assert [(event.seq, event.durable) for event in got] == [(1, False)] * 3
    for _ in range(3):
        delta(log, "x" * (JOINED_CHARS_MAX // 2 + 1))
    assert [len(event.data["text"]) for event in await take(subscription, 3)] == [
        JOINED_CHARS_MAX // 2 + 1
    ] * 3


async def test_a_delta_older_than_what_the_reader_has_is_not_shown(log: EventLog) -> None:
    await append_many(log, 1)
    subscription = log.subscribe("c1", after=0)
    await take(subscription, 1)
    delta(log, "stale")
    events = await append_many(log, 9)  # more than the buffer holds: the reader goes back to the store
    assert await take(subscription, 9) == events


async def test_deltas_reach_a_reader_that_came_later(log: EventLog, store: SqliteStore) -> None:
    await append_many(log, 3)
    later = EventLog(store.events, FakeClock())
    subscription = later.subscribe("c1", after=3)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(subscription), 0.05)
    later.publish_delta("c1", "message/delta", {"text": "hi", "channel": "text"})
    assert [(event.seq, event.epoch) for event in await take(subscription, 1)] == [(3, "epoch-c1")]


async def test_what_is_sent_is_what_is_stored(log: EventLog) -> None:
    data = {"list": (1, 2), "inner": {"a": 1}}
    subscription = log.subscribe("c1", after=0)
    live = await log.append("c1", "notice", data)
    data["inner"] = {"a": 2}
    assert await take(subscription, 1) == [live] == list(await log.read("c1", after=0))


async def test_announcements_out_of_order_are_put_in_order(store: SqliteStore) -> None:
    class LateAnswer(Shaken):
        """The first append is stored at once and answered when told."""

        stored = asyncio.Event()
        answer = asyncio.Event()

        async def late(self, chat_id: str, kind: Any, data: dict[str, Any], **ids: Any) -> Event:
            event = await super().late(chat_id, kind, data, **ids)
            if event.seq == 1:
                self.stored.set()
                await self.answer.wait()
            return event

    events = LateAnswer(store.events, random.Random(0))
    log = EventLog(events, FakeClock())
    subscription = log.subscribe("c1", after=0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(subscription), 0.05)
    first = log.append("c1", "notice", {"n": 1})
    await events.stored.wait()
    await log.append("c1", "notice", {"n": 2})
    assert [event.data["n"] for event in await take(subscription, 2)] == [1, 2]
    events.answer.set()
    await first
    await log.append("c1", "notice", {"n": 3})
    assert [event.data["n"] for event in await take(subscription, 1)] == [3]


async def test_a_cancelled_append_is_shown_if_it_was_stored(log: EventLog) -> None:
    subscription = log.subscribe("c1", after=0)
    await append_many(log, 1)
    await take(subscription, 1)
    async with asyncio.TaskGroup() as group:
        appending = log.append("c1", "notice", {"n": 2})
        waiting = group.create_task(anext(subscription))
        await asyncio.sleep(0)
        appending.cancel()
    assert appending.cancelled()
    assert [waiting.result()] == list(await log.read("c1", after=1))


async def test_a_cancelled_read_loses_nothing(log: EventLog) -> None:
    events = await append_many(log, 10)
    subscription = log.subscribe("c1", after=0)
    got: list[Event] = []
    for turns in range(400):
        task = asyncio.get_running_loop().create_task(anext(subscription))
        for _ in range(turns % 9):
            await asyncio.sleep(0)
        task.cancel()
        answer = await asyncio.gather(task, return_exceptions=True)
        got += [event for event in answer if isinstance(event, Event)]
        if len(got) == 10:
            break
        await asyncio.sleep(0.0005 * (turns % 2))
    got += await take(subscription, 10 - len(got))
    assert got == events


@pytest.mark.parametrize("after", [4, 1000, 2**60])
async def test_a_place_beyond_the_log_is_a_gap(log: EventLog, after: int) -> None:
    await append_many(log, 3)
    subscription = log.subscribe("c1", after=after)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(subscription), 0.05)
    assert subscription.gap
    now = await append_many(log, 2)
    assert await take(subscription, 2) == now


async def test_bounds(log: EventLog) -> None:
    assert await log.bounds("c1") == ("epoch-c1", 1, 0)
    await append_many(log, 3)
    assert await log.bounds("c1") == ("epoch-c1", 1, 3)


async def test_an_unknown_chat_is_not_found(log: EventLog) -> None:
    for call in (log.bounds("x"), log.append("x", "notice", {}), anext(log.subscribe("x", after=0))):
        with pytest.raises(Failure) as caught:
            await call
        assert caught.value.kind == "not_found"


async def ended(subscription: Subscription) -> list[Event]:
    async with asyncio.timeout(90):
        return [event async for event in subscription]


async def test_closing_a_subscription_ends_it_at_once(log: EventLog) -> None:
    await append_many(log, 3)
    subscription = log.subscribe("c1", after=0)
    await take(subscription, 1)
    subscription.close()
    subscription.close()
    assert await ended(subscription) == []
    assert log.followers("c1") == 0
    await append_many(log, 1)


async def test_closing_wakes_a_reader_that_waits(log: EventLog) -> None:
    subscription = log.subscribe("c1", after=None)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(ended(subscription))
        await asyncio.sleep(0.01)
        log.forget(["c1", "unknown"])
    assert waiting.result() == []


async def test_closing_the_log_hands_out_what_is_there(log: EventLog) -> None:
    events = await append_many(log, 30)
    subscription = log.subscribe("c1", after=0)
    await take(subscription, 1)
    log.close()
    assert await ended(subscription) == events[1:]
    with pytest.raises(Failure) as caught:
        log.subscribe("c1", after=0)
    assert caught.value.kind == "draining"
