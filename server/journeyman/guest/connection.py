"""One connection to a guest: frames in and out, many channels, credit on each, and one way to be lost.

Knows nothing of files or processes. When the connection goes, every pending call raises
`Failure("workspace_failed", retryable=True)` at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
import struct
import threading
from pathlib import Path
from typing import Any, cast

from journeyman.failures import Failure
from journeyman.guest.channel import Channel
from journeyman.guest.frames import failure_of, lost
from journeyman.guest.inside import wire

APART_BYTES = 16 * 1024
TOGETHER_MAX = 16
"""Most frames that wait for the end of a turn of the loop, to go at once."""
READ_BYTES = 64 * 1024
BULK_BYTES = wire.FRAME_MAX + READ_BYTES
"""Room for what is read, at first and once large frames come."""


def open_socket(path: Path) -> socket.socket:
    """Connect to the very socket at `path`, in whatever directory: a workspace could put a link to some
    other program's socket there, and the path may be longer than a socket's address may be."""
    handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISSOCK(os.fstat(handle).st_mode):
            raise ConnectionRefusedError(f"{path.name} is not a socket")
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            sock.setblocking(False)
            sock.connect(f"/proc/self/fd/{handle}")
        except OSError:
            sock.close()
            raise
        return sock
    finally:
        os.close(handle)


class Connection(asyncio.BufferedProtocol):
    """The daemon's end. Made by `connect`; safe for concurrent use on one loop."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._sending = threading.Lock()
        """Held for whole frames, and never while anything is waited for."""
        self._behind: list[bytes] = []
        """Frames to be sent at the end of this turn of the loop, before anything else."""
        self._flushes = False
        self._room = memoryview(bytearray(READ_BYTES))
        self._start = self._end = 0
        """What was read and not taken yet, in `_room`."""
        self._channels: dict[int, Channel] = {}
        self._last = 0
        self._lost: Failure | None = None
        self._writable: asyncio.Event = asyncio.Event()
        self._writable.set()
        self.hello: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    @property
    def alive(self) -> bool:
        return self._lost is None

    def open(self, operation: str, arguments: dict[str, Any], body: bytes = b"") -> Channel:
        """Start a call. `body` may be at most PIECE bytes; more goes through the channel."""
        if self._lost is not None:
            raise self._lost
        payload = wire.to_json({"op": operation, **arguments}) + b"\n" + body
        if len(payload) > wire.FRAME_MAX:
            raise Failure(
                "invalid",
                "The call is too long for the workspace.",
                hint="Pass long input by a file or by standard input.",
            )
        self._last += 1
        channel = Channel(self, self._last)
        self._channels[channel.ident] = channel
        self.send(channel.ident, wire.OPEN, payload)
        return channel

    def send(self, channel: int, kind: int, payload: bytes | memoryview = b"", *, last: bool = False) -> None:
        """Queue one frame, and behind the `last` of a channel its END. Bounded by credit and by `drained`;
        dropped silently once the peer is gone."""
        if self._transport is None or self._lost is not None:
            return
        header = wire.HEADER.pack(len(payload), channel, kind)
        end = wire.HEADER.pack(0, channel, wire.END) if last else b""
        with self._sending:
            if len(payload) < APART_BYTES:
                self._behind.append(b"".join((header, payload, end)))  # a buffer may be used again at once
                if len(self._behind) >= TOGETHER_MAX:
                    self._catch_up(self._transport)
                elif not self._flushes:
                    self._flushes = True
                    self._loop.call_soon(self._flush)
            else:  # not copied, as long as the socket takes it
                self._catch_up(self._transport)
                self._transport.write(header)
                self._transport.write(payload)
                self._transport.write(end)

    def send_now(self, frame: bytes) -> None:
        """As `send`, of a frame that is made already, from any thread. Neither waits nor raises."""
        with self._sending:
            if self._transport is None or self._lost is not None:
                return
            rest = frame
            # What the loop still has to write would be cut in two by this.
            if not self._behind and not self._transport.get_write_buffer_size():
                try:
                    rest = frame[self._sock.send(frame) :]
                except BlockingIOError:
                    pass
                except OSError:
                    return  # the loop will see
            if not rest:
                return
            self._behind.append(rest)
        with contextlib.suppress(RuntimeError):  # the loop is gone, and the guest with it
            self._loop.call_soon_threadsafe(self._flush)

    def _flush(self) -> None:
        with self._sending:
            self._flushes = False
            if self._transport is not None and self._lost is None:
                self._catch_up(self._transport)

    def _catch_up(self, transport: asyncio.Transport) -> None:
        if self._behind:
            transport.write(b"".join(self._behind))
            self._behind.clear()

    async def drained(self) -> None:
        """Wait until what was queued is on its way. Raises when the connection is lost meanwhile."""
        await self._writable.wait()
        if self._lost is not None:
            raise self._lost

    def close(self, why: str = "the connection was closed") -> None:
        self._flush()
        self._fail(lost(why))
        if self._transport is not None:
            self._transport.close()

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(lost("the guest ended" if exc is None else f"the connection broke ({exc})"))

    def get_buffer(self, sizehint: int) -> memoryview:
        if self._start == self._end:
            self._start = self._end = 0
        elif len(self._room) - self._end < READ_BYTES:
            waiting, room = self._room[self._start : self._end], self._room
            if len(waiting) >= READ_BYTES // 2 and len(room) < BULK_BYTES:
                room = memoryview(bytearray(BULK_BYTES))
            room[: len(waiting)] = waiting
            self._room, self._start, self._end = room, 0, len(waiting)
        return self._room[self._end :]

    def buffer_updated(self, nbytes: int) -> None:
        self._end += nbytes
        room, at, end = self._room, self._start, self._end
        try:
            while end - at >= wire.HEADER.size:
                length, channel, kind = wire.HEADER.unpack_from(room, at)
                if length > wire.FRAME_MAX:
                    raise ValueError("a frame is too long")
                start = at + wire.HEADER.size
                if end - start < length:
                    break
                at = start + length
                self._take(channel, kind, bytes(room[start:at]))
        except (ValueError, KeyError, TypeError, struct.error, RecursionError):
            self.close("the guest sends what cannot be read")
            return
        self._start = at

    def _take(self, ident: int, kind: int, payload: bytes) -> None:
        if ident == 0 and kind == wire.HELLO:
            if not self.hello.done():
                self.hello.set_result(_object(payload))
            return
        channel = self._channels.get(ident)
        if channel is None:
            return  # closed by us while this was on its way
        if kind == wire.DATA:
            channel.take_data(payload)
        elif kind == wire.END:
            channel.take_end()
        elif kind == wire.CREDIT:
            channel.take_credit(struct.unpack("!I", payload)[0])
        elif kind == wire.NOTE:
            channel.take_note(_object(payload))
        elif kind == wire.RESULT:
            del self._channels[ident]
            channel.take_result(_object(payload))
        elif kind == wire.ERROR:
            del self._channels[ident]
            channel.take_failure(failure_of(_object(payload)))
        else:
            raise ValueError("an unknown frame")

    def forget(self, ident: int) -> None:
        self._channels.pop(ident, None)

    def _fail(self, failure: Failure) -> None:
        if self._lost is not None:
            return
        self._lost = failure
        self._writable.set()
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            channel.take_failure(failure)
        if not self.hello.done():
            self.hello.set_exception(failure)
            self.hello.exception()  # seen, even where nobody waits for it


