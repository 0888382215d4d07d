"""What one client follows: a pump per chat from the event log to the outbox.

Durable events keep to the reader's pace (the pump waits for room, and the log's subscription catches up
from the store), so a slow reader costs a bounded amount of memory and loses nothing but deltas.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from journeyman.failures import Failure
from journeyman.records import Event
from journeyman.rpc import wire
from journeyman.rpc.peer import Peer, notification

if TYPE_CHECKING:
    from journeyman.chat.event_log import EventLog
    from journeyman.chat.subscription import Subscription

CHATS_MAX = 256
"""Most chats one connection may follow."""
BY_NAME = {"todo/changed": "todo/didChange", "queue/changed": "agent/queue/didChange"}
"""Events that are also told as notifications of their own."""


class Subscriptions:
    def __init__(self, peer: Peer, events: EventLog) -> None:
        self._peer = peer
        self._events = events
        self._pumps: dict[str, tuple[Subscription, asyncio.Task[None]]] = {}

    def __len__(self) -> int:
        return len(self._pumps)

    def follows(self, chat_id: str) -> bool:
        return chat_id in self._pumps

    def check_room(self, chat_id: str) -> None:
        """Raise `overloaded` where this connection follows too many chats already."""
        if chat_id not in self._pumps and len(self._pumps) >= CHATS_MAX:
            raise Failure(
                "overloaded",
                f"This connection follows {CHATS_MAX} chats.",
                hint="Unsubscribe from one, or open another connection.",
            )

    def follow(self, chat_id: str, after: int) -> None:
        """Send the chat's events with seq > `after`, replacing an earlier subscription to it."""
        self.drop(chat_id)
        subscription = self._events.subscribe(chat_id, after=after)
        task = self._peer.start(self._pump(subscription), f"events of {chat_id}")
        self._pumps[chat_id] = (subscription, task)
        task.add_done_callback(lambda _: self._ended(chat_id, subscription))

    def drop(self, chat_id: str) -> None:
        pump = self._pumps.pop(chat_id, None)
        if pump is not None:
            subscription, task = pump
            subscription.close()
            task.cancel()

    def close(self) -> None:
        for chat_id in list(self._pumps):
            self.drop(chat_id)

    def _ended(self, chat_id: str, subscription: Subscription) -> None:
        subscription.close()
        pump = self._pumps.get(chat_id)
        if pump is not None and pump[0] is subscription:
            del self._pumps[chat_id]

    async def _pump(self, subscription: Subscription) -> None:
        async for event in subscription:
            message = notification("agent/event", wire.event(event).wire())
            if not event.durable:
                self._peer.outbox.delta(delta_key(event), message)
                continue
            self._peer.outbox.must(message)
            if event.kind in BY_NAME:
                self._peer.notify(BY_NAME[event.kind], {"chatId": event.chat_id, **event.data})
            await self._peer.outbox.room()


def delta_key(event: Event) -> tuple[Any, ...]:
    """Deltas with the same key are pieces of one text."""
    return ("delta", event.chat_id, event.run_id, event.item_id, event.kind, event.data.get("channel"))
