"""What waits to be written to one connection, within a bound.

Three sorts of message: those that must arrive (answers, durable events, requests of ours, the begin and
end of progress), text deltas (joined with the one before while they wait, dropped when room is needed;
the next one then says `gap: true`), and states (the newest replaces the one that waits). A peer that
lets what must arrive pile up beyond the bound is behind for good: the outbox breaks, the connection is
closed, and the client can subscribe again from its last event.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from journeyman.rpc import jsonbody
from journeyman.rpc.framing import encode
from journeyman.rpc.limits import Limits

Sort = Literal["must", "delta", "state"]
_BATCH_BYTES = 64 * 1024


class ByteWriter(Protocol):
    """The part of `asyncio.StreamWriter` this needs."""

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


def _unknown() -> int:
    """Perhaps something: nothing is written at once then."""
    return 1


@dataclass(slots=True)
class _Entry:
    sort: Sort
    key: Hashable
    size: int
    body: bytes | None
    message: dict[str, Any] | None = None
    """A delta is kept as a message until it is written, so that the next one can join it."""


class Outbox:
    def __init__(self, limits: Limits, on_broken: Callable[[str], None]) -> None:
        self.frame: Callable[[bytes], bytes] = encode
        """How a body becomes bytes of the stream; changed before anything is queued, or not at all."""
        self._limits = limits
        self._on_broken = on_broken
        self._entries: deque[_Entry] = deque()
        self._bytes = 0
        self._gaps: set[Hashable] = set()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._finishing = False
        self._broken = False
        self._idle: ByteWriter | None = None
        """The writer while `pump` waits for something to write."""
        self._unsent: Callable[[], int] = _unknown
        self._drained = True
        self.dropped = 0
        """Deltas and states this peer never got."""

    @property
    def waiting_bytes(self) -> int:
        return self._bytes

    @property
    def broken(self) -> bool:
        return self._broken

    def must(self, message: dict[str, Any] | bytes) -> None:
        """Queue a message that is never dropped."""
        body = message if isinstance(message, bytes) else jsonbody.dump(message)
        self._add(_Entry("must", None, len(body), body))

    def at_once(self, body: bytes) -> None:
        """As `must`, for an answer somebody waits for: written here and now where nothing is before it. What
        else comes in the same moment is gathered and written together."""
        writer = self._idle
        if writer is None or self._entries or self._unsent():
            self.must(body)
            return
        self._idle = None
        try:
            writer.write(self.frame(body))
        except (OSError, RuntimeError) as error:
            self._break(f"The connection is gone: {error}.")
            return
        asyncio.get_running_loop().call_soon(self._written, writer)

    def _written(self, writer: ByteWriter) -> None:
        if self._unsent():
            self._drained = False
            self._wake.set()
        elif not self._entries and not self._finishing and not self._broken:
            self._idle = writer

    def delta(self, key: Hashable, message: dict[str, Any]) -> None:
        """Queue `{..., params: {..., data: {text, ...}}}`; joined with a waiting one of the same key."""
        data: dict[str, Any] = message["params"]["data"]
        text: str = data.get("text", "")
        last = self._entries[-1] if self._entries else None
        if last is not None and last.sort == "delta" and last.key == key and last.message is not None:
            last.message["params"]["data"]["text"] += text
            last.size += len(text)
            self._count(len(text))
            return
        if key in self._gaps:
            self._gaps.discard(key)
            data = {**data, "gap": True}
        message = {**message, "params": {**message["params"], "data": dict(data)}}
        self._add(_Entry("delta", key, len(text) + 256, None, message))

    def state(self, key: Hashable, message: dict[str, Any]) -> None:
        """Queue a message of which only the newest per key matters; it takes the older one's place."""
        body = jsonbody.dump(message)
        for entry in self._entries:
            if entry.sort == "state" and entry.key == key:
                grown = len(body) - entry.size
                entry.body, entry.size = body, len(body)
                self.dropped += 1
                self._count(grown)
                return
        self._add(_Entry("state", key, len(body), body))

    async def room(self) -> None:
        """Wait until less than half of the bound is taken: how a stream of events keeps to its reader.
        Nobody waits once the connection is ending."""
        while not self._room.is_set() and not self._broken and not self._finishing:
            await self._room.wait()

    def finish(self) -> None:
        """Nothing more will be queued; `pump` ends when all is written."""
        self._finishing = True
        self._idle = None
        self._wake.set()
        self._room.set()

    def _add(self, entry: _Entry) -> None:
        if self._broken or self._finishing:
            return
        if self._bytes > self._limits.outbox_bytes and entry.sort != "must":
            self._drop(entry)
            return
        self._entries.append(entry)
        self._count(entry.size)

    def _count(self, size: int) -> None:
        held = self._bytes
        self._bytes += size
        if self._bytes > self._limits.outbox_bytes:
            self._make_room()
            # One message may be larger than the bound; it is what waited before it that counts.
            if held > self._limits.outbox_bytes and self._bytes > self._limits.outbox_bytes:
                self._break("The client does not read what it is sent.")
        if self._bytes > self._limits.outbox_bytes // 2:
            self._room.clear()
        self._wake.set()

    def _make_room(self) -> None:
        kept: deque[_Entry] = deque()
        for entry in self._entries:
            if entry.sort == "must":
                kept.append(entry)
            else:
                self._bytes -= entry.size
                self._drop(entry)
        self._entries = kept

    def _drop(self, entry: _Entry) -> None:
        self.dropped += 1
        if entry.sort == "delta":
            self._gaps.add(entry.key)

    def _break(self, reason: str) -> None:
        if self._broken:
            return
        self._broken = True
        self._idle = None
        self._entries.clear()
        self._bytes = 0
        self._wake.set()
        self._room.set()
        self._on_broken(reason)

    def _take(self) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while self._entries and size < _BATCH_BYTES:
            entry = self._entries.popleft()
            self._bytes -= entry.size
            body = entry.body if entry.body is not None else jsonbody.dump(entry.message)
            piece = self.frame(body)
            size += len(piece)
            pieces.append(piece)
        if self._bytes <= self._limits.outbox_bytes // 2:
            self._room.set()
        return b"".join(pieces)

    async def pump(self, writer: ByteWriter, unsent: Callable[[], int] = _unknown) -> None:
        """Write until `finish` and empty, or until the peer is gone or stalls. The only writer there is but
        `at_once`. `unsent`: how many bytes of what was written the system has not taken yet."""
        self._unsent = unsent
        while not self._broken:
            if not self._entries and self._drained:
                if self._finishing:
                    return
                self._wake.clear()
                self._idle = writer
                await self._wake.wait()
                self._idle = None
                continue
            try:
                if self._entries:
                    writer.write(self._take())
                self._drained = True
                if unsent():
                    async with asyncio.timeout(self._limits.stall_s):
                        await writer.drain()
            except TimeoutError:
                self._break(f"The client has not read for {self._limits.stall_s:.0f} s.")
            except (OSError, RuntimeError) as error:
                self._break(f"The connection is gone: {error}.")
