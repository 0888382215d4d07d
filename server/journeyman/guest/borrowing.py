"""Content of many files, read through descriptors the guest lends: it alone walks paths, we only read.

A descriptor is believed only where it is of a regular file on the workspace's own file system: nothing else
can be waited for without end. What it holds is read up to the size it had when it came, and one byte more.
"""

from __future__ import annotations

import collections
import contextlib
import os
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
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
from journeyman.ports.guest import FileData, Hasher

BATCH_BYTES = 4 * 1024 * 1024
BATCH_PIECES = 1024
READ_BYTES = 1024 * 1024
THREADS = 4

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
    ) -> AsyncGenerator[Callable[[], Awaitable[list[FileData]]] | None]:
        """One call's worth of paths. Answers what gives a batch of pieces at a time, in order, and an empty
        one at the end; None where the guest takes no more connections."""
        call = ApartCall(stall_s)
        try:
            reading: _Reading | None = None
            with contextlib.suppress(OSError, Failure):
                device = await self._run(lambda: self._read(call, root, paths))
                reading = _Reading(call, paths, device)
            yield None if reading is None else partial(self._run, reading.batch)
        finally:
            call.close()

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
        self._expected = 0
        self._waiting: collections.deque[FileData | bytes] = collections.deque()
        """Pieces that came, and paths of files whose descriptors did."""
        self._size = -1
        """Of the file that is being read; -1 before it was looked at."""
        self._at = 0

    def batch(self) -> list[FileData]:
        """About `BATCH_BYTES` of pieces; none at the end."""
        found: list[FileData] = []
        size = 0
        with self._call.used():
            while size < BATCH_BYTES and len(found) < BATCH_PIECES and (piece := self._piece()) is not None:
                found.append(piece)
                size += len(piece.data)
        return found

    def _piece(self) -> FileData | None:
        while not self._waiting:
            payload = self._call.receive()
            if payload is None:
                if self._expected != len(self._paths):
                    raise lost("a bulk read ended early")
                return None
            self._take(payload)
        first = self._waiting[0]
        piece = first if isinstance(first, FileData) else self._read(first)
        if piece.last or isinstance(first, FileData):
            self._waiting.popleft()
        return piece

    def _take(self, payload: memoryview) -> None:
        for index, flags, piece in file_pieces(payload):
            if index != self._expected or index >= len(self._paths):
                raise lost("files come in the wrong order")
            path, last = self._paths[index], bool(flags & wire.LAST)
            self._expected += last
            if flags & wire.LENT:
                self._waiting.append(path)
            elif flags & wire.FAILED:
                error = bytes(piece).decode("utf-8", "replace")
                self._waiting.append(FileData(path, b"", last=True, error=error))
            else:
                self._waiting.append(FileData(path, bytes(piece), last=last))

    def _read(self, path: bytes) -> FileData:
        """The next piece of the file that was lent first."""
        handle = self._call.lent()
        try:
            if self._size < 0:
                self._size, self._at = self._looked_at(handle), 0
            want = min(READ_BYTES, self._size + 1 - self._at)
            data = os.pread(handle, want, self._at)
        except OSError as error:
            return self._ended(FileData(path, b"", last=True, error=error.strerror or str(error)))
        self._at += len(data)
        if not data or self._at > self._size or (self._at == self._size and len(data) < want):
            return self._ended(FileData(path, data, last=True))
        return FileData(path, data, last=False)

    def _ended(self, piece: FileData) -> FileData:
        self._call.give_back()
        self._size = -1
        return piece

    def _looked_at(self, handle: int) -> int:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode) or info.st_dev != self._device:
            raise lost("it lends something else than a file of the workspace")
        return info.st_size
