"""Whole trees out: the scan and the bulk read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator
from typing import Any

from .channels import Channel
from .paths import OPEN_READ, Directory, Root, Walker, kind_of, open_owned
from .removal import clear_directory
from .restorer import Restorer
from .wire import (
    DEPTH_MAX,
    DIRECTORY,
    FAILED,
    FILE,
    LAST,
    PIECE,
    PIECE_HEAD,
    SYMLINK,
    RawEntry,
    Refusal,
    check_relative,
    pack_entry,
)


def _xattrs(through: str) -> dict[str, bytes]:
    try:
        names = os.listxattr(through, follow_symlinks=False)
        return {
            name: os.getxattr(through, name, follow_symlinks=False)
            for name in names
            if name.startswith("user.")
        }
    except OSError:
        return {}


class Bulk:
    def __init__(self, root: Root) -> None:
        self.root = root

    def scan(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        batch: list[bytes] = []
        size = count = 0
        base = self.root.open_directory(args["root"])
        entries = self._entries(base)
        try:
            for entry in entries:
                record = pack_entry(entry)
                batch.append(record)
                size += len(record)
                count += 1
                if size >= PIECE // 2:
                    channel.send(b"".join(batch))
                    batch, size = [], 0
        finally:
            entries.close()
            os.close(base)
        if batch:
            channel.send(b"".join(batch))
        return {"entries": count}

    @staticmethod
    def _entries(base: int) -> Generator[RawEntry, None, None]:
        """Depth first, names in byte order; what vanishes meanwhile is left out."""
        root = Directory(b".", base)
        stack = [(root, b"", iter(sorted(map(os.fsencode, os.listdir(root.fd)))))]
        try:
            while stack:
                directory, prefix, names = stack[-1]
                handle = directory.fd
                name = next(names, None)
                if name is None:
                    stack.pop()[0].close()
                    continue
                try:
                    info = os.stat(name, dir_fd=handle, follow_symlinks=False)
                    kind = kind_of(info.st_mode)
                    target = os.readlink(name, dir_fd=handle) if kind == SYMLINK else b""
                except FileNotFoundError:
                    continue
                through = "/proc/self/fd/%d/%s" % (handle, os.fsdecode(name))
                xattrs = _xattrs(through) if kind in (FILE, DIRECTORY) else {}
                path = prefix + name
                yield (
                    kind, info.st_size, stat.S_IMODE(info.st_mode), info.st_mtime_ns, info.st_ctime_ns,
                    info.st_ino, info.st_nlink, path, target, xattrs,
                )  # fmt: skip
                if kind == DIRECTORY:
                    if len(stack) >= DEPTH_MAX:
                        raise Refusal("invalid", "The tree is deeper than %d directories." % DEPTH_MAX)
                    try:
                        inner = Directory(name, handle)
                    except (FileNotFoundError, NotADirectoryError):
                        continue
                    stack.append((inner, path + b"/", iter(sorted(map(os.fsencode, os.listdir(inner.fd))))))
        finally:
            for directory, _, _ in reversed(stack):
                directory.close()

    def read_many(self, channel: Channel, args: dict[str, Any], body: bytes) -> dict[str, Any]:
        """`body`: NUL-separated paths. Answers records of PIECE_HEAD and data, whole ones per frame."""
        base = self.root.open_directory(args["root"])
        walker = Walker(base)
        batch: list[bytes] = []
        size = 0

        def put(index: int, flags: int, data: bytes) -> None:
            nonlocal batch, size
            if size and size + len(data) > PIECE:
                channel.send(b"".join(batch))
                batch, size = [], 0
            batch += [PIECE_HEAD.pack(index, flags, len(data)), data]
            size += PIECE_HEAD.size + len(data)

        try:
            for index, path in enumerate(body.split(b"\0")):
                parts = check_relative(path)
                try:
                    handle = open_owned(parts[-1], walker.parent(parts), OPEN_READ)
                    with os.fdopen(handle, "rb", buffering=0) as source:
                        info = os.fstat(handle)
                        if not stat.S_ISREG(info.st_mode):
                            raise OSError(errno.EINVAL, "not a regular file")
                        left = info.st_size
                        while True:
                            data = source.read(PIECE)
                            left -= len(data)
                            if len(data) < PIECE and left <= 0:
                                put(index, LAST, data)
                                break
                            if not data:
                                put(index, LAST, b"")
                                break
                            put(index, 0, data)
                except OSError as error:
                    put(index, LAST | FAILED, (error.strerror or str(error)).encode("utf-8", "replace"))
            if batch:
                channel.send(b"".join(batch))
            return {}
        finally:
            walker.close()
            os.close(base)

    def restore(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any]:
        base = self.root.open_directory(args["root"])
        try:
            if os.listdir(base):
                raise Refusal("conflict", "A restore needs an empty directory.")
            writer = Restorer(base, int(args["entries_max"]), int(args["bytes_max"]))
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
            except BaseException:
                writer.close()
                clear_directory(base)  # a void restore leaves nothing
                raise
        finally:
            os.close(base)
