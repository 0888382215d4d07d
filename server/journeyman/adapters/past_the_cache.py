"""Writing large files without the system's cache of pages: what nobody reads soon need not be copied into
memory first, nor push out what somebody will read. Most of what storing packs costs is that copy.

Where a file system, a device or the place in memory does not allow it, the cache is used as always.
"""

from __future__ import annotations

import errno
import fcntl
import os

from journeyman.ports.objects import Data, Made
from journeyman.rooms import fresh

LARGE_BYTES = 1024 * 1024
BLOCK_BYTES = 4096
"""No device here wants larger ones; where one does, it refuses."""
ROOM_BYTES = 4 * 1024 * 1024
"""What is made while it is written is gathered in as much memory."""
_DIRECT = getattr(os, "O_DIRECT", 0)


def write_all(descriptor: int, data: Data | Made) -> None:
    """All of `data` into the new, empty file. Not synced yet."""
    if isinstance(data, bytes | memoryview):
        _write(descriptor, memoryview(data), 0)
        return
    room = fresh(ROOM_BYTES)
    at = filled = 0
    for piece in data.pieces():
        left = memoryview(piece)
        while left:
            taken = min(len(left), ROOM_BYTES - filled)
            room[filled : filled + taken] = left[:taken]
            filled, left = filled + taken, left[taken:]
            if filled == ROOM_BYTES:
                _write(descriptor, room, at)
                at, filled = at + filled, 0
    _write(descriptor, room[:filled], at)


def _write(descriptor: int, view: memoryview, start: int) -> None:
    """At `start`, where a block begins."""
    done = _past_the_cache(descriptor, view, start) if len(view) >= LARGE_BYTES and _DIRECT else 0
    while done < len(view):
        done += os.pwrite(descriptor, view[done:], start + done)


def _past_the_cache(descriptor: int, view: memoryview, start: int) -> int:
    """Whole blocks, as far as that is allowed; answers how many bytes."""
    size = len(view) - len(view) % BLOCK_BYTES
    done = 0
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | _DIRECT)
        while done < size:
            done += os.pwrite(descriptor, view[done:size], start + done)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    finally:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags)
    return done
