"""Whatever appenders, readers, cancellations and reconnections do: what a reader got is the log.

`JOURNEYMAN_TEST_STREAMS` makes it longer; a failure names its seed."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from journeyman.chat.event_log import EventLog
from journeyman.records import Event
from journeyman.testing.clock import FakeClock
from unit.event_log_parts import Shaken, open_store

STREAMS = int(os.environ.get("JOURNEYMAN_TEST_STREAMS", "40"))
APPENDS = 40


async def pause(rng: random.Random) -> None:
    for _ in range(rng.choice((0, 1, 1, 3, 20))):
        await asyncio.sleep(0)
    if rng.random() < 0.05:
        await asyncio.sleep(0.001)


async def appender(log: EventLog, rng: random.Random) -> None:
    for number in range(APPENDS):
        await pause(rng)
        if rng.random() < 0.2:
            appending = log.append("c1", "notice", {"n": number})
            await pause(rng)
            appending.cancel()
            await asyncio.gather(appending, return_exceptions=True)
        elif rng.random() < 0.5:
            log.publish_delta("c1", "message/delta", {"text": f"d{number}", "channel": "text"})
        else:
            await log.append("c1", "notice", {"n": number})


class Reader:
    """Reads at a pace of its own, breaks off, comes back at the place it had reached."""

    def __init__(self, log: EventLog, rng: random.Random, *, from_now: bool) -> None:
        self.log = log
        self.rng = rng
        self.last: int | None = None if from_now else 0
        self.got: list[Event] = []
        self.deltas = 0

    async def read(self, until: asyncio.Future[int]) -> None:
        subscription = self.log.subscribe("c1", after=self.last)
        while not (until.done() and (self.last or 0) >= until.result()):
            await pause(self.rng)
            if self.rng.random() < 0.1 and self.last is not None:
                subscription.close()
                subscription = self.log.subscribe("c1", after=self.last)
            try:
                async with asyncio.timeout(self.rng.choice((0, 0.001, 0.02))):
                    event = await anext(subscription)
            except TimeoutError:
                continue
            if event.durable:
                self.got.append(event)
                self.last = event.seq
            else:
                assert event.seq == (self.last or event.seq), "a delta of another place"
                self.deltas += 1
        subscription.close()


@pytest.mark.parametrize("seed", range(STREAMS))
async def test_what_a_reader_got_is_the_log(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    store = await open_store(tmp_path)
    log = EventLog(
        Shaken(store.events, rng),
        FakeClock(),
        buffer_events_max=rng.choice((1, 3, 16)),
        page_events=rng.choice((1, 2, 16)),
    )
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    readers = [Reader(log, rng, from_now=number == 0) for number in range(5)]
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        reading = [group.create_task(reader.read(done)) for reader in readers]
        async with asyncio.TaskGroup() as appending:
            for _ in range(3):
                appending.create_task(appender(log, rng))
        # One more that nobody cancels: a reader from now on has something to end with.
        done.set_result((await log.append("c1", "notice", {"last": True})).seq)
    assert len(reading) == 5
    whole = list(await store.events.read("c1", after=0))
    assert [event.seq for event in whole] == list(range(1, done.result() + 1))
    assert len(whole) > APPENDS
    for reader in readers[1:]:
        assert reader.got == whole
    tail = readers[0].got
    assert tail == whole[len(whole) - len(tail) :]
    assert log.followers("c1") == 0
    await store.close()
