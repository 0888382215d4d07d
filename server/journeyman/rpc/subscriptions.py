"""What one client follows: a pump per chat from the event log to the outbox.

Durable events keep to the reader's pace (the pump waits for room, and for credit where the client wants it
so; the log's subscription catches up from the store), so a slow reader costs a bounded amount of memory and
loses nothing but deltas.
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

MOVES_CHANGES = {
    "checkpoint/made": "checkpoint",
    "checkpoint/restored": "rewind",
    "changes/decided": "decision",
}
CHATS_MAX = 256
"""Most chats one connection may follow."""
BY_NAME = {"todo/changed": "todo/didChange", "queue/changed": "agent/queue/didChange"}
"""Events that are also told as notifications of their own."""


class Subscriptions:
    def __init__(self, peer: Peer, events: EventLog) -> None:
        self._peer = peer
        self._events = events
        self._pumps: dict[str, _Pump] = {}

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

    def follow(self, chat_id: str, after: int, *, max_unacked: int | None = None) -> None:
        """Send the chat's events with seq > `after`, replacing an earlier subscription to it. With
        `max_unacked` only so many before `acknowledge`."""
        self.drop(chat_id)
        pump = _Pump(self._peer, self._events.subscribe(chat_id, after=after), after, max_unacked)
        pump.task = self._peer.start(pump.run(), f"events of {chat_id}")
        self._pumps[chat_id] = pump
        pump.task.add_done_callback(lambda _: self._ended(chat_id, pump))

    def acknowledge(self, chat_id: str, seq: int) -> None:
        """Of a chat that is not followed any more it means nothing."""
        if (pump := self._pumps.get(chat_id)) is not None:
            pump.acknowledge(seq)

    def held(self, chat_id: str) -> int:
        """About how many characters wait in memory for this client."""
        pump = self._pumps.get(chat_id)
        return 0 if pump is None else pump.held

    def drop(self, chat_id: str) -> None:
        pump = self._pumps.pop(chat_id, None)
        if pump is not None:
            pump.close()

    def close(self) -> None:
        for chat_id in list(self._pumps):
            self.drop(chat_id)

    def _ended(self, chat_id: str, pump: _Pump) -> None:
        pump.close()
        if self._pumps.get(chat_id) is pump:
            del self._pumps[chat_id]


class _Pump:
    """One chat's events on their way to one client."""

    def __init__(self, peer: Peer, subscription: Subscription, after: int, max_unacked: int | None) -> None:
        self._peer = peer
        self._subscription = subscription
        self._max_unacked = max_unacked
        self._sent = after
        self._taken = after
        self._news = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    @property
    def held(self) -> int:
        return self._subscription.held

    def acknowledge(self, seq: int) -> None:
        self._taken = max(self._taken, min(seq, self._sent))
        self._news.set()

    def close(self) -> None:
        self._subscription.close()
        if self.task is not None:
            self.task.cancel()

    async def run(self) -> None:
        async for event in self._subscription:
            message = notification("agent/event", wire.event(event).wire())
            if not event.durable:
                self._peer.outbox.delta(delta_key(event), message)
                continue
            self._peer.outbox.must(message)
            self._sent = event.seq
            if event.kind in BY_NAME:
                self._peer.notify(BY_NAME[event.kind], {"chatId": event.chat_id, **event.data})
            elif (reason := MOVES_CHANGES.get(event.kind)) and event.data.get("files") != 0:
                run = {"runId": event.run_id} if event.run_id is not None else {}
                self._peer.notify("changes/didChange", {"chatId": event.chat_id, **run, "reason": reason})
            await self._peer.outbox.room()
            await self._credit()

    async def _credit(self) -> None:
        """Wait until the client has taken enough. Deltas that come meanwhile are joined, then dropped."""
        while self._max_unacked is not None and self._sent - self._taken >= self._max_unacked:
            self._news.clear()
            await self._news.wait()


def delta_key(event: Event) -> tuple[Any, ...]:
    """Deltas with the same key are pieces of one text."""
    return ("delta", event.chat_id, event.run_id, event.item_id, event.kind, event.data.get("channel"))
