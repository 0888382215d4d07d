"""Threads that wait a while for more work, so that a call need not start one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class Pool:
    """Threads that wait a while for more work, so that a call need not start one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: queue.Queue[Callable[[], None]] = queue.Queue()
        self._idle = 0

    def run(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
                self._queue.put(work)
                return
        threading.Thread(target=self._loop, args=(work,), daemon=True).start()

    def _loop(self, work: Callable[[], None]) -> None:
        while True:
            work()
            del work
            with self._lock:
                self._idle += 1
            try:
                work = self._queue.get(timeout=30)
            except queue.Empty:
                with self._lock:
                    if self._queue.empty():
                        self._idle -= 1
                        return
                work = self._queue.get()
