"""A started process, and the pipe that wakes whoever carries its output."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading


class Child:
    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self.popen = popen
        self.pid = popen.pid
        self.code: int | None = None
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_read, False)
        os.set_blocking(self.wake_write, False)
        self._lock = threading.Lock()
        self._open = True

    def wake(self) -> None:
        with self._lock:
            if self._open:
                with contextlib.suppress(BlockingIOError):
                    os.write(self.wake_write, b"!")

    def close(self) -> None:
        with self._lock:
            self._open = False
            os.close(self.wake_read)
            os.close(self.wake_write)
