"""Writing a file's content to its place, long runs of zeros left out. The daemon does it too, in files that
were lent to it.
"""

from __future__ import annotations

import os

HOLE = 64 * 1024
_ZEROS = bytes(HOLE)


def write_filled(handle: int, data: memoryview, offset: int) -> bool:
    """Write `data` at `offset`, where the file has nothing yet. Answers whether the end was left out: then
    the file is too short."""
    if 0 < len(data) < HOLE:
        _write_all(handle, data, offset)
        return False
    begun = 0
    for at in range(0, len(data) - HOLE + 1, HOLE):
        if not data[at] and bytes(data[at : at + HOLE]) == _ZEROS:
            _write_all(handle, data[begun:at], offset + begun)
            begun = at + HOLE
    _write_all(handle, data[begun:], offset + begun)
    return begun == len(data)


def _write_all(handle: int, data: memoryview, offset: int) -> None:
    size = os.pwrite(handle, data, offset) if data else 0
    while size < len(data):
        size += os.pwrite(handle, data[size:], offset + size)