def _object(payload: bytes) -> dict[str, Any]:
    value = json.loads(payload)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value  # pyright: ignore[reportUnknownVariableType]  # JSON from outside: checked where used


async def connect(path: Path, *, timeout_s: float = 5.0) -> Connection:
    """Connect and greet. Raises OSError where nobody listens (yet), Failure where the guest is not ours."""
    loop = asyncio.get_running_loop()
    sock = open_socket(path)
    try:
        _, connection = await loop.create_unix_connection(lambda: Connection(sock), sock=sock)
    except BaseException:  # the socket is nobody else's, cancelled or not
        sock.close()
        raise
    try:
        async with asyncio.timeout(timeout_s):
            hello = await connection.hello
    except TimeoutError:
        connection.close()
        raise lost("the guest does not greet") from None
    except BaseException:  # nobody will close it, cancelled or not
        connection.close()
        raise
    if hello.get("version") != wire.VERSION:
        connection.close()
        raise Failure(
            "workspace_failed",
            f"The workspace runs guest version {hello.get('version')}, this daemon needs {wire.VERSION}.",
            hint="Archive the workspace and open it again to start it with the new guest.",
        )
    return connection


async def connect_when_ready(path: Path, *, timeout_s: float, alive: Any = None) -> Connection:
    """As `connect`, but waits for the guest to come up. `alive()` false ends the wait early."""
    pause = 0.002
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                with contextlib.suppress(FileNotFoundError, ConnectionRefusedError, BlockingIOError):
                    return await connect(path, timeout_s=timeout_s)
                if alive is not None and not alive():
                    raise lost("the guest did not start")
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, 0.05)
    except TimeoutError:
        raise lost(f"the guest did not answer within {timeout_s:.0f} s") from None
