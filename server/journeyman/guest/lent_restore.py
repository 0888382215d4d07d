"""A restore whose files the guest makes and lends: their content goes straight into descriptors, and is read
back through them, so that nothing of it passes the socket. The guest alone walks paths.

A descriptor is written only where it is of a fresh file: regular, empty, with one name, on the workspace's
own file system. Nothing of it is mapped: who shares a file could cut it off below us.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Awaitable, Callable
from typing import Protocol

from journeyman.failures import Failure
from journeyman.guest.apart import ApartCall
from journeyman.guest.frames import lost, refused, restore_entries, restore_record, restore_written
from journeyman.guest.inside import wire
from journeyman.guest.inside.filling import write_filled
from journeyman.guest.judging import Judge
from journeyman.ports.guest import Hasher, ReadBack, RestoreEntry

ROUND_BYTES = 8 * 1024 * 1024
"""Of content that waits to be written."""
RECORD_BYTES = 64 * 1024
READ_BYTES = 1024 * 1024
FINISH_S = 600.0
"""Most seconds for links, metadata and the sync of a restored tree."""


class Run(Protocol):
    def __call__(self, work: Callable[[], None], /) -> Awaitable[None]: ...


class _Filled:
    """A file that is written."""

    __slots__ = ("at", "hollow", "inode", "path", "pieces", "size")

    def __init__(self, path: bytes, size: int) -> None:
        self.path = path
        self.size = size
        self.inode = -1
        """Once it was lent."""
        self.at = 0
        self.hollow = False
        """Whether it ends in a hole."""
        self.pieces: list[bytes | memoryview] = []


class LentRestore:
    """Implements `ports.guest.LentRestore`: entries and content are gathered into rounds, and each round is
    one turn of a thread. The guest holds at most `wire.LENT_MAX` files open, and so do we."""

    def __init__(self, call: ApartCall, run: Run, device: int, hasher: Hasher) -> None:
        self._call = call
        self._run = run
        self._device = device
        self._hasher = hasher
        self._room = memoryview(bytearray(READ_BYTES))
        self._judge = Judge()
        self._records: list[bytes] = []
        self._records_size = 0
        self._files: list[_Filled] = []
        """Of this round; the last one may still get content in the next."""
        self._missing = 0
        """Bytes the last one did not get yet."""
        self._waiting = 0
        """Bytes of content."""
        self._done = 0
        """Files the guest was not told of."""
        self._stopped = False
        self._inodes: set[int] = set()
        self._entries = 0
        self.read_back: dict[bytes, ReadBack] = {}

    async def add(self, entry: RestoreEntry) -> None:
        if (refusal := self._judge.refusal(entry)) is not None or (refusal := self._incomplete()) is not None:
            await self.abort()
            raise refusal
        record = restore_record(entry)
        if (
            self._records_size + len(record) > RECORD_BYTES
            or self._waiting >= ROUND_BYTES
            or len(self._files) == wire.LENT_MAX
            or (entry.kind == "hardlink" and self._files)  # which shall be seen with one name
        ):
            await self._flush()
        self._records.append(record)
        self._records_size += len(record)
        if entry.kind == "file" and entry.size:
            self._files.append(_Filled(entry.path, entry.size))
            self._missing = entry.size

    async def data(self, path: bytes, data: bytes | memoryview) -> None:
        """Only for the file that was added last."""
        if not data:
            return
        if len(data) > self._missing or self._files[-1].path != path:
            await self.abort()
            raise Failure("invalid", f"{path[:200]!r} gets more data than its size says.")
        self._missing -= len(data)
        self._files[-1].pieces.append(data)
        self._waiting += len(data)
        if self._waiting >= ROUND_BYTES:
            await self._flush()

    async def finish(self) -> int:
        if (refusal := self._incomplete()) is not None:
            await self.abort()
            raise refusal
        await self._flush()
        await self._run(self._finish)
        self._call.close()
        return self._entries

    async def abort(self) -> None:
        """Drop it; what was written is removed before this returns."""
        self._stopped = True
        try:
            with contextlib.suppress(Failure):
                await self._run(self._drop)
        finally:
            self._call.close()

    def _incomplete(self) -> Failure | None:
        if not self._missing:
            return None
        return Failure("invalid", f"{self._files[-1].path[:200]!r} did not get all its data.")

    async def _flush(self) -> None:
        records, files = self._records, self._files
        self._records, self._records_size, self._waiting = [], 0, 0
        self._files = files[-1:] if self._missing else []
        await self._run(lambda: self._round(records, files))

    # What a thread does.

    def _round(self, records: list[bytes], files: list[_Filled]) -> None:
        with self._call.used():
            told = restore_written(self._done) if self._done else b""
            if records:
                told += restore_entries(b"".join(records))
            self._done = 0
            self._call.send(told)
            for each in files:
                if self._stopped:
                    raise lost("the restore was dropped")
                try:
                    self._fill(each)
                except OSError as error:
                    raise _unwritten(each.path, error) from None

    def _fill(self, file: _Filled) -> None:
        while not self._call.holding:
            if self._call.receive() is None:
                raise lost("it did not lend what it was asked for")
        handle = self._call.lent()
        if file.inode < 0:
            file.inode = self._looked_at(handle)
        for piece in file.pieces:
            file.hollow = write_filled(handle, memoryview(piece), file.at)
            file.at += len(piece)
        file.pieces.clear()
        if file.at < file.size:
            return
        if file.hollow:
            os.ftruncate(handle, file.size)
        self.read_back[file.path] = ReadBack(file.inode, self._digest(handle, file.size))
        self._call.give_back(0)
        self._done += 1

    def _looked_at(self, handle: int) -> int:
        info = os.fstat(handle)
        fresh = stat.S_ISREG(info.st_mode) and not info.st_size and info.st_nlink == 1
        if not fresh or info.st_dev != self._device or info.st_mode & (stat.S_ISUID | stat.S_ISGID):
            raise lost("it lends something else than a fresh file of the workspace")
        if info.st_ino in self._inodes:
            raise lost("it lends the same file twice")
        self._inodes.add(info.st_ino)
        return info.st_ino

    def _digest(self, handle: int, size: int) -> bytes:
        """Of what the file holds, up to one byte more than it should."""
        self._hasher.reset()
        at = 0
        while at <= size:
            want = min(READ_BYTES, size + 1 - at)
            got = os.preadv(handle, [self._room[:want]], at)
            self._hasher.update(self._room[:got])
            at += got
            if not got or (at == size and got < want):
                break
        return self._hasher.digest()

    def _finish(self) -> None:
        with self._call.used():
            if self._done:
                self._call.send(restore_written(self._done))
            self._call.end()
            entries = self._call.result(stall_s=FINISH_S).get("entries")
        if not isinstance(entries, int):
            raise lost("it does not say what it wrote")
        self._entries = entries

    def _drop(self) -> None:
        with self._call.used():
            self._call.cancel()
            self._call.result()


def _unwritten(path: bytes, error: OSError) -> Failure:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return refused(wire.refusal_of(error, repr(path[:200])))
    return lost(f"it lends a file that cannot be written ({error.strerror or error})")
