"""Whole trees in, whose files the daemon fills: made here as every restored file is, lent while they are
empty, and given their metadata once it says that they are written.
"""

from __future__ import annotations

import collections
import os
from collections.abc import Sequence
from typing import Callable

from .restorer import Restorer, finish_metadata
from .wire import LENT_MAX, RawEntry, Refusal

OPEN_LENT = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class LendingRestorer(Restorer):
    """`lend` gets descriptors in the order in which files were asked for; they stay open here."""

    def __init__(
        self, lend: Callable[[Sequence[int]], None], base: int, entries_max: int, bytes_max: int
    ) -> None:
        super().__init__(base, entries_max, bytes_max)
        self._lend = lend
        self._lent: collections.deque[tuple[int, RawEntry]] = collections.deque()
        self._unsent: list[int] = []

    def take(self, buffered: bytearray) -> None:
        super().take(buffered)
        if self._unsent:
            self._lend(self._unsent)
            self._unsent.clear()

    def add_file(self, name: bytes, parent: int, entry: RawEntry) -> None:
        if entry[1] == 0:
            super().add_file(name, parent, entry)
            return
        if len(self._lent) == LENT_MAX:
            raise Refusal("invalid", "More files are asked for than are lent at a time.")
        handle = os.open(name, OPEN_LENT, 0o600, dir_fd=parent)
        self._lent.append((handle, entry))
        self._unsent.append(handle)

    def written(self, count: int) -> None:
        if count > len(self._lent):
            raise ValueError("more than was lent")
        for _ in range(count):
            handle, entry = self._lent.popleft()
            try:
                finish_metadata(handle, entry)
            finally:
                os.close(handle)

    def finish(self) -> int:
        if self._lent:
            raise Refusal("invalid", "%r did not get all its data." % self._lent[0][1][7][:200])
        return super().finish()

    def close(self) -> None:
        super().close()
        self._unsent.clear()
        while self._lent:
            os.close(self._lent.popleft()[0])
