"""Whole trees out: the scan and the bulk read."""

from __future__ import annotations

import errno
import os
import stat
import zlib
from collections.abc import Generator
from typing import Any

from .channels import Channel
from .paths import OPEN_READ, Directory, Root, Walker, open_owned
from .removal import clear_directory
from .restorer import Restorer
from .wire import (
    CHECKSUM,
    DEPTH_MAX,
    DIRECTORY,
    ENTRY,
    FAILED,
    FILE,
    LAST,
    OTHER,
    PIECE,
    PIECE_HEAD,
    SYMLINK,
    Refusal,
    check_relative,
    pack_attributes,
)

_KINDS = {stat.S_IFREG: FILE, stat.S_IFDIR: DIRECTORY, stat.S_IFLNK: SYMLINK}


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
        """Sends every entry; with `xattrs` the extended attributes after them all, beginning at the byte
        `attributes_at` of what was sent."""
        batch: list[bytes] = []
        size = sent = count = 0
        attributes: list[bytes] | None = [] if args.get("xattrs") else None
        base = self.root.open_directory(args["root"])
        entries = self._entries(base, attributes)
        try:
            for record in entries:
                batch.append(record)
                size += len(record)
                count += 1
                if size >= PIECE // 2:
                    channel.send(b"".join(batch))
                    sent += size
                    batch, size = [], 0
        finally:
            entries.close()
            os.close(base)
        rest = b"".join(batch + (attributes or []))
        for at in range(0, len(rest), PIECE):
            channel.send(rest[at : at + PIECE])
        return {"entries": count, "attributes_at": sent + size}

    @staticmethod
    def _entries(base: int, attributes: list[bytes] | None) -> Generator[bytes, None, None]:
        """Depth first, names in byte order; what vanishes meanwhile is left out. Packed entries are yielded,
        packed attributes added to `attributes`."""
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
                target = b""
                try:
                    info = os.stat(name, dir_fd=handle, follow_symlinks=False)
                    kind = _KINDS.get(stat.S_IFMT(info.st_mode), OTHER)
                    if kind == SYMLINK:
                        target = os.readlink(name, dir_fd=handle)
                except FileNotFoundError:
                    continue
                if len(stack) > DEPTH_MAX:
                    raise Refusal("invalid", "The tree is deeper than %d names." % DEPTH_MAX)
                path = prefix + name
                if attributes is not None and kind in (FILE, DIRECTORY):
                    found = _xattrs("/proc/self/fd/%d/%s" % (handle, os.fsdecode(name)))
                    if found:
                        attributes.append(pack_attributes(path, found))
                yield ENTRY.pack(
                    kind, info.st_size, info.st_mode & 0o7777, info.st_mtime_ns, info.st_ctime_ns,
                    info.st_ino, info.st_nlink, len(path), len(target), 0,
                ) + path + target  # fmt: skip
                if kind == DIRECTORY:
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
                    try:
                        info = os.fstat(handle)
                        if not stat.S_ISREG(info.st_mode):
                            raise OSError(errno.EINVAL, "not a regular file")
                        left = info.st_size
                        while True:
                            data = os.read(handle, min(PIECE, max(left, 0) + 1))
                            left -= len(data)
                            if not data or (left == 0 and len(data) < PIECE):
                                put(index, LAST, data)
                                break
                            put(index, 0, data)
                    finally:
                        os.close(handle)
                except OSError as error:
                    put(index, LAST | FAILED, (error.strerror or str(error)).encode("utf-8", "replace"))
            if batch:
                channel.send(b"".join(batch))
            return {}
        finally:
            walker.close()
            os.close(base)

    def checksums(self, channel: Channel, args: dict[str, Any], body: bytes) -> dict[str, Any]:
        """`body`: NUL-separated paths. Answers a CHECKSUM record for each, of what the file holds now."""
        base = self.root.open_directory(args["root"])
        walker = Walker(base)
        records: list[bytes] = []
        try:
            for path in body.split(b"\0"):
                parts = check_relative(path)
                handle = open_owned(parts[-1], walker.parent(parts), OPEN_READ)
                try:
                    size = crc = 0
                    while data := os.read(handle, 4 * PIECE):
                        size, crc = size + len(data), zlib.crc32(data, crc)
                finally:
                    os.close(handle)
                records.append(CHECKSUM.pack(size, crc))
            channel.send(b"".join(records))
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
