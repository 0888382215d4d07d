"""inotify(7) through the C library. Knows descriptors and masks, nothing of trees."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator
from typing import Tuple

from . import libc

MODIFY, ATTRIB, CLOSE_WRITE, MOVED_FROM, MOVED_TO = 0x2, 0x4, 0x8, 0x40, 0x80
CREATE, DELETE, DELETE_SELF, MOVE_SELF = 0x100, 0x200, 0x400, 0x800
QUEUE_OVERFLOW, IGNORED, IS_DIRECTORY = 0x4000, 0x8000, 0x40000000
_ONLY_DIRECTORY, _EXCLUDE_UNLINKED = 0x1000000, 0x4000000
APPEARS, GOES = CREATE | MOVED_TO, DELETE | MOVED_FROM
_WANTED = (
    MODIFY
    | ATTRIB
    | CLOSE_WRITE
    | APPEARS
    | GOES
    | DELETE_SELF
    | MOVE_SELF
    | _ONLY_DIRECTORY
    | _EXCLUDE_UNLINKED
)
_EVENT = struct.Struct("iIII")
_READ = 256 * 1024

Event = Tuple[int, int, bytes]
"""Watch descriptor, mask, name in the directory."""


class Unavailable(Exception):
    """The system gives us no (more) watches."""


class Inotify:
    def __init__(self) -> None:
        self.fd = libc.inotify_init(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise Unavailable

    def add(self, directory: int) -> int:
        """Watch the directory open as `directory`; answers the watch descriptor, the same one for the same
        directory. Raises Unavailable, or OSError where it went away."""
        found, number = libc.inotify_add(self.fd, b"/proc/self/fd/%d" % directory, _WANTED)
        if found >= 0:
            return found
        if number in (errno.ENOSPC, errno.ENOMEM, errno.ENOSYS):
            raise Unavailable
        raise OSError(number, os.strerror(number))

    def remove(self, watch: int) -> None:
        libc.inotify_remove(self.fd, watch)

    def read(self) -> Iterator[Event]:
        try:
            data = os.read(self.fd, _READ)
        except BlockingIOError:
            return
        at = 0
        while at < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size
            yield watch, mask, data[at : at + length].rstrip(b"\0")
            at += length

    def close(self) -> None:
        os.close(self.fd)
