"""Whole trees out: the scan and the bulk read."""

from __future__ import annotations

import errno
import functools
import os
import stat
import sys
from collections.abc import Sequence
from typing import Any, Callable

from .channels import Channel
from .lending import LendingRestorer
from .paths import OPEN_READ, Root, Walker, open_owned
from .removal import clear_directory
from .restorer import Restorer
from .scan import Scan
from .standing import stands
from .wire import (
    FAILED,
    LAST,
    LEND_BYTES,
    LENT,
    LENT_PER_FRAME,
    PIECE,
    PIECE_HEAD,
    STANDING_MAX,
    Refusal,
    check_relative,
)


class _Batch:
    """Records of a bulk read: files are read to where they are sent from."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._room = memoryview(bytearray(2 * PIECE))
        self._at = 0
        self._lent: list[int] = []

    def lend(self, index: int, handle: int) -> None:
        """Whoever gets it reads the file. `handle` is ours from here on, whatever happens."""
        self._lent.append(handle)
        PIECE_HEAD.pack_into(self._room, self._at, index, LAST | LENT, 0)
        self._at += PIECE_HEAD.size
        if len(self._lent) == LENT_PER_FRAME or self._at > PIECE:
            self.flush()

    def put_file(self, index: int, handle: int, size: int) -> None:
        """Until the file ends, wherever that turns out to be; `size` is a guess."""
        left = size
        while True:
            want = min(PIECE, max(left, 0) + 1)
            if self._at and self._at + PIECE_HEAD.size + want > PIECE:
                self.flush()
            start = self._at + PIECE_HEAD.size
            length = os.readv(handle, [self._room[start : start + want]])
            left -= length
            last = not length or (left == 0 and length < PIECE)
            PIECE_HEAD.pack_into(self._room, self._at, index, LAST if last else 0, length)
            self._at = start + length
            if last:
                return

    def put_error(self, index: int, why: bytes) -> None:
        if self._at + PIECE_HEAD.size + len(why) > PIECE:
            self.flush()
        start = self._at + PIECE_HEAD.size
        PIECE_HEAD.pack_into(self._room, self._at, index, LAST | FAILED, len(why))
        self._at = start + len(why)
        self._room[start : self._at] = why

    def flush(self) -> None:
        if self._at:
            self._channel.send(self._room[: self._at], self._lent)
            self._at = 0
            self.close()

    def close(self) -> None:
        while self._lent:
            os.close(self._lent.pop())


class Bulk:
    def __init__(self, root: Root) -> None:
        self.root = root

    def scan(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        """Sends every entry; with `xattrs` the extended attributes after them all, beginning at the byte
        `attributes_at` of what was sent: all, or those of what changed at `since` (a ctime) or later."""
        since = None
        if args.get("xattrs"):
            since = -(1 << 63) if args.get("since") is None else int(args["since"])
        base = self.root.open_directory(args["root"])
        try:
            scan = Scan(channel.send, since)
            scan.run(base)
        finally:
            os.close(base)
        return {"entries": scan.count, "attributes_at": scan.sent}

    def stands(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        """What comes are the records of a scan of `root`: whether another would tell the same. Directories
        with times of `since` or later are listed for it."""
        records = bytearray()
        while (data := channel.receive()) is not None:
            records += data
            if len(records) > STANDING_MAX:
                raise Refusal("invalid", "There are too many entries to look at again.")
        base = self.root.open_directory(args["root"])
        try:
            return {"stands": stands(base, bytes(records), int(args["since"]))}
        finally:
            os.close(base)

    def read_many(self, channel: Channel, args: dict[str, Any], body: bytes) -> dict[str, Any]:
        """`body`: NUL-separated paths. Answers records of PIECE_HEAD and data, whole ones per frame; with
        `lend` the descriptors of larger files instead of their data."""
        lend_from = LEND_BYTES if args.get("lend") else sys.maxsize
        device = os.fstat(self.root.fd).st_dev
        base = self.root.open_directory(args["root"])
        walker = Walker(base)
        batch = _Batch(channel)
        try:
            for index, path in enumerate(body.split(b"\0")):
                parts = check_relative(path)
                try:
                    handle = open_owned(parts[-1], walker.parent(parts), OPEN_READ)
                    try:
                        info = os.fstat(handle)
                        if not stat.S_ISREG(info.st_mode):
                            raise OSError(errno.EINVAL, "not a regular file")
                        if info.st_size >= lend_from and info.st_dev == device:
                            lent, handle = handle, -1
                            batch.lend(index, lent)
                        else:
                            batch.put_file(index, handle, info.st_size)
                    finally:
                        if handle >= 0:
                            os.close(handle)
                except OSError as error:
                    batch.put_error(index, (error.strerror or str(error)).encode("utf-8", "replace"))
            batch.flush()
            return {}
        finally:
            batch.close()
            walker.close()
            os.close(base)

    def restore(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        return self._restore(channel, args, Restorer)

    def restore_lent(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        """As `restore`, but files that are to hold something are lent to be written."""

        def lend(handles: Sequence[int]) -> None:
            channel.send(b"%d" % len(handles), handles, each=0)

        return self._restore(channel, args, functools.partial(LendingRestorer, lend))

    def _restore(
        self, channel: Channel, args: dict[str, Any], made: Callable[[int, int, int], Restorer]
    ) -> dict[str, Any]:
        base = self.root.open_directory(args["root"])
        try:
            if os.listdir(base):
                raise Refusal("conflict", "A restore needs an empty directory.")
            writer = made(base, int(args["entries_max"]), int(args["bytes_max"]))
            channel.note({"ready": True})
            try:
                buffered = bytearray()
                while True:
                    data = channel.receive()
                    if data is None:
                        break
                    buffered += data
                    writer.take(buffered)
                if buffered:
                    raise Refusal("invalid", "The restore was cut off.")
                return {"entries": writer.finish()}
            except BaseException:  # a void restore leaves nothing
                writer.close()
                clear_directory(base)
                raise
        finally:
            os.close(base)
