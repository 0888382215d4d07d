"""The connections of a workspace's proxy, seen from the daemon: told one by one, taken or turned away."""

from __future__ import annotations

import collections
from collections.abc import AsyncIterator
from typing import Any

from journeyman.failures import Failure
from journeyman.guest.channel import Channel
from journeyman.guest.connection import Connection
from journeyman.guest.tunnel import GuestTunnel

UNHEARD_MAX = 1024
"""Connections told and not yet looked at. The guest lets far fewer wait, so more is no guest of ours."""
TAKE_S = 10.0


class GuestWayOut:
    """Implements `ports.guest.WayOut`."""

    def __init__(self, connection: Connection, channel: Channel) -> None:
        self._connection = connection
        self._channel = channel
        self._told: collections.deque[int] = collections.deque()
        self._ready = False
        channel.on_note = self._noted

    @classmethod
    async def start(cls, connection: Connection, *, timeout_s: float) -> GuestWayOut:
        channel = connection.open("way_out", {})
        way_out = cls(connection, channel)
        too_late = Failure("timeout", "The workspace did not offer its proxy in time.", retryable=True)
        async with channel.within(timeout_s, too_late):
            await channel.noted(lambda: way_out._ready)
        return way_out

    def _noted(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self._ready = True
        elif len(self._told) >= UNHEARD_MAX:
            raise ValueError("more connections than can wait")
        else:
            self._told.append(int(message["connection"]))

    async def knocks(self) -> AsyncIterator[GuestKnock]:
        while True:
            while self._told:
                yield GuestKnock(self._connection, self._channel, self._told.popleft())
            if self._channel.ended:
                break
            await self._channel.noted(lambda: bool(self._told))
        if self._channel.failure is not None:
            raise self._channel.failure

    def close(self) -> None:
        self._channel.close()


class GuestKnock:
    """Implements `ports.guest.Knock`."""

    def __init__(self, connection: Connection, channel: Channel, ident: int) -> None:
        self._connection = connection
        self._channel = channel
        self._ident = ident

    async def accept(self) -> GuestTunnel:
        return await GuestTunnel.start(
            self._connection, "take", {"connection": self._ident}, timeout_s=TAKE_S
        )

    def turn_away(self) -> None:
        self._channel.note({"away": self._ident})
