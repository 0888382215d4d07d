"""A model that says what a test tells it to.

    model = ScriptedModel([call("ls", path="."), say("Done."), Failure("model_unreachable", "gone")])

Turns are given in order, one a request; a `Failure` in the list is raised; a function gets the request
and returns a turn, so that a script can react. What was asked is kept in `requests`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from journeyman.failures import Failure
from journeyman.model.thoughts import in_order, of_calls
from journeyman.ports.clock import Clock, SystemClock
from journeyman.ports.model import (
    ModelDelta,
    ModelRequest,
    ReasoningDelta,
    StopDelta,
    StopReason,
    TextDelta,
    ToolCallDelta,
    UsageDelta,
)
from journeyman.thoughts import Thought

REQUESTS_KEPT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    name: str
    arguments: dict[str, Any] | str
    """A string is sent as it is, valid or not."""
    id: str | None = None


@dataclass(frozen=True, slots=True)
class ScriptedTurn:
    text: str = ""
    calls: tuple[ScriptedCall, ...] = ()
    reasoning: str = ""
    usage: UsageDelta | None = None
    stop: StopReason | None = None
    """None: what follows from the calls. "disconnected": the stream ends without a stop."""
    delay_s: float = 0.0
    """On the injected clock, before the first delta."""
    failure: Failure | None = None
    """Raised after the deltas, in place of the stop."""
    thoughts: tuple[Thought, ...] = ()
    """What is wanted back with it."""


Step = ScriptedTurn | Failure | Callable[[ModelRequest], "ScriptedTurn | Failure"]


def say(text: str, **more: Any) -> ScriptedTurn:
    """A turn of text alone."""
    return ScriptedTurn(text=text, **more)


def call(name: str, /, **arguments: Any) -> ScriptedTurn:
    """A turn that calls one tool."""
    return ScriptedTurn(calls=(ScriptedCall(name, arguments),))


def calls(*turns: ScriptedTurn, text: str = "") -> ScriptedTurn:
    """The calls of several turns in one, made in parallel."""
    return ScriptedTurn(text=text, calls=tuple(c for turn in turns for c in turn.calls))


class ScriptedModel:
    """A `Model` (see the port). `cycle` starts over at the end instead of failing."""

    def __init__(self, steps: Sequence[Step], *, clock: Clock | None = None, cycle: bool = False) -> None:
        self._steps = tuple(steps)
        self._clock = clock or SystemClock()
        self._cycle = cycle
        self._position = 0
        self.requests: list[ModelRequest] = []
        self.closed = False

    @property
    def left(self) -> int:
        """Steps that were not asked for yet."""
        return max(0, len(self._steps) - self._position)

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        if len(self.requests) < REQUESTS_KEPT_MAX:
            self.requests.append(request)
        position = self._position
        self._position += 1
        step = self._next(position)
        if callable(step):
            step = step(request)
        if isinstance(step, Failure):
            raise step
        if step.delay_s:
            await self._clock.sleep(step.delay_s)
        for delta in deltas_of_turn(step, position):
            yield delta
        if step.failure is not None:
            raise step.failure

    def _next(self, position: int) -> Step:
        if self._cycle and self._steps:
            return self._steps[position % len(self._steps)]
        if position < len(self._steps):
            return self._steps[position]
        return Failure(
            "model_broken",
            f"The script has {len(self._steps)} turns and was asked for turn {position + 1}.",
            hint="Add a turn to the ScriptedModel, or find out why the run goes on.",
        )

    async def close(self) -> None:
        self.closed = True


def deltas_of_turn(turn: ScriptedTurn, position: int) -> list[ModelDelta]:
    """The deltas of `turn`: text word by word, arguments in two pieces, ids from `position`."""
    deltas: list[ModelDelta] = []
    if turn.reasoning:
        deltas.append(ReasoningDelta(turn.reasoning))
    for part in in_order(turn.text, turn.thoughts):
        deltas.extend([TextDelta(piece) for piece in _pieces(part)] if isinstance(part, str) else [part])
    ids = [made.id or f"scripted_{position}_{index}" for index, made in enumerate(turn.calls)]
    for index, (ident, made) in enumerate(zip(ids, turn.calls, strict=True)):
        raw = made.arguments if isinstance(made.arguments, str) else json.dumps(made.arguments)
        half = len(raw) // 2
        deltas.append(ToolCallDelta(index, ident, made.name, raw[:half]))
        deltas.append(ToolCallDelta(index, None, None, raw[half:]))
    deltas.extend(of_calls(turn.thoughts, ids))
    if turn.usage is not None:
        deltas.append(turn.usage)
    stop: StopReason = turn.stop or ("tool_calls" if turn.calls else "stop")
    if stop != "disconnected" and turn.failure is None:
        deltas.append(StopDelta(stop))
    return deltas


def _pieces(text: str) -> list[str]:
    return [piece for piece in text.replace(" ", " \0").split("\0") if piece]


def with_usage(turn: ScriptedTurn, input_tokens: int, output_tokens: int, **more: Any) -> ScriptedTurn:
    """`turn`, said to have used these tokens."""
    return replace(turn, usage=UsageDelta(input_tokens, output_tokens, **more))
