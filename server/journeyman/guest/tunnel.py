"""A connection of a program in the workspace, seen from the daemon: bytes both ways under credit."""

from __future__ import annotations

from typing import Any

from journeyman.failures import Failure
from journeyman.guest.channel import Channel
from journeyman.guest.connection import Connection


class GuestTunnel:
    """Implements `ports.guest.Tunnel`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._ready = False
        self._ended = False
        channel.on_note = self._noted

    @classmethod
    async def start(
        cls, connection: Connection, operation: str, arguments: dict[str, Any], *, timeout_s: float
    ) -> GuestTunnel:
        """Of an operation that notes `ready` and then carries a socket."""
        channel = connection.open(operation, arguments)
        tunnel = cls(channel)
        too_late = Failure("timeout", "The workspace did not connect in time.", retryable=True)
        async with channel.within(timeout_s, too_late):
            await channel.noted(lambda: tunnel._ready)
        return tunnel

    def _noted(self, message: dict[str, Any]) -> None:
        self._ready = self._ready or bool(message.get("ready"))

    async def receive(self) -> bytes | None:
        return await self._channel.receive()

    async def send(self, data: bytes) -> None:
        await self._channel.send(data)

    def end(self) -> None:
        if not self._ended and not self._channel.ended:
            self._ended = True
            self._channel.end()

    async def over(self) -> None:
        await self._channel.result()

    def close(self) -> None:
        self._channel.close()
