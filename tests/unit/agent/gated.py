"""A scripted model that answers when the test lets it, so that a test knows where a run is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from journeyman.ports.model import ModelDelta, ModelRequest
from journeyman.testing.model import ScriptedModel, Step


class GatedModel(ScriptedModel):
    def __init__(self, steps: Sequence[Step]) -> None:
        super().__init__(steps)
        self._asked = asyncio.Semaphore(0)
        self._may = asyncio.Semaphore(0)
        self.requests_begun = 0

    async def asked(self) -> None:
        """Until the run waits for the model's next answer."""
        async with asyncio.timeout(90):
            await self._asked.acquire()

    def go(self, answers: int = 1) -> None:
        for _ in range(answers):
            self._may.release()

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        self.requests_begun += 1
        self._asked.release()
        await self._may.acquire()
        async for delta in super().stream(request):
            yield delta
