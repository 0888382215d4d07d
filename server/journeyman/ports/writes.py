"""What is handed over to be stored: a future of it, and word of it from the thread that stores."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_settling = threading.Lock()


class Write(asyncio.Future[T]):
    """Done on the loop, which has to wake up for it; `stored` is known before that."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._settled = False
        self._stored = False
        self._then: list[Callable[[], None]] = []

    @property
    def stored(self) -> bool:
        """Whether it is known to be stored. From any thread."""
        return self._stored

    def then(self, what: Callable[[], None]) -> None:
        """Call `what`, which must neither wait nor raise, as soon as it is known whether this was stored: at
        once, or in the thread of the store."""
        with _settling:
            if not self._settled:
                self._then.append(what)
                return
        what()

    def settle(self, *, stored: bool) -> None:
        """Said by the store, before the future is done. Those handed over before were settled before."""
        with _settling:
            self._settled, self._stored = True, stored
            then, self._then = self._then, []
        for each in then:
            each()
