"""Content of many files, read through descriptors the guest lends: it alone walks paths, we only read.

A descriptor is believed only where it is of a regular file on the workspace's own file system: nothing else
can be waited for without end. What it holds is read up to the size it had when it came, and one byte more.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from journeyman.failures import Failure
from journeyman.guest.apart import ApartCall
from journeyman.guest.frames import file_pieces, lost
from journeyman.guest.inside import wire
from journeyman.guest.lent_restore import LentRestore
from journeyman.ports.guest import Hasher, Room, Take

BATCH_BYTES = 4 * 1024 * 1024
BATCH_PIECES = 1024
WHOLE_BYTES = 1024 * 1024
"""A file of no more comes as one piece; of larger ones come pieces that a processor keeps at hand."""
READ_BYTES = 256 * 1024
THREADS = 4

Feed = Callable[[Take, Room | None], Awaitable[bool]]
"""Feeds with about `BATCH_BYTES` of pieces, in order; False where there are no more."""
T = TypeVar("T")


class Lender:
    """A guest that lends files; `files` is where its workspace is on this machine."""

    def __init__(self, socket: Path, files: Path) -> None:
        self._socket = socket
        self._files = files
        self._threads = anyio.CapacityLimiter(THREADS)

    @asynccontextmanager
    async def reading(
        self, paths: Sequence[bytes], root: str, *, stall_s: float
    ) -> AsyncGenerator[Feed | None]:
        """One call's worth of paths. Answers None where the guest takes no more connections."""
        call = ApartCall(stall_s)
        try:
            reading: _Reading | None = None
            with contextlib.suppress(OSError, Failure):
                device = await self._run(lambda: self._read(call, root, paths))
                reading = _Reading(call, paths, device)
            yield None if reading is None else partial(self._fed, reading)
        finally:
            call.close()

    async def _fed(self, reading: _Reading, take: Take, room: Room | None) -> bool:
        return await self._run(lambda: reading.feed(take, room))

    async def _run(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)

    def _read(self, call: ApartCall, root: str, paths: Sequence[bytes]) -> int:
        with call.used():
            call.open(self._socket, "read_many", {"root": root, "lend": True}, b"\0".join(paths))
        return os.stat(self._files).st_dev

    async def restore(
        self, root: str, hasher: Hasher, *, entries_max: int, bytes_max: int, stall_s: float
    ) -> LentRestore | None:
        """None where the guest takes no more connections, or is an older one. Raises its refusal, and what
        goes wrong once it was asked: it may have begun, and clears away what it finds when we hang up."""
        call = ApartCall(stall_s)
        arguments = {"root": root, "entries_max": entries_max, "bytes_max": bytes_max}

        def begin() -> int | None:
            with call.used():
                try:
                    device = os.stat(self._files).st_dev
                    call.open(self._socket, "restore_lent", arguments, b"")
                except (OSError, Failure):
                    return None
                try:
                    call.noted()
                except Failure as failure:
                    if failure.kind != "invalid":
                        raise
                    return None
                return device

        device: int | None = None
        try:
            device = await self._run(begin)
            return None if device is None else LentRestore(call, self._run, device, hasher)
        finally:
            if device is None:
                call.close()


class _Reading:
    """Turns what comes into pieces of files, in order."""

    def __init__(self, call: ApartCall, paths: Sequence[bytes], device: int) -> None:
        self._call = call
        self._paths = paths
        self._device = device
        self._room = memoryview(bytearray(WHOLE_BYTES + 1))
        self._expected = 0
        self._came: Iterator[tuple[int, int, memoryview]] = iter(())
        """Records of what was received last, which stays where it is until more is received."""
        self._lent: bytes | None = None
        """The file that is being read."""
        self._size = -1
        """Of that file; -1 before it was looked at."""
        self._at = 0

    def feed(self, take: Take, room: Room | None) -> bool:
        size = pieces = 0
        with self._call.used():
            while size < BATCH_BYTES and pieces < BATCH_PIECES:
                if self._lent is not None:
                    size += self._read(self._lent, take, room)
                elif (record := next(self._came, None)) is not None:
                    size += self._take(*record, take)
                elif (payload := self._call.receive()) is not None:
                    self._came = file_pieces(payload)
                    continue
                elif self._expected != len(self._paths):
                    raise lost("a bulk read ended early")
                else:
                    break
                pieces += 1
        return pieces > 0

    def _take(self, index: int, flags: int, piece: memoryview, take: Take) -> int:
        """Answers how many bytes it was."""
        if index != self._expected or index >= len(self._paths):
            raise lost("files come in the wrong order")
        path, last = self._paths[index], bool(flags & wire.LAST)
        self._expected += last
        if flags & wire.LENT:
            self._lent = path
        elif flags & wire.FAILED:
            take(path, b"", True, bytes(piece).decode("utf-8", "replace"))
        else:
            take(path, piece, last, None)
        return len(piece)

    def _read(self, path: bytes, take: Take, room: Room | None) -> int:
        """The next piece of the file that was lent first; answers how many bytes it was."""
        handle = self._call.lent()
        try:
            if self._size < 0:
                self._size, self._at = self._looked_at(handle), 0
            into = self._room if room is None else room()
            most = READ_BYTES if self._size > WHOLE_BYTES else len(into)
            want = min(most, len(into), self._size + 1 - self._at)
            length = os.preadv(handle, [into[:want]], self._at)
        except OSError as error:
            self._give_back()
            take(path, b"", True, error.strerror or str(error))
            return 0
        self._at += length
        last = not length or self._at > self._size or (self._at == self._size and length < want)
        if last:
            self._give_back()
        take(path, into[:length], last, None)
        return length

    def _give_back(self) -> None:
        self._call.give_back()
        self._size, self._lent = -1, None

    def _looked_at(self, handle: int) -> int:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode) or info.st_dev != self._device:
            raise lost("it lends something else than a file of the workspace")
        return info.st_size
