"""Large buffers that are used again: a fresh one costs a fault, and zeroing, for each of its pages.
Memory is taken as they are written to. Knows nothing of what is in them.
"""

from __future__ import annotations

import contextlib
import mmap
import threading
from collections import deque

KEPT = 4
_HUGE = getattr(mmap, "MADV_HUGEPAGE", None)


def fresh(size: int) -> memoryview:
    """Zeros, beginning at a page, and the pages as large as the system has. Given back with the last view."""
    return memoryview(_large(size))


def _large(size: int) -> mmap.mmap:
    room = _mapped(size)
    if _HUGE is not None:
        with contextlib.suppress(OSError):  # a kernel without
            room.madvise(_HUGE)
    return room


def _mapped(size: int) -> mmap.mmap:
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


class Rooms:
    """Buffers of one size, given back by whoever took them; no more than `kept` stay for later. For any
    thread."""

    def __init__(self, size: int, kept: int = KEPT) -> None:
        self._size = size
        self._spare: deque[memoryview] = deque(maxlen=kept)

    def take(self) -> memoryview:
        try:
            return self._spare.pop()
        except IndexError:
            return memoryview(_mapped(self._size))

    def give(self, room: memoryview) -> None:
        """Nobody may look into it any more."""
        self._spare.append(room)


class Recycled:
    """Buffers of one size that go to others, who need not say when they are done: one is used again when no
    view of it is left. For any thread."""

    def __init__(self, size: int, spare: int = 0) -> None:
        """`spare`: how many more are kept than are in use."""
        self._size = size
        self._spare = spare
        self._rooms: list[mmap.mmap] = []
        self._lock = threading.Lock()

    def take(self) -> memoryview:
        """Beginning at a page; what is in it is left from before. Others that are free are given back."""
        with self._lock:
            free = list(filter(_unseen, self._rooms)) or [_large(self._size)]
            used = [each for each in self._rooms if each not in free]
            self._rooms = [*free[: 1 + self._spare], *used]
            return memoryview(free[0])

    def drop(self) -> None:
        """Keep none for later."""
        with self._lock:
            self._rooms.clear()


def _unseen(room: mmap.mmap) -> bool:
    """Nobody has a view of it: only then may its size be set, to what it is."""
    try:
        room.resize(len(room))
    except (BufferError, SystemError):  # the latter where no size can be set
        return False
    return True
