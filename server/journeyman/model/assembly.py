"""One model answer from a stream of deltas: the only assembler, for every provider.

The stream is not trusted: it may never end, be far too long, split characters, break off, or hold its
tool calls in pieces (`calls.py`) or as text (`recovery.py`). Every size is bounded. Nothing here retries
(`retry.py`) and nothing here runs a tool.
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Any, cast

from journeyman.failures import Failure
from journeyman.model.arguments import clean_text
from journeyman.model.calls import CallJoiner
from journeyman.model.recovery import recover
from journeyman.model.thoughts import ThoughtJoiner
from journeyman.ports.model import (
    ModelDelta,
    ReasoningDelta,
    StopReason,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    UsageDelta,
)
from journeyman.records import ToolCall
from journeyman.thoughts import Thought

OnDelta = Callable[[ModelDelta], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may hold; beyond it the provider counts as broken."""

    characters: int = 8 * 1024 * 1024
    """Text, reasoning and arguments together."""
    deltas: int = 2_000_000
    calls: int = 128


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class ModelTurn:
    text: str
    reasoning: str
    tool_calls: tuple[ToolCall, ...]
    """Ids are unique within the turn. A call with `invalid` must be answered but not run."""
    usage: UsageDelta | None
    """None when the provider said nothing."""
    stop_reason: StopReason
    notes: tuple[str, ...] = ()
    """What had to be repaired, for the log."""
    thoughts: tuple[Thought, ...] = ()
    """What the provider wants back with it."""


def new_call_id() -> str:
    return f"call_{secrets.token_hex(8)}"


class Assembler:
    """Takes deltas one by one; `finish` gives the turn."""

    def __init__(
        self,
        *,
        tool_names: Collection[str] = (),
        new_id: Callable[[], str] = new_call_id,
        limits: Limits = LIMITS,
    ) -> None:
        self._tool_names = frozenset(tool_names)
        self._new_id = new_id
        self._limits = limits
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls = CallJoiner(self._tool_names, new_id)
        self._thoughts = ThoughtJoiner()
        self._usage: UsageDelta | None = None
        self._stop: StopReason | None = None
        self._characters = 0
        self._deltas = 0

    def feed(self, delta: ModelDelta) -> None:
        """Raises `Failure("model_broken")` once the answer is larger than an answer can be."""
        self._deltas += 1
        if isinstance(delta, TextDelta):
            self._characters += len(delta.text)
            self._text.append(delta.text)
        elif isinstance(delta, ReasoningDelta):
            self._characters += len(delta.text)
            self._reasoning.append(delta.text)
        elif isinstance(delta, ThoughtDelta):
            self._characters += len(delta.text) + len(delta.signature)
            self._thoughts.feed(delta, self._written, len(self._calls))
        elif isinstance(delta, ToolCallDelta):
            self._characters += len(delta.arguments) + len(delta.name or "") + len(delta.id or "")
            self._calls.feed(delta)
        elif isinstance(delta, UsageDelta):
            self._usage = _newest(self._usage, delta)
        else:
            self._stop = delta.reason
        self._check()

    def _written(self) -> str:
        return clean_text("".join(self._text))

    def _check(self) -> None:
        limits = self._limits
        over = (
            f"{limits.characters:,} characters"
            if self._characters > limits.characters
            else f"{limits.deltas:,} pieces"
            if self._deltas > limits.deltas
            else f"{limits.calls} tool calls"
            if len(self._calls) > limits.calls
            else None
        )
        if over:
            raise Failure(
                "model_broken",
                f"The model's answer passed {over} and was cut.",
                hint="Ask for less at once, or use another model.",
            )

    def finish(self) -> ModelTurn:
        stop: StopReason = self._stop or "disconnected"
        text = said = clean_text("".join(self._text))
        reasoning = clean_text("".join(self._reasoning))
        calls = self._calls.finish(stop)
        notes: list[str] = []
        if not calls and self._tool_names and stop != "disconnected":
            found = recover(text, self._tool_names) or (
                recover(reasoning, self._tool_names) if not text.strip() else None
            )
            if found:
                text = found.text if text.strip() else text
                calls = tuple(ToolCall(self._new_id(), c.name, c.arguments) for c in found.calls)
                notes.append(
                    f"{len(calls)} tool call(s) were written as {found.form} and taken from the text"
                )
        notes.extend(f"call {c.name}: {c.invalid}" for c in calls if c.invalid)
        if calls and stop in ("stop", "unknown"):
            stop = "tool_calls"
        elif not calls and stop == "tool_calls":
            notes.append("the provider announced tool calls and sent none")
            stop = "stop"
        thoughts = self._thoughts.finish(calls, as_written=text == said and stop != "disconnected")
        return ModelTurn(text, reasoning, calls, self._usage, stop, tuple(notes), thoughts)


async def collect(
    stream: AsyncIterator[ModelDelta],
    on_delta: OnDelta | None = None,
    *,
    tool_names: Collection[str] = (),
    new_id: Callable[[], str] = new_call_id,
    limits: Limits = LIMITS,
) -> ModelTurn:
    """Read `stream` to its end and put the answer together.

    `on_delta` sees every delta as it comes (text with its characters whole) and may be a coroutine
    function. `tool_names` are the tools the model was offered: only these are recovered from text.
    Raises `Failure` of a `model_*` kind; a stream that ends without a `StopDelta` gives a turn with
    `stop_reason` "disconnected", whose calls are all invalid. The stream is closed in every case.
    """
    assembler = Assembler(tool_names=tool_names, new_id=new_id, limits=limits)
    whole = _WholeCharacters()
    async with AsyncExitStack() as stack:
        if hasattr(stream, "aclose"):
            await stack.enter_async_context(aclosing(cast("Any", stream)))
        async for delta in stream:
            assembler.feed(delta)
            if on_delta is None or (shown := whole.of(delta)) is None:
                continue
            waiting = on_delta(shown)
            if inspect.isawaitable(waiting):
                await waiting
    return assembler.finish()


class _WholeCharacters:
    """JSON lets a provider cut an emoji into two deltas: the first half waits for the second."""

    def __init__(self) -> None:
        self._half: dict[type, str] = {}

    def of(self, delta: ModelDelta) -> ModelDelta | None:
        if not isinstance(delta, (TextDelta, ReasoningDelta)):
            return delta
        kind = type(delta)
        text = self._half.pop(kind, "") + delta.text
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._half[kind] = text[-1]
            text = text[:-1]
        if not text:
            return None
        return delta if text == delta.text and text.isascii() else kind(clean_text(text))


def _newest(old: UsageDelta | None, new: UsageDelta) -> UsageDelta:
    """Totals so far, field by field: a later figure replaces, a missing one does not erase."""
    if old is None:
        return new
    return UsageDelta(
        input_tokens=old.input_tokens if new.input_tokens is None else new.input_tokens,
        output_tokens=old.output_tokens if new.output_tokens is None else new.output_tokens,
        cached_tokens=old.cached_tokens if new.cached_tokens is None else new.cached_tokens,
        cost_usd=old.cost_usd if new.cost_usd is None else new.cost_usd,
        cache_write_tokens=old.cache_write_tokens
        if new.cache_write_tokens is None
        else new.cache_write_tokens,
        reasoning_tokens=old.reasoning_tokens if new.reasoning_tokens is None else new.reasoning_tokens,
    )
