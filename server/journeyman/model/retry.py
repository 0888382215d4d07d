"""One model answer, asked for again where that is safe: the only retry policy, stated and bounded.

Asked again: a retryable failure before the consumer saw anything, and a connection lost at any time,
since no tool of an unfinished answer has run. What the consumer saw of a lost answer is void, and
`on_retry` says so. At most four attempts, with growing pauses of which half is random; a provider's own
`Retry-After` is honoured up to two minutes, and a longer one ends the attempts.
"""

from __future__ import annotations

import asyncio
import random as random_module
from collections.abc import Callable
from dataclasses import dataclass

from journeyman.failures import Failure
from journeyman.model.assembly import LIMITS, Limits, ModelTurn, OnDelta, collect, new_call_id
from journeyman.ports.clock import Clock
from journeyman.ports.model import Model, ModelDelta, ModelRequest


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    attempts: int = 4
    """In all, the first one included."""
    first_pause_s: float = 1.0
    pause_max_s: float = 30.0
    retry_after_max_s: float = 120.0
    answer_s: float = 1800.0
    """Longest time one answer may take from request to end."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Why and when the model is asked again."""

    attempt: int
    """The attempt that comes now, from 2."""
    attempts: int
    pause_s: float
    reason: str
    void: bool
    """Whether deltas were delivered that no longer count."""


POLICY = RetryPolicy()


async def ask(
    model: Model,
    request: ModelRequest,
    *,
    clock: Clock,
    random: Callable[[], float] = random_module.random,
    policy: RetryPolicy = POLICY,
    on_delta: OnDelta | None = None,
    on_retry: Callable[[Retry], None] | None = None,
    new_id: Callable[[], str] = new_call_id,
    limits: Limits = LIMITS,
) -> ModelTurn:
    """The model's whole answer to `request`. Raises `Failure` once the attempts are used up, or at once
    where asking again cannot help. `random` gives numbers in [0, 1)."""
    tool_names = frozenset(spec.name for spec in request.tools)
    for attempt in range(1, policy.attempts + 1):
        seen = _Seen(on_delta)
        try:
            async with asyncio.timeout(policy.answer_s):
                turn = await collect(
                    model.stream(request), seen, tool_names=tool_names, new_id=new_id, limits=limits
                )
            if turn.stop_reason != "disconnected":
                return turn
            failure = _broke_off()
        except TimeoutError as error:
            raise Failure(
                "timeout",
                f"The model's answer took longer than {policy.answer_s:g} seconds and was cut.",
                hint="Ask for less at once, or use another model.",
            ) from error
        except Failure as error:
            failure = error
        pause_s = _pause(failure, attempt, policy, random)
        lost = failure.kind in ("model_unreachable", "timeout")
        if not failure.retryable or pause_s is None or (seen.any and not lost):
            raise failure
        if attempt == policy.attempts:
            raise _given_up(failure, attempt)
        if on_retry is not None:
            on_retry(Retry(attempt + 1, policy.attempts, pause_s, failure.message, seen.any))
        await clock.sleep(pause_s)
    raise AssertionError("unreachable: every attempt returns or raises")


class _Seen:
    """Passes deltas on and remembers whether there were any."""

    def __init__(self, on_delta: OnDelta | None) -> None:
        self._on_delta = on_delta
        self.any = False

    async def __call__(self, delta: ModelDelta) -> None:
        self.any = True
        if self._on_delta is not None and (waiting := self._on_delta(delta)) is not None:
            await waiting


def _pause(failure: Failure, attempt: int, policy: RetryPolicy, random: Callable[[], float]) -> float | None:
    """Seconds until the next attempt; None when the provider asks for more than we wait."""
    grown = min(policy.pause_max_s, policy.first_pause_s * 2 ** (attempt - 1))
    jittered = grown / 2 + random() * grown / 2
    if failure.retry_after_ms is None:
        return jittered
    wanted = failure.retry_after_ms / 1000
    return None if wanted > policy.retry_after_max_s else max(wanted, jittered)


def _broke_off() -> Failure:
    return Failure(
        "model_unreachable",
        "The model's answer broke off before its end.",
        hint="Try again in a moment, or use another model.",
        retryable=True,
    )


def _given_up(failure: Failure, attempts: int) -> Failure:
    message = f"{failure.message.rstrip('.')} ({attempts} attempts)."
    return Failure(
        failure.kind,
        message,
        hint=failure.hint,
        retryable=True,
        retry_after_ms=failure.retry_after_ms,
        data=failure.data,
    )
