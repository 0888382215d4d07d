"""Writes down what a model says, as a trajectory that `replay.py` can repeat.

Wraps a `Model` and changes nothing of what passes through. Only answers that came to their end are
written, secrets are taken out, and a file that cannot be written ends the run: a recording with a hole
would replay wrongly.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

from journeyman.failures import Failure
from journeyman.model.assembly import Assembler
from journeyman.model.trajectory import header_line, turn_line
from journeyman.ports.model import Model, ModelDelta, ModelRequest, StopDelta


class RecordingModel:
    """A `Model` (see the port). `path` is created anew at the first answer."""

    def __init__(self, model: Model, path: Path, *, note: str = "") -> None:
        self._model = model
        self._path = path
        self._note = note
        self._writing = asyncio.Lock()
        self._begun = False

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        assembler = Assembler(tool_names=[spec.name for spec in request.tools])
        stream = self._model.stream(request)
        stop: StopDelta | None = None
        try:
            async for delta in stream:
                assembler.feed(delta)
                if isinstance(delta, StopDelta):
                    stop = delta
                else:
                    yield delta
        finally:
            if hasattr(stream, "aclose"):
                await cast("Any", stream).aclose()
        if stop is not None:
            # Written before the stop is passed on: who saw the end may count on the line.
            question = None if request.call_id is None else request.messages[0].for_model
            await self._write(turn_line(assembler.finish(), question), request.model)
            yield stop

    async def _write(self, line: str, model: str) -> None:
        async with self._writing:
            text = line if self._begun else header_line(model, self._note) + line
            try:
                await asyncio.to_thread(_append, self._path, text, anew=not self._begun)
            except OSError as error:
                raise Failure(
                    "storage_failed",
                    f"The recording {self._path} cannot be written: {error.strerror or error}.",
                    hint="Choose another file, or free some space.",
                ) from error
            self._begun = True

    async def close(self) -> None:
        await self._model.close()


def _append(path: Path, text: str, *, anew: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w" if anew else "a", encoding="utf-8") as file:
        file.write(text)
