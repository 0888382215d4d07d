"""Whole trees in: a bulk write that nothing in the tree can turn against what lies outside it."""

from __future__ import annotations

import collections
import errno
import os
import struct
from typing import Any

from . import libc
from .filling import write_filled
from .paths import OPEN_CREATE, OPEN_DIRECTORY, Walker
from .wire import (
    ADD,
    APPEND,
    DIRECTORY,
    FILE,
    FRAME_MAX,
    HARDLINK,
    RESTORE_HEAD,
    SYMLINK,
    WRITTEN,
    RawEntry,
    Refusal,
    check_relative,
    unpack_entries,
)


class Restorer:
    """Writes a tree into an empty directory without following anything: new files are made with
    O_EXCL | O_NOFOLLOW below directories made here, hard links join files written here, symbolic links
    come last, and modes never carry setuid or setgid."""

    OPEN_MAX = 64

    def __init__(self, base: int, entries_max: int, bytes_max: int) -> None:
        self.base = base
        self.walker = Walker(base)
        self.entries_left = entries_max
        self.bytes_left = bytes_max
        self.count = 0
        self.kinds: dict[bytes, int] = {}
        self.growing: collections.OrderedDict[bytes, list[Any]] = collections.OrderedDict()  # [fd, at, entry]
        self.directories: list[RawEntry] = []
        self.symlinks: list[RawEntry] = []

    def take(self, buffered: bytearray) -> None:
        """Consume whole records from the front of `buffered`."""
        at = 0
        while len(buffered) - at >= RESTORE_HEAD.size:
            what, length = RESTORE_HEAD.unpack_from(buffered, at)
            if length > FRAME_MAX:
                raise Refusal("invalid", "A restore record is too long.")
            start = at + RESTORE_HEAD.size
            if len(buffered) - start < length:
                break
            at = start + length
            try:
                if what == ADD:
                    for entry in unpack_entries(bytes(buffered[start:at])):
                        self.add(entry)
                elif what == APPEND:
                    (size,) = struct.unpack_from("!I", buffered, start)
                    path = bytes(buffered[start + 4 : start + 4 + size])
                    with memoryview(buffered) as view:
                        self.append(path, view[start + 4 + size : at])
                elif what == WRITTEN:
                    self.written(*struct.unpack_from("!I", buffered, start))
                else:
                    raise ValueError(what)
            except (struct.error, ValueError):
                raise Refusal("invalid", "A restore record cannot be read.") from None
        del buffered[:at]

    def add(self, entry: RawEntry) -> None:
        kind, size, path, target = entry[0], entry[1], entry[7], entry[8]
        parts = check_relative(path)
        self.entries_left -= 1
        self.bytes_left -= size if kind == FILE else 0
        if self.entries_left < 0 or self.bytes_left < 0:
            raise Refusal("path_refused", "The tree is larger than this restore allows.")
        if path in self.kinds:
            raise Refusal("path_refused", "%r comes twice." % path[:200])
        if len(parts) > 1 and self.kinds.get(b"/".join(parts[:-1])) != DIRECTORY:
            raise Refusal("path_refused", "%r comes without its directory." % path[:200])
        if (kind == SYMLINK and not 0 < len(target) < 4096) or b"\0" in target:
            raise Refusal("path_refused", "%r is not a link that can be made." % path[:200])
        parent = self.walker.parent(parts)
        if kind == DIRECTORY:
            os.mkdir(parts[-1], 0o700, dir_fd=parent)
            self.directories.append(entry)
        elif kind == FILE:
            self.add_file(parts[-1], parent, entry)
        elif kind == SYMLINK:
            self.symlinks.append(entry)
        elif kind == HARDLINK:
            source = check_relative(target)
            if self.kinds.get(target) != FILE:
                raise Refusal("path_refused", "%r links to what this restore did not write." % path[:200])
            with_source = Walker(self.base)
            try:
                os.link(
                    source[-1], parts[-1],
                    src_dir_fd=with_source.parent(source), dst_dir_fd=parent, follow_symlinks=False,
                )  # fmt: skip
            finally:
                with_source.close()
        else:
            raise Refusal("path_refused", "%r is of a kind that is not restored." % path[:200])
        self.kinds[path] = FILE if kind == HARDLINK else kind
        self.count += 1

    def add_file(self, name: bytes, parent: int, entry: RawEntry) -> None:
        handle = os.open(name, OPEN_CREATE, 0o600, dir_fd=parent)
        self.growing[entry[7]] = [handle, 0, entry]
        if entry[1] == 0:
            self._complete(entry[7])
        elif len(self.growing) > self.OPEN_MAX:
            self._park()

    def written(self, count: int) -> None:
        raise ValueError("nothing was lent")

    def _park(self) -> None:
        """Close the file that was written longest ago; more data opens it again."""
        for held in self.growing.values():
            if held[0] >= 0:
                os.close(held[0])
                held[0] = -1
                return

    def append(self, path: bytes, data: memoryview) -> None:
        held = self.growing.get(path)
        if held is None or held[1] + len(data) > held[2][1]:
            raise Refusal("invalid", "%r gets more data than its size says." % path[:200])
        if held[0] < 0:
            parts = path.split(b"/")
            flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            held[0] = os.open(parts[-1], flags, dir_fd=self.walker.parent(parts))
            self.growing.move_to_end(path)
            if sum(1 for each in self.growing.values() if each[0] >= 0) > self.OPEN_MAX:
                self._park()
        ends_in_hole = write_filled(held[0], data, held[1])
        held[1] += len(data)
        if held[1] == held[2][1]:
            self._complete(path, ends_in_hole)

    def _complete(self, path: bytes, ends_in_hole: bool = False) -> None:
        handle, size, entry = self.growing.pop(path)
        try:
            if ends_in_hole:
                os.ftruncate(handle, size)
            finish_metadata(handle, entry)
        finally:
            os.close(handle)

    def finish(self) -> int:
        if self.growing:
            raise Refusal("invalid", "%r did not get all its data." % next(iter(self.growing))[:200])
        for entry in self.symlinks:
            parts = entry[7].split(b"/")
            parent = self.walker.parent(parts)
            os.symlink(entry[8], parts[-1], dir_fd=parent)
            os.utime(parts[-1], ns=(entry[3], entry[3]), dir_fd=parent, follow_symlinks=False)
        self.walker.close()
        # Children before parents: filling or chmod-ing a directory would undo its own metadata.
        walker = Walker(self.base)
        for entry in reversed(self.directories):
            parts = entry[7].split(b"/")
            handle = os.open(parts[-1], OPEN_DIRECTORY, dir_fd=walker.parent(parts))
            try:
                finish_metadata(handle, entry)
            finally:
                os.close(handle)
        walker.close()
        libc.sync_filesystem(self.base)
        return self.count

    def close(self) -> None:
        self.walker.close()
        for held in self.growing.values():
            if held[0] >= 0:
                os.close(held[0])
        self.growing.clear()


def finish_metadata(handle: int, entry: RawEntry) -> None:
    for name, value in entry[9].items():
        if name.startswith("user."):
            try:
                os.setxattr(handle, name, value)
            except OSError as error:
                if error.errno not in (errno.ENOTSUP, errno.EPERM):
                    raise
    os.fchmod(handle, entry[2] & 0o1777)
    os.utime(handle, ns=(entry[3], entry[3]))
