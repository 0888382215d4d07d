"""Writing large files without the system's cache of pages: what nobody reads soon need not be copied into
memory first, nor push out what somebody will read. Most of what storing packs costs is that copy.

Where a file system, a device or the place in memory does not allow it, the cache is used as always.
"""

from __future__ import annotations

import errno
import fcntl
import os

LARGE_BYTES = 1024 * 1024
BLOCK_BYTES = 4096
"""No device here wants larger ones; where one does, it refuses."""
_DIRECT = getattr(os, "O_DIRECT", 0)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """All of `data` into the new, empty file. Not synced yet."""
    view = memoryview(data)
    at = _past_the_cache(descriptor, view) if len(view) >= LARGE_BYTES and _DIRECT else 0
    while at < len(view):
        at += os.pwrite(descriptor, view[at:], at)


def _past_the_cache(descriptor: int, view: memoryview) -> int:
    """Whole blocks, as far as that is allowed; answers how many bytes."""
    size = len(view) - len(view) % BLOCK_BYTES
    at = 0
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | _DIRECT)
        while at < size:
            at += os.pwrite(descriptor, view[at:size], at)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    finally:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags)
    return at
