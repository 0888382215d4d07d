"""Buffers that are used again: a fresh one costs a fault of its own, and zeroing, for each of its pages."""

from __future__ import annotations

import mmap
from collections import deque

KEPT = 4


class Rooms:
    """Buffers of one size. Memory is taken as they are written to, and given back with the last of them;
    no more than `KEPT` are kept for later. For any thread."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._spare: deque[memoryview] = deque(maxlen=KEPT)

    def take(self) -> memoryview:
        try:
            return self._spare.pop()
        except IndexError:
            return memoryview(mmap.mmap(-1, self._size))

    def give(self, room: memoryview) -> None:
        """Nobody may look into it any more."""
        self._spare.append(room)
