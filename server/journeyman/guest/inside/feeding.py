"""A process's standard input, filled from a channel by whoever sees that there is something: the thread that
reads the connection, or the one that carries the process' output. Never waits."""

from __future__ import annotations

import os
import threading

from .channels import Channel
from .wire import Gone

END_OF_INPUT = b"\x04"
"""What a terminal takes for the end of input, typed."""


class Feeding:
    """Owns the descriptor `stdin`, which does not block."""

    def __init__(self, channel: Channel, stdin: int, *, terminal: bool) -> None:
        self.fd = stdin
        self.open = True
        self._channel = channel
        self._terminal = terminal
        self._pending = memoryview(b"")
        """Taken from the channel, and not yet by the process."""
        self._last = False
        self._lock = threading.RLock()

    @property
    def full(self) -> bool:
        """Whether it waits for room."""
        return self.open and bool(self._pending)

    def step(self) -> None:
        """Pass on what there is, as far as there is room."""
        with self._lock:
            try:
                self._pass_on()
            except BlockingIOError:
                return
            except (Gone, OSError):
                self.close()  # nobody writes any more, or nobody reads

    def close(self) -> None:
        with self._lock:
            if self.open:
                self.open = False
                os.close(self.fd)

    def _pass_on(self) -> None:
        while self.open:
            while self._pending:
                self._pending = self._pending[os.write(self.fd, self._pending) :]
            data = None if self._last else self._channel.take()
            if data == b"":
                return
            if data is not None:
                self._pending = memoryview(data)
            elif self._terminal and not self._last:
                self._last, self._pending = True, memoryview(END_OF_INPUT)
            else:
                self.close()
