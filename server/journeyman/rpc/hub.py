"""Every connection of the daemon, seen from above: how many there are, and what all of them hear."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from journeyman.rpc.peer import Peer, notification

if TYPE_CHECKING:
    from journeyman.rpc.questions import Asking


class Member(Protocol):
    peer: Peer

    def close_soon(self, reason: str) -> None: ...


class Hub:
    def __init__(self) -> None:
        self._members: set[Member] = set()
        self.empty = asyncio.Event()
        self.empty.set()
        self.draining = False
        """Once set, new runs are refused."""
        self.asking: Asking | None = None
        """Who brings questions to the clients."""
        self.last_left = time.monotonic()
        """When a connection ended last, for the idle exit."""

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Member]:
        return iter(tuple(self._members))

    def join(self, member: Member) -> None:
        self._members.add(member)
        self.empty.clear()

    def leave(self, member: Member) -> None:
        self._members.discard(member)
        if not self._members:
            self.empty.set()
        self.last_left = time.monotonic()

    def tell(self, method: str, params: dict[str, Any], *, of: str | None = None) -> None:
        """A notification to every initialised client that wants them. With `of` it is the state of that
        thing: a client that is behind gets the newest only."""
        for member in self:
            if not member.peer.initialized or not member.peer.can.events:
                continue
            if of is None:
                member.peer.notify(method, params)
            else:
                member.peer.outbox.state((method, of), notification(method, params))

    def greet(self, peer: Peer) -> None:
        """A client can be asked from now on, or follows more than before: show it what waits."""
        if self.asking is not None and peer.questions.can_ask:
            peer.start(self.asking.arrived(peer), "questions that wait")
