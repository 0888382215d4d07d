"""What is handed over to be stored: a future of it, word of it from the thread that stores, and what goes
then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")

_settling = threading.Lock()


class Held(Protocol):
    """Something that is ready to go: once, or never."""

    def let_go(self) -> None:
        """From any thread; neither waits nor raises. Nothing where it went, or is kept."""
        ...

    def keep(self) -> None:
        """It must not go any more. What went, went."""
        ...


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
