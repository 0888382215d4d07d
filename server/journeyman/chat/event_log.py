"""The one stream of events of a chat: persisted first, then published to whoever listens.

Publishing never waits: a reader that does not keep up falls back to reading the store
(`chat/subscription.py`). Knows nothing of connections and of what the events mean.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any

from journeyman.chat.subscription import BUFFER_EVENTS_MAX, PAGE_EVENTS, Subscription
from journeyman.failures import Failure
from journeyman.ports.clock import Clock
from journeyman.ports.store import EventStore
from journeyman.records import Event, EventKind

SUBSCRIPTIONS_MAX = 4096
"""Most readers of one chat; more are refused as `overloaded`."""


class EventLog:
    """The event logs of all chats. One per daemon; used from its event loop only."""

    def __init__(
        self,
        events: EventStore,
        clock: Clock,
        *,
        buffer_events_max: int = BUFFER_EVENTS_MAX,
        page_events: int = PAGE_EVENTS,
    ) -> None:
        """`buffer_events_max` and `page_events` bound what one subscription holds in memory."""
        self._events = events
        self._clock = clock
        self._buffer_events_max = buffer_events_max
        self._page_events = page_events
        self._channels: dict[str, _Channel] = {}
        self._closed = False

    def append(
        self,
        chat_id: str,
        kind: EventKind,
        data: dict[str, Any],
        *,
        run_id: str | None = None,
        item_id: str | None = None,
        patient: bool = False,
    ) -> asyncio.Future[Event]:
        """Store the event, then hand it to every subscription: on its way when this returns, done with once
        the future is, which answers it with its sequence number. `patient`: it may wait a few milliseconds
        for what else is to be stored.

        One that is cancelled may have stored its event all the same; then the subscriptions get it."""
        stored = self._events.append(chat_id, kind, data, run_id=run_id, item_id=item_id, patient=patient)
        stored.add_done_callback(partial(self._answered, chat_id))
        return stored

    def _answered(self, chat_id: str, stored: asyncio.Future[Event]) -> None:
        channel = self._channels.get(chat_id)
        if channel is None:
            return
        if stored.cancelled() or stored.exception() is not None:
            channel.look()  # it may have been stored all the same
        else:
            channel.publish(stored.result())

    def publish_delta(
        self,
        chat_id: str,
        kind: EventKind,
        data: dict[str, Any],
        *,
        run_id: str | None = None,
        item_id: str | None = None,
    ) -> None:
        """Hand a delta to whoever listens now. It is not stored, and a slow reader may not get it.

        A delta follows a durable event of this chat (`run/started` at least); one that does not is
        dropped."""
        channel = self._channels.get(chat_id)
        if channel is None or channel.head is None:
            return
        epoch, seq = channel.head
        delta = Event(
            chat_id, epoch, seq, self._clock.now(), kind, dict(data), run_id, item_id, durable=False
        )
        channel.push(delta)

    def subscribe(self, chat_id: str, *, after: int | None) -> Subscription:
        """Events with seq > `after`, stored ones first; 0 is everything, None is from now on.

        Nothing is read before the iteration begins; an unknown chat is `not_found` there. An `after`
        outside the log sets the subscription's `gap` and goes on from the nearest place; whoever knows
        the client's epoch compares it with `bounds` first."""
        if self._closed:
            raise Failure("draining", "The daemon is shutting down.", retryable=True)
        channel = self._channels.setdefault(chat_id, _Channel())
        if len(channel.subscriptions) >= SUBSCRIPTIONS_MAX:
            raise Failure(
                "overloaded",
                f"More than {SUBSCRIPTIONS_MAX} readers follow this chat.",
                hint="Close one of them and try again.",
                retryable=True,
            )
        subscription = Subscription(
            self._events,
            chat_id,
            after,
            on_head=channel.learn,
            on_close=self._unsubscribe,
            buffer_events_max=self._buffer_events_max,
            page_events=self._page_events,
        )
        channel.subscriptions[subscription] = None
        return subscription

    async def bounds(self, chat_id: str) -> tuple[str, int, int]:
        """(epoch, oldest seq, newest seq) of a chat's log; (epoch, 1, 0) when it is empty."""
        return await self._events.bounds(chat_id)

    async def read(
        self, chat_id: str, *, after: int, limit: int = 1000, characters_max: int | None = None
    ) -> tuple[Event, ...]:
        """Stored events with seq > `after`, in order, at most `limit`; beyond `characters_max` of text only
        the first."""
        return await self._events.read(chat_id, after=after, limit=limit, characters_max=characters_max)

    async def wait(self, chat_id: str, *, after: int) -> None:
        """Until there is a durable event after that place, or nothing more will come."""
        subscription = self.subscribe(chat_id, after=after)
        try:
            async for event in subscription:
                if event.durable:
                    return
        finally:
            subscription.close()

    def forget(self, chat_ids: Iterable[str]) -> None:
        """End the subscriptions of chats that are no more."""
        for chat_id in chat_ids:
            channel = self._channels.get(chat_id)
            for subscription in list(channel.subscriptions) if channel else ():
                subscription.close()

    def followers(self, chat_id: str) -> int:
        """How many subscriptions a chat has."""
        channel = self._channels.get(chat_id)
        return len(channel.subscriptions) if channel else 0

    def close(self) -> None:
        """End every subscription once it has handed out what it holds."""
        self._closed = True
        for channel in self._channels.values():
            for subscription in channel.subscriptions:
                subscription.end()

    def _unsubscribe(self, subscription: Subscription) -> None:
        channel = self._channels.get(subscription.chat_id)
        if channel is not None:
            channel.subscriptions.pop(subscription, None)
            if not channel.subscriptions:
                del self._channels[subscription.chat_id]


class _Channel:
    """The readers of one chat, and the newest durable event they could know of."""

    def __init__(self) -> None:
        self.subscriptions: dict[Subscription, None] = {}
        self.head: tuple[str, int] | None = None

    def learn(self, epoch: str, seq: int) -> None:
        if self.head is None or seq > self.head[1]:
            self.head = (epoch, seq)

    def publish(self, event: Event) -> None:
        self.learn(event.epoch, event.seq)
        self.push(event)

    def push(self, event: Event) -> None:
        for subscription in self.subscriptions:
            subscription.push(event)

    def look(self) -> None:
        for subscription in self.subscriptions:
            subscription.look()
