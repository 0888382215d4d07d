"""What a run stores while it goes on: handed over in order, and waited for only where something hangs on it.

A tool call waits for its message and for its own start; the next request to the model does not wait for the
last result, only what comes of it does. Whatever was handed over is stored and told also where the run was
cancelled meanwhile. Must not know what is stored.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from journeyman.ports.writes import Held, Write


class Writes:
    """Of one run. One that failed fails everybody who waits from then on."""

    def __init__(self) -> None:
        self._begun: deque[asyncio.Future[Any]] = deque()
        self._error: BaseException | None = None

    def hand_over(self, *writes: asyncio.Future[Any]) -> None:
        """These are on their way, to be waited for later."""
        self._begun += writes
        while self._begun and self._begun[0].done():
            self._look_at(self._begun.popleft())

    async def stored(self) -> None:
        """Once all that was handed over is stored. Raises what the first of them raised that was not."""
        # The newest is done last: a store does them in order. Cancelled here, they still are stored.
        while waited_for := next((write for write in reversed(self._begun) if not write.done()), None):
            await asyncio.wait((waited_for,))
        while self._begun and self._begun[0].done():
            self._look_at(self._begun.popleft())
        if self._error is not None:
            raise self._error

    async def begin(self, held: Held | None = None) -> None:
        """As `stored`, for what may begin then and not before. What is `held` is let go by the thread that
        stored the last of it: the loop need not wake up for that. Where not all was stored, it is kept."""
        if held is None:
            await self.stored()
            return
        try:
            self._once_stored(held)
            await self.stored()
            held.let_go()
        finally:
            held.keep()

    def _once_stored(self, held: Held) -> None:
        begun = [write for write in self._begun if isinstance(write, Write)]
        if self._error is not None or not begun or len(begun) < len(self._begun):
            return

        def look() -> None:
            if all(write.stored for write in begun):
                held.let_go()

        begun[-1].then(look)

    def fail(self) -> None:
        """Raise what `stored` would raise of what was looked at."""
        if self._error is not None:
            raise self._error

    def _look_at(self, write: asyncio.Future[Any]) -> None:
        if not write.cancelled():
            self._error = self._error or write.exception()
