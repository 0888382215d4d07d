"""A started process, the pipe that wakes whoever carries its output, and its terminal where it has one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading

from .terminal import set_size, tree_of


class Child:
    def __init__(
        self, popen: subprocess.Popen[bytes], terminal: int | None = None, mark: bytes = b""
    ) -> None:
        self.popen = popen
        self.pid = popen.pid
        self.code: int | None = None
        self.mark = mark
        """Of what ends with the call that started it, and belongs to a person: a run that ends leaves it
        alone. Empty for everything else."""
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_read, False)
        os.set_blocking(self.wake_write, False)
        self._terminal = terminal
        self._lock = threading.Lock()
        self._open = True

    @property
    def has_terminal(self) -> bool:
        return self._terminal is not None

    def tree(self) -> list[int]:
        return tree_of(self.pid if self.code is None else 0, self.mark)

    def wake(self) -> None:
        with self._lock:
            if self._open:
                with contextlib.suppress(BlockingIOError):
                    os.write(self.wake_write, b"!")

    def resize(self, cols: int, rows: int) -> None:
        with self._lock:
            if self._open and self._terminal is not None:
                with contextlib.suppress(OSError):
                    set_size(self._terminal, cols, rows)

    def close(self) -> None:
        with self._lock:
            self._open = False
            os.close(self.wake_read)
            os.close(self.wake_write)
            if self._terminal is not None:
                os.close(self._terminal)
