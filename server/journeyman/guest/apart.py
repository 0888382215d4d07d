"""One call over a connection of its own, with blocking reads, in which the guest may lend descriptors.

For worker threads: a transport of the loop throws descriptors away, and copies what it reads. One thread at a
time uses it, whichever; `close` may come from any at any time, and ends what one of them waits for. Every
descriptor is somebody's: held here until it is taken, closed with the call.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import socket
import struct
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

from journeyman.failures import Failure
from journeyman.guest.connection import open_socket
from journeyman.guest.frames import failure_of, lost
from journeyman.guest.inside import wire

HELD_MAX = 64
"""Most descriptors at a time: a guest within its credit has fewer on the way."""
ROOM_BYTES = wire.FRAME_MAX + 2 * wire.PIECE
CALL = 1
_INT, _CREDIT = struct.Struct("i"), struct.Struct("!I")
_SPACE = socket.CMSG_SPACE(HELD_MAX * _INT.size)


class ApartCall:
    def __init__(self, stall_s: float) -> None:
        """`stall_s`: how long the guest may stand still while we wait for it."""
        self._stall = struct.pack("ll", int(stall_s), 0)
        self._sock: socket.socket | None = None
        self._room = memoryview(bytearray(ROOM_BYTES))
        self._start: int = 0
        self._end: int = 0
        """What was read and not taken yet, in `_room`."""
        self._held: collections.deque[int] = collections.deque()
        self._ungranted = 0
        self._credit = wire.WINDOW
        self._early: collections.deque[memoryview] = collections.deque()
        """Pieces that came while we waited to send."""
        self._noted = False
        self._answer: dict[str, Any] | None = None
        self._failure: Failure | None = None
        self._in_use = threading.Lock()
        self._closed = False

    @contextlib.contextmanager
    def used(self) -> Generator[None]:
        """Around everything a thread does with it."""
        try:
            with self._in_use:
                if self._closed:
                    raise lost("the call was dropped")
                yield
        finally:
            self._dispose()

    def close(self) -> None:
        self._closed = True
        if (sock := self._sock) is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._dispose()

    def _dispose(self) -> None:
        """Once it is closed and no thread uses it: by whoever finds it so."""
        if self._closed and self._in_use.acquire(blocking=False):
            try:
                while self._held:
                    os.close(self._held.popleft())
                if self._sock is not None:
                    self._sock.close()
            finally:
                self._in_use.release()

    # What a thread does that uses it.

    def open(self, path: Path, operation: str, arguments: dict[str, Any], body: bytes) -> None:
        """Connect, be greeted, and call. Raises OSError where the guest takes no more connections."""
        sock = self._sock = open_socket(path)
        sock.setblocking(True)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            sock.setsockopt(socket.SOL_SOCKET, option, self._stall)
        while self._frame() is None:
            if not self._read_more():
                raise ConnectionRefusedError("it does not greet")
        self._send(wire.OPEN, wire.to_json({"op": operation, **arguments}) + b"\n" + body)

    def receive(self) -> memoryview | None:
        """The next piece, good until the next call; None once the answer is there. Raises the failure."""
        if self._early:
            return self._early.popleft()
        while self._answer is None:
            if (piece := self._next()) is not None:
                return piece
        return None

    def noted(self) -> None:
        """Wait for a note."""
        while not self._noted:
            self._wait()

    def result(self, *, stall_s: float | None = None) -> dict[str, Any]:
        """The answer; pieces that nobody took are thrown away. `stall_s`: instead of what was said before."""
        assert self._sock is not None
        if stall_s is not None:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(stall_s), 0))
        while self._answer is None:
            self._next()
        return self._answer

    def send(self, data: bytes) -> None:
        """Under credit."""
        for at in range(0, len(data), wire.PIECE):
            while self._credit <= 0:
                self._wait()
            piece = data[at : at + wire.PIECE]
            self._credit -= len(piece)
            self._send(wire.DATA, piece)

    def end(self) -> None:
        """Nothing more comes from our side."""
        self._send(wire.END, b"")

    def cancel(self) -> None:
        """Nothing more is wanted; an answer still comes."""
        self._send(wire.CANCEL, b"")

    @property
    def holding(self) -> bool:
        return bool(self._held)

    def lent(self) -> int:
        """The descriptor that was lent first, until it is given back."""
        if not self._held:
            raise lost("it did not lend what it said")
        return self._held[0]

    def give_back(self, counts: int = wire.LEND_BYTES) -> None:
        """`counts`: as so many bytes, for the guest."""
        os.close(self._held.popleft())
        self.grant(counts)

    def grant(self, size: int) -> None:
        """So much was used up; the guest may send as much again."""
        self._ungranted += size
        if self._ungranted >= wire.WINDOW // 2:
            self._send(wire.CREDIT, _CREDIT.pack(self._ungranted))
            self._ungranted = 0

    def _send(self, kind: int, payload: bytes) -> None:
        assert self._sock is not None
        try:
            self._sock.sendall(wire.HEADER.pack(len(payload), CALL, kind) + payload)
        except BlockingIOError:
            raise lost("the guest takes no more data") from None
        except OSError as error:
            raise lost(f"the connection broke ({error})") from None

    def _wait(self) -> None:
        if self._answer is not None:
            raise lost("it answered before it was asked")
        if (piece := self._next()) is not None:
            if len(self._early) >= HELD_MAX:
                raise lost("it sends more than was asked for")
            self._early.append(memoryview(bytes(piece)))

    def _next(self) -> memoryview | None:
        """Take one frame; what it holds, where that is a piece. Raises the failure, again and again."""
        if self._failure is not None:
            raise self._failure
        while (frame := self._frame()) is None:
            if not self._read_more():
                raise lost("the guest ended")
        kind, payload = frame
        if kind == wire.DATA:
            self.grant(len(payload))
            return payload
        if kind == wire.ERROR:
            self._failure = failure_of(_object(payload))
            raise self._failure
        if kind == wire.RESULT:
            self._answer = _object(payload)
        elif kind == wire.CREDIT and len(payload) == _CREDIT.size:
            self._credit += _CREDIT.unpack(payload)[0]
        self._noted |= kind == wire.NOTE
        return None

    def _frame(self) -> tuple[int, memoryview] | None:
        """Kind and payload of the next frame, where all of it is there."""
        start = self._start + wire.HEADER.size
        if start > self._end:
            return None
        length: int
        length, channel, kind = wire.HEADER.unpack_from(self._room, self._start)
        if length > wire.FRAME_MAX or channel not in (0, CALL):
            raise lost("the guest sends what cannot be read")
        if start + length > self._end:
            return None
        self._start = start + length
        return kind, self._room[start : start + length]

    def _read_more(self) -> bool:
        """False at the end of the connection."""
        assert self._sock is not None
        if self._start:
            left = self._end - self._start
            self._room[:left] = self._room[self._start : self._end]
            self._start, self._end = 0, left
        try:
            size, beside, flags, _ = self._sock.recvmsg_into(
                [self._room[self._end :]], _SPACE, socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            raise lost("the guest sent nothing for too long") from None
        except OSError as error:
            raise lost(f"the connection broke ({error})") from None
        for level, kind, data in beside:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self._held.extend(each for (each,) in _INT.iter_unpack(data[: len(data) // 4 * 4]))
        if flags & socket.MSG_CTRUNC or len(self._held) > HELD_MAX:
            raise lost("it lends more than was asked for")
        self._end += size
        return bool(size)


def _object(payload: memoryview) -> dict[str, Any]:
    try:
        value = json.loads(bytes(payload))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise lost("the guest sends what cannot be read")
    return value  # pyright: ignore[reportUnknownVariableType]  # JSON from outside: checked where used
