"""A real store with one chat, and a shaken view of it for the event log's tests."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

from contract.store_records import furnish
from journeyman.adapters.sqlite import SqliteStore
from journeyman.chat.event_log import EventLog
from journeyman.chat.subscription import Subscription
from journeyman.ports.store import EventStore
from journeyman.ports.writes import Write
from journeyman.records import Event
from journeyman.testing.clock import FakeClock


async def open_store(home: Path) -> SqliteStore:
    store = await SqliteStore.open(home / "journeyman.db", clock=FakeClock())
    await furnish(store)
    return store


async def take(subscription: Subscription, count: int) -> list[Event]:
    async with asyncio.timeout(90):
        return [await anext(subscription) for _ in range(count)]


async def append_many(log: EventLog, count: int, *, size: int = 1) -> list[Event]:
    return [await log.append("c1", "notice", {"message": "x" * size}) for _ in range(count)]


class Shaken:
    """The events of a store, whose answers come late and in an order of their own."""

    def __init__(self, events: EventStore, rng: random.Random) -> None:
        self._events = events
        self._rng = rng

    async def _shake(self) -> None:
        for _ in range(self._rng.choice((0, 0, 1, 2, 7))):
            await asyncio.sleep(0)

    def append(self, chat_id: str, kind: Any, data: dict[str, Any], **ids: Any) -> Write[Event]:
        answer: Write[Event] = Write(asyncio.get_running_loop())

        late = asyncio.ensure_future(self.late(chat_id, kind, data, **ids))

        def answered(_: asyncio.Future[Event]) -> None:
            if answer.done():
                return
            if late.cancelled():
                answer.cancel()
            elif (error := late.exception()) is not None:
                answer.set_exception(error)
            else:
                answer.set_result(late.result())

        late.add_done_callback(answered)
        answer.add_done_callback(lambda _: late.cancel())
        return answer

    async def late(self, chat_id: str, kind: Any, data: dict[str, Any], **ids: Any) -> Event:
        await self._shake()
        event = await self._events.append(chat_id, kind, data, **ids)
        await self._shake()
        return event

    async def bounds(self, chat_id: str) -> tuple[str, int, int]:
        await self._shake()
        found = await self._events.bounds(chat_id)
        await self._shake()
        return found

    async def read(
        self, chat_id: str, *, after: int, limit: int = 1000, characters_max: int | None = None
    ) -> tuple[Event, ...]:
        await self._shake()
        found = await self._events.read(chat_id, after=after, limit=limit, characters_max=characters_max)
        await self._shake()
        return found
