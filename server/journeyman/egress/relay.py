"""Carrying a connection: bytes between two streams, and an end for one on which nothing moves."""

from __future__ import annotations

import asyncio

from journeyman.ports.clock import Clock
from journeyman.ports.dialer import Stream


class Idle(Exception):  # noqa: N818 - a state, told by raising
    """Nothing moved in either direction for too long."""


class Watched:
    """A stream that says when something last moved on it."""

    def __init__(self, stream: Stream, pulse: Pulse) -> None:
        self._stream = stream
        self._pulse = pulse

    async def receive(self) -> bytes | None:
        data = await self._stream.receive()
        self._pulse.beat()
        return data

    async def send(self, data: bytes) -> None:
        await self._stream.send(data)
        self._pulse.beat()

    def end(self) -> None:
        self._stream.end()

    def close(self) -> None:
        self._stream.close()


class Pulse:
    def __init__(self, clock: Clock, idle_s: float) -> None:
        self._clock = clock
        self._idle_s = idle_s
        self._last = clock.monotonic()

    def beat(self) -> None:
        self._last = self._clock.monotonic()

    async def watch(self) -> None:
        """Raises Idle when the time is up; never returns."""
        while (left := self._last + self._idle_s - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)
        raise Idle


async def relay(inside: Stream, outside: Stream, *, first: bytes = b"") -> None:
    """Carry both ways until both halves ended. `first` goes out before anything else."""
    if first:
        await outside.send(first)
    async with asyncio.TaskGroup() as group:
        group.create_task(_carry(inside, outside))
        group.create_task(_carry(outside, inside))


async def _carry(source: Stream, sink: Stream) -> None:
    while (data := await source.receive()) is not None:
        await sink.send(data)
    sink.end()
