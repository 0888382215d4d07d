"""Threads that wait a while for more work, so that a call need not start one; a few of them for when none can
be started, so that a workspace full of processes can still be read, put away and emptied.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

RESERVE = 6
"""What an archive and the end of all processes need at once."""


class Pool:
    """Threads that wait a while for more work. `reserve` of them never leave, and work only for a call that
    finds no other and can start none (a container's limit of processes counts threads too)."""

    def __init__(self, reserve: int = RESERVE) -> None:
        self._lock = threading.Lock()
        self._queue: queue.Queue[Callable[[], None]] = queue.Queue()
        self._reserve = reserve
        self._idle = 0
        for _ in range(reserve):
            self._start(None)

    def run(self, work: Callable[[], None]) -> None:
        """Raises RuntimeError where no thread is to be had."""
        if self._give(work, but=self._reserve):
            return
        try:
            self._start(work)
        except RuntimeError:
            if not self._give(work, but=0):
                raise

    def _give(self, work: Callable[[], None], but: int) -> bool:
        with self._lock:
            if self._idle <= but:
                return False
            self._idle -= 1
            self._queue.put(work)
            return True

    def _start(self, work: Callable[[], None] | None) -> None:
        threading.Thread(target=self._loop, args=(work,), daemon=True).start()

    def _loop(self, work: Callable[[], None] | None) -> None:
        while True:
            if work is not None:
                work()
                del work
            with self._lock:
                self._idle += 1
            work = self._next()
            if work is None:
                return

    def _next(self) -> Callable[[], None] | None:
        while True:
            try:
                return self._queue.get(timeout=30)
            except queue.Empty:
                with self._lock:
                    if self._queue.empty() and self._idle > self._reserve:
                        self._idle -= 1
                        return None
