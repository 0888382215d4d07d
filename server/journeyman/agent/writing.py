"""What a run stores while it goes on: handed over in order, and waited for only where something hangs on it.

A tool call waits for its message and for its own start; the next request to the model does not wait for the
last result, only what comes of it does. Whatever was handed over is stored and told also where the run was
cancelled meanwhile. Must not know what is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from journeyman.tasks import Supervisor


class Writes:
    """Of one run. One that failed fails everybody who waits from then on."""

    def __init__(self, supervisor: Supervisor, run_id: str) -> None:
        self._supervisor = supervisor
        self._name = f"a write of run {run_id}"
        self._begun: list[asyncio.Task[None]] = []
        self._error: Exception | None = None

    async def hand_over(self, *works: Coroutine[Any, Any, None]) -> None:
        """When this returns all of `works` are on their way, in this order and before whatever comes next."""
        self._begun = [task for task in self._begun if not task.done()]
        self._begun += [self._supervisor.start(self._kept(work), name=self._name) for work in works]
        await asyncio.sleep(0)

    async def stored(self) -> None:
        """Once all that was handed over is stored. Raises what the first of them raised that was not."""
        while waited_for := [task for task in self._begun if not task.done()]:
            await asyncio.wait(waited_for)
        if self._error is not None:
            raise self._error

    async def _kept(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who waits
            self._error = self._error or error
