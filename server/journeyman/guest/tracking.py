"""Tracking a workspace, seen from the daemon: what moved, asked for when somebody needs to know."""

from __future__ import annotations

import struct
from typing import Any

from journeyman.failures import Failure
from journeyman.guest.bulk import LOOK_BYTES_MAX, next_piece
from journeyman.guest.channel import Channel
from journeyman.guest.connection import Connection
from journeyman.guest.frames import lost, tree_entries
from journeyman.guest.inside import wire
from journeyman.ports.guest import TreeEntry
from journeyman.ports.tracking import Moved


class GuestTracking:
    """Implements `ports.guest.Tracking`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._rest = b""

    @classmethod
    async def start(
        cls, connection: Connection, options: dict[str, Any], *, timeout_s: float
    ) -> GuestTracking:
        channel = connection.open("track", options)
        ready: list[object] = []
        channel.on_note = ready.append
        too_late = Failure("timeout", "The workspace did not begin to watch in time.", retryable=True)
        async with channel.within(timeout_s, too_late):
            await channel.noted(lambda: bool(ready))
        return cls(channel)

    async def moved(self) -> Moved:
        await self._channel.send(b"?")
        head = await self._exactly(wire.MOVED.size)
        try:
            size, flags = wire.MOVED.unpack(head)
        except struct.error:
            raise lost("what moved in it cannot be read") from None
        if size > LOOK_BYTES_MAX:
            raise lost("it tells of more than can be")
        entries: list[TreeEntry] = []
        gone: set[bytes] = set()
        for entry in tree_entries(await self._exactly(size)):
            if entry.kind == "other":
                gone.add(entry.path)
            else:
                entries.append(entry)
        return Moved(tuple(entries), frozenset(gone), bool(flags & wire.LOST))

    async def _exactly(self, size: int) -> bytes:
        while len(self._rest) < size:
            data = await next_piece(self._channel)
            if data is None:
                raise lost("it does not watch any more")
            self._rest += data
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def close(self) -> None:
        self._channel.close()
