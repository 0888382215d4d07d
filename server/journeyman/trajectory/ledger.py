"""Keeps, call by call, what a run asked its model: only what is new, so that a step costs what it adds.

The hash of everything up to the newest message is carried on from answered request to answered request; it is
begun anew only where an older message changed (results are cleared in blocks).
"""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from journeyman.failures import Failure
from journeyman.model.assembly import ModelTurn
from journeyman.ports.model import ModelRequest, ToolSpec, UsageDelta
from journeyman.ports.store import TurnStore
from journeyman.records import Message
from journeyman.trajectory.request import (
    Rolling,
    call_fields,
    digest,
    message_fields,
    prefix_bytes,
    settings_fields,
    thoughts_fields,
)
from journeyman.turns import Sent, Turn

FEW = 8


@dataclass(frozen=True, slots=True)
class _Asked:
    request: ModelRequest
    known: frozenset[int]
    """Messages, by identity, that are in the store as they are."""


@dataclass(frozen=True, slots=True)
class _Noted:
    """What is kept of a request, and where the next one goes on from."""

    kept: int
    added: tuple[Sent, ...]
    settings: Mapping[str, Any]
    bytes: int
    sha256: str
    prefix: _Prefix
    rolling: Rolling


@dataclass(frozen=True, slots=True)
class _Prefix:
    system: str
    tools: tuple[ToolSpec, ...]
    bytes: bytes
    digest: str

    @classmethod
    def of(cls, request: ModelRequest) -> _Prefix:
        written = prefix_bytes(request.system, request.tools)
        return cls(request.system, request.tools, written, digest(written))

    def is_of(self, request: ModelRequest) -> bool:
        return (self.system, self.tools) == (request.system, request.tools)


@dataclass(slots=True)
class Ledger:
    store: TurnStore
    chat_id: str
    run_id: str
    call_id: str | None = None
    """The call of `explore` that asks; None: the run itself."""
    _step: int = 0
    _prefix: _Prefix | None = None
    """These three are of the newest request that was answered."""
    _rolling: Rolling | None = None
    _messages: tuple[Message, ...] = ()
    _asked: _Asked | None = None
    _noted: _Noted | None = None

    def asked(self, request: ModelRequest, stored: Sequence[Message]) -> None:
        """`request` is about to be sent; `stored` are the messages that are in the store as they are.
        A request that was not answered is forgotten."""
        # What is new was stored last; one that is not found there is only written down in full.
        recent = stored if len(request.messages) - len(self._messages) > FEW else stored[-2 * FEW :]
        self._asked, self._noted = _Asked(request, frozenset(map(id, recent))), None

    def note(self) -> None:
        """Work out what will be kept of it: there is time while the model thinks."""
        if self._asked is not None and self._noted is None:
            self._noted = self._note(self._asked.request, self._asked.known)

    def _note(self, request: ModelRequest, known: frozenset[int]) -> _Noted:
        prefix, rolling, before = self._prefix, self._rolling, self._messages
        if prefix is None or rolling is None or not prefix.is_of(request):
            prefix, before = _Prefix.of(request), ()
            rolling = Rolling(prefix.bytes)
        kept = _same(before, request.messages)
        if kept < len(before):
            rolling = Rolling(prefix.bytes)
            for message in request.messages[:kept]:
                rolling.take(message_fields(message))
        else:
            rolling = rolling.copy()
        added: list[Sent] = []
        for message in request.messages[kept:]:
            fields = message_fields(message)
            rolling.take(fields)
            added.append(Sent(message.id, None if id(message) in known else fields))
        settings = settings_fields(request)
        return _Noted(kept, tuple(added), settings, *rolling.whole(settings), prefix, rolling)

    def answered(
        self,
        message_id: str,
        model: str,
        stop_reason: str,
        usage: UsageDelta | None,
        seconds: float,
        answer: Mapping[str, Any] | None = None,
    ) -> asyncio.Future[None]:
        """Store the call. Handed over together with its answer, it is committed together with it. `answer`:
        one that is no message of the chat."""
        self.note()
        asked, noted = self._asked, self._noted
        assert asked is not None, "a call is asked before it is answered"
        assert noted is not None
        fresh = noted.prefix is not self._prefix
        self._prefix, self._rolling, self._messages = noted.prefix, noted.rolling, asked.request.messages
        self._asked = self._noted = None
        self._step += 1
        turn = Turn(
            chat_id=self.chat_id,
            run_id=self.run_id,
            step=self._step,
            message_id=message_id,
            model=model,
            prefix=noted.prefix.digest,
            kept=noted.kept,
            added=noted.added,
            settings=noted.settings,
            bytes=noted.bytes,
            sha256=noted.sha256,
            stop_reason=stop_reason,
            seconds=round(seconds, 6),
            usage={} if usage is None else usage_fields(usage),
            call_id=self.call_id,
            answer=answer,
        )
        return self.store.add(turn, noted.prefix.bytes.decode() if fresh else None)


def _same(before: tuple[Message, ...], now: tuple[Message, ...]) -> int:
    """With how many messages of `before` `now` begins."""
    if len(before) <= len(now) and all(map(operator.is_, before, now)):
        return len(before)
    for number, (old, new) in enumerate(zip(before, now, strict=False)):
        if old is not new and old != new:
            return number
    return min(len(before), len(now))


def usage_fields(usage: UsageDelta) -> dict[str, Any]:
    fields = {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "cachedTokens": usage.cached_tokens,
        "cacheWriteTokens": usage.cache_write_tokens,
        "reasoningTokens": usage.reasoning_tokens,
        "costUsd": usage.cost_usd,
    }
    return {name: value for name, value in fields.items() if value is not None}


def answer_fields(turn: ModelTurn) -> dict[str, Any]:
    """An answer that is no message of the chat."""
    calls = [call_fields(call) for call in turn.tool_calls]
    said = {"text": turn.text, "reasoning": turn.reasoning, "toolCalls": calls}
    return {**said, **thoughts_fields(turn.thoughts)}


def failure_fields(failure: Failure) -> dict[str, Any]:
    """Instead of an answer."""
    return {"failed": {"kind": failure.kind, "message": failure.message, "hint": failure.hint}}
