"""Keeps, call by call, what a run asked its model: only what is new, so that a step costs what it adds.

The hash of everything up to the newest message is carried on from request to request; it is begun anew only
where an older message changed (results are cleared in blocks).
"""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from journeyman.failures import Failure
from journeyman.model.assembly import ModelTurn
from journeyman.ports.model import ModelRequest, UsageDelta
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
    kept: int
    added: tuple[Sent, ...]
    settings: Mapping[str, Any]
    bytes: int
    sha256: str


@dataclass(slots=True)
class Ledger:
    store: TurnStore
    chat_id: str
    run_id: str
    call_id: str | None = None
    """The call of `explore` that asks; None: the run itself."""
    _step: int = 0
    _prefix_of: tuple[object, ...] = ()
    """The system prompt and the tools the next four are of."""
    _prefix: bytes = b"{}"
    _digest: str = ""
    _is_new: bool = False
    """The prefix may not be stored yet."""
    _rolling: Rolling = field(default_factory=lambda: Rolling(b"{}"))
    _messages: tuple[Message, ...] = ()
    """Of the newest request."""
    _asked: _Asked | None = None

    def asked(self, request: ModelRequest, stored: Sequence[Message]) -> None:
        """`request` is about to be sent; `stored` are the messages that are in the store as they are."""
        if self._prefix_of != (request.system, request.tools):
            self._prefix_of = (request.system, request.tools)
            self._prefix = prefix_bytes(request.system, request.tools)
            self._digest, self._is_new = digest(self._prefix), True
            self._rolling, self._messages = Rolling(self._prefix), ()
        kept = _same(self._messages, request.messages)
        if kept < len(self._messages):
            self._rolling = Rolling(self._prefix)
            for message in request.messages[:kept]:
                self._rolling.take(message_fields(message))
        self._messages = request.messages
        fresh = request.messages[kept:]
        # What is new was stored last; one that is not found there is only written down in full.
        known = {id(message) for message in (stored if len(fresh) > FEW else stored[-2 * FEW :])}
        added: list[Sent] = []
        for message in fresh:
            fields = message_fields(message)
            self._rolling.take(fields)
            added.append(Sent(message.id, None if id(message) in known else fields))
        settings = settings_fields(request)
        self._asked = _Asked(kept, tuple(added), settings, *self._rolling.whole(settings))

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
        asked, self._asked = self._asked, None
        assert asked is not None, "a call is asked before it is answered"
        self._step += 1
        prefix = self._prefix.decode() if self._is_new else None
        self._is_new = False
        turn = Turn(
            chat_id=self.chat_id,
            run_id=self.run_id,
            step=self._step,
            message_id=message_id,
            model=model,
            prefix=self._digest,
            kept=asked.kept,
            added=asked.added,
            settings=asked.settings,
            bytes=asked.bytes,
            sha256=asked.sha256,
            stop_reason=stop_reason,
            seconds=round(seconds, 6),
            usage={} if usage is None else usage_fields(usage),
            call_id=self.call_id,
            answer=answer,
        )
        return self.store.add(turn, prefix)


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
