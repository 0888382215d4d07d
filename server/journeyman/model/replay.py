"""A model that repeats a recorded trajectory: for the offline demonstration and for tests.

It keeps no place of its own: the turn to give is the number of assistant messages the request's newest
run already has. So two chats replay side by side, a second run starts over, and a daemon that was killed
goes on where it was. What `explore` asks has a history of its own, and is given the turns of that call.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

from journeyman.failures import Failure
from journeyman.model.thoughts import in_order, of_calls
from journeyman.model.trajectory import RecordedTurn, Trajectory, load_trajectory
from journeyman.ports.clock import Clock, SystemClock
from journeyman.ports.model import (
    ModelDelta,
    ModelInfo,
    ModelRequest,
    ReasoningDelta,
    StopDelta,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
)

_WORDS = re.compile(r"\S+\s*|\s+")
WORDS_A_DELTA = 3


class ReplayModel:
    """A `Model` (see the port) over a recording. `pause_s` between two pieces of text makes it look like
    writing; it is spent on the injected clock."""

    recording = True
    """So that whoever shows a run can say that its words are recorded."""

    def __init__(
        self, source: Path | Trajectory, *, clock: Clock | None = None, pause_s: float = 0.02
    ) -> None:
        self._source = source
        self._clock = clock or SystemClock()
        self._pause_s = pause_s

    async def notice(self) -> str:
        """One sentence for people. Raises `Failure("invalid")` for an unreadable file."""
        recorded = (await self._trajectory()).model or "a model"
        return f"This is a recording: the words come from an earlier run of {recorded}, the work is real."

    async def described(self, info: ModelInfo) -> ModelInfo:
        """`info` with what the recording knows of its model, so that its runs are kept as that one's were."""
        return replace(info, context_window=(await self._trajectory()).window)

    async def asked(self) -> str | None:
        """The name of the model whose requests were recorded."""
        return (await self._trajectory()).asked

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        trajectory = await self._trajectory()
        turns = _asked_of(request, trajectory)
        position = _position(request)
        if position >= len(turns):
            of = "The recording" if request.call_id is None else "This call of explore in the recording"
            raise Failure(
                "model_broken",
                f"{of} has {len(turns)} turns and was asked for turn {position + 1}.",
                hint="Something went differently than when it was recorded; record it again.",
            )
        turn = turns[position]
        if turn.failure is not None:
            kind, message, hint = turn.failure
            raise Failure(kind, message, hint=hint)
        if turn.reasoning:
            yield ReasoningDelta(turn.reasoning)
        begun = False
        for part in in_order(turn.text, turn.thoughts):
            if isinstance(part, ThoughtDelta):
                yield part
                continue
            words = _WORDS.findall(part)
            for start in range(0, len(words), WORDS_A_DELTA):
                if begun:
                    await self._clock.sleep(self._pause_s)
                begun = True
                yield TextDelta("".join(words[start : start + WORDS_A_DELTA]))
        ids = [(turn.ids[n] if turn.ids else None) or f"replayed_{n}" for n in range(len(turn.calls))]
        for index, (name, arguments) in enumerate(turn.calls):
            ident = ids[index] if turn.ids or turn.thoughts else None
            invalid = turn.invalid[index] if turn.invalid else None
            yield ToolCallDelta(index, ident, name, json.dumps(arguments, ensure_ascii=False), invalid)
        for delta in of_calls(turn.thoughts, ids):
            yield delta
        if turn.usage is not None:
            yield turn.usage
        yield StopDelta(turn.stop or ("tool_calls" if turn.calls else "stop"))

    async def _trajectory(self) -> Trajectory:
        if isinstance(self._source, Path):
            self._source = await asyncio.to_thread(load_trajectory, self._source)
        return self._source

    async def close(self) -> None:
        """Nothing is held."""


def _asked_of(request: ModelRequest, trajectory: Trajectory) -> Sequence[RecordedTurn]:
    if request.call_id is None:
        return trajectory.turns
    found = trajectory.explored(request.call_id, request.messages[0].for_model)
    return () if found is None else found.turns


def _position(request: ModelRequest) -> int:
    run_id = request.messages[-1].run_id if request.messages else None
    return sum(1 for m in request.messages if m.role == "assistant" and m.run_id == run_id)
