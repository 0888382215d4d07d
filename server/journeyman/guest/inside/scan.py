"""A look at a whole tree: one record for every entry, depth first, names in byte order.

It is made twice for every archive and mostly finds nothing new, so what it costs for an entry is what counts.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import Callable

from .libc import own_directory
from .paths import OPEN_DIRECTORY, Directory
from .wire import (
    DEPTH_MAX,
    DIRECTORY,
    ENTRY,
    FILE,
    OTHER,
    PIECE,
    SYMLINK,
    Refusal,
    pack_attributes,
)

KINDS_OF = {stat.S_IFREG: FILE, stat.S_IFDIR: DIRECTORY, stat.S_IFLNK: SYMLINK}
_OWNER_READS = 0o500
_ENCODING = sys.getfilesystemencoding()


class Scan:
    """`send` gets what was found, `PIECE` bytes at most at a time, records first. `attributes_since`: a ctime
    in nanoseconds; extended attributes are told of files and directories that changed then or later."""

    def __init__(self, send: Callable[[bytes], None], attributes_since: int | None) -> None:
        self._send = send
        self._since = attributes_since
        self._batch: list[bytes] = []
        self._size = 0
        self._attributes: list[bytes] = []
        self._moving = False
        """Whether this thread may change its directory, and where it is then; -1 where that is not known."""
        self._here = -1
        self.count = 0
        self.sent = 0
        """Bytes of records."""

    def run(self, base: int) -> None:
        if self._since is None:
            self._directory(base, b"", 1)
        else:
            with own_directory() as self._moving:
                self._directory(base, b"", 1)
        self._flush()
        rest = b"".join(self._attributes)
        for at in range(0, len(rest), PIECE):
            self._send(rest[at : at + PIECE])

    def _flush(self) -> None:
        if self._batch:
            self._send(b"".join(self._batch))
            self.sent += self._size
            self._batch.clear()
            self._size = 0

    def _directory(self, handle: int, prefix: bytes, depth: int) -> None:
        """What vanishes meanwhile is left out."""
        lstat, pack, kinds, add, since = os.stat, ENTRY.pack, KINDS_OF, self._batch.append, self._since
        names = [name.encode(_ENCODING, "surrogateescape") for name in os.listdir(handle)]
        if names and depth > DEPTH_MAX:
            raise Refusal("invalid", "The tree is deeper than %d names." % DEPTH_MAX)
        names.sort()
        for name in names:
            target = b""
            try:
                info = lstat(name, dir_fd=handle, follow_symlinks=False)
                mode = info.st_mode
                kind = kinds.get(mode & 0o170000, OTHER)
                if kind == SYMLINK:
                    target = os.readlink(name, dir_fd=handle)
            except FileNotFoundError:
                continue
            path = prefix + name
            changed = info.st_ctime_ns
            record = pack(
                kind, info.st_size, mode & 0o7777, info.st_mtime_ns, changed,
                info.st_ino, info.st_nlink, len(path), len(target), 0,
            ) + path + target  # fmt: skip
            add(record)
            self.count += 1
            self._size += len(record)
            if self._size >= PIECE // 2:
                self._flush()
            if since is not None and changed >= since and kind in (FILE, DIRECTORY):
                self._attributes_of(handle, name, path)
            if kind == DIRECTORY:
                self._below(handle, name, path + b"/", mode, depth)
        self._here = -1

    def _below(self, handle: int, name: bytes, prefix: bytes, mode: int, depth: int) -> None:
        if mode & _OWNER_READS == _OWNER_READS:
            try:
                inner = os.open(name, OPEN_DIRECTORY, dir_fd=handle)
            except (FileNotFoundError, NotADirectoryError):
                return None
            except PermissionError:
                pass
            else:
                try:
                    return self._directory(inner, prefix, depth + 1)
                finally:
                    os.close(inner)
        try:
            directory = Directory(name, handle)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            self._directory(directory.fd, prefix, depth + 1)
        finally:
            directory.close()

    def _attributes_of(self, handle: int, name: bytes, path: bytes) -> None:
        """Hardly any entry has some. From the directory it is in, asking costs less than half."""
        if self._moving:
            try:
                if self._here != handle:
                    os.fchdir(handle)
                    self._here = handle
                if not os.listxattr(name, follow_symlinks=False):
                    return
            except OSError:
                self._here = -1
        found = user_attributes(handle, name)
        if found:
            self._attributes.append(pack_attributes(path, found))


def user_attributes(handle: int, name: bytes) -> dict[str, bytes]:
    """Of the file or directory `name` in the directory open as `handle`."""
    through = b"/proc/self/fd/%d/%s" % (handle, name)
    try:
        names = os.listxattr(through, follow_symlinks=False)
        return {
            each: os.getxattr(through, each, follow_symlinks=False)
            for each in names
            if each.startswith("user.")
        }
    except OSError:
        return {}
