"""Serving one request to its end: in its turn, in a task of its own, with exactly one answer.

Knows nothing of the protocol the request came by.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from journeyman.ports.tracing import Span
from journeyman.rpc.calls import Call, Calls, Ident
from journeyman.rpc.refusals import Refusal, from_exception
from journeyman.rpc.refusals import refuse as a_refusal
from journeyman.spans import NOTHING, entered


def serve(
    call: Call,
    work: Callable[[], Awaitable[Any]],
    *,
    calls: Calls,
    start: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]],
    answer: Callable[[Ident, Any], None],
    refuse: Callable[[Ident, Refusal], None],
    ended: Callable[[Call, str, float], None],
    span: Span = NOTHING,
) -> None:
    """Add the call to `calls` and do `work` for it; `ended` gets how it was answered, `ok` or the kind of its
    refusal, and the seconds it took. `span` is what the work belongs to, and ends with it."""
    began = time.monotonic()
    answered = False
    outcome = "cancelled"

    async def serving() -> None:
        nonlocal answered, outcome
        try:
            await call.come()
            result = await work()
            answer(call.ident, result)
            answered, outcome = True, "ok"
            call.answered()
        except Exception as error:  # noqa: BLE001 - a handler's fault is this request's answer
            if not answered:
                refusal = from_exception(error, call.method)
                answered, outcome = True, refusal.data.kind
                refuse(call.ident, refusal)
            else:
                from_exception(error, f"what follows {call.method}")

    def over(task: asyncio.Task[None]) -> None:
        # A task cancelled before its first step never ran any of the above, so this belongs here.
        if not answered:
            refuse(call.ident, a_refusal("cancelled", f"The request {call.method} was cancelled."))
        calls.remove(call)
        call.pass_turn()
        ended(call, outcome, time.monotonic() - began)
        if span is not NOTHING:
            span.note("journeyman.outcome", outcome)
            span.end("" if outcome == "ok" else outcome)

    calls.add(call)
    if span is NOTHING:
        task = start(serving(), call.method)
    else:
        with entered(span):
            task = start(serving(), call.method)
    call.runs_in(task)
    task.add_done_callback(over)
