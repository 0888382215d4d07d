"""A frame that waits for somebody to let it go, from whatever thread, and can be kept back until then."""

from __future__ import annotations

import threading
from collections.abc import Callable


class HeldFrame:
    """Implements `ports.guest.Held`."""

    def __init__(self, send: Callable[[bytes], None], frame: bytes) -> None:
        self._send = send
        self._frame: bytes | None = frame
        self._lock = threading.Lock()

    def let_go(self) -> None:
        with self._lock:
            frame, self._frame = self._frame, None
            if frame is not None:
                self._send(frame)

    def keep(self) -> None:
        with self._lock:
            self._frame = None
