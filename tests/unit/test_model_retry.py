from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from journeyman.failures import Failure
from journeyman.model.retry import Retry, RetryPolicy, ask
from journeyman.ports.model import ModelDelta, ModelRequest, TextDelta
from journeyman.testing.model import ScriptedModel, ScriptedTurn, call, say

REQUEST = ModelRequest("m", "", ())
GONE = Failure("model_unreachable", "gone", retryable=True)
CUT = ScriptedTurn(text="Half a", stop="disconnected")


class Pauses:
    """A clock whose sleeps are only noted."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> Any: ...

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def rate_limited(after_ms: int | None) -> Failure:
    return Failure("model_refused", "slow down", retryable=True, retry_after_ms=after_ms)


async def test_the_first_good_answer_is_taken() -> None:
    pauses, retries = Pauses(), list[Retry]()
    model = ScriptedModel([GONE, CUT, say("Done.")])
    turn = await ask(model, REQUEST, clock=pauses, random=lambda: 0.5, on_retry=retries.append)
    assert turn.text == "Done."
    assert pauses.slept == [0.75, 1.5]
    assert [(r.attempt, r.void) for r in retries] == [(2, False), (3, True)]


@pytest.mark.parametrize("step", [GONE, CUT, rate_limited(None)])
async def test_four_attempts_and_no_more(step: Any) -> None:
    model = ScriptedModel([step], cycle=True)
    with pytest.raises(Failure, match=r"\(4 attempts\)") as caught:
        await ask(model, REQUEST, clock=Pauses())
    assert len(model.requests) == 4
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (Failure("model_refused", "bad key"), "not retryable"),
        (rate_limited(600_000), "asks for ten minutes"),
        (
            ScriptedTurn(text="a", failure=Failure("model_broken", "?", retryable=True)),
            "the consumer saw text",
        ),
    ],
)
async def test_not_asked_again(step: Any, why: str) -> None:
    model = ScriptedModel([step, say("never")])
    with pytest.raises(Failure):
        await ask(model, REQUEST, clock=Pauses())
    assert len(model.requests) == 1, why


async def test_the_same_fault_before_any_delta_is_asked_again() -> None:
    model = ScriptedModel([Failure("model_broken", "?", retryable=True), say("ok")])
    assert (await ask(model, REQUEST, clock=Pauses())).text == "ok"


async def test_retry_after_is_honoured() -> None:
    pauses = Pauses()
    await ask(ScriptedModel([rate_limited(20_000), say("ok")]), REQUEST, clock=pauses)
    assert pauses.slept == [20.0]


async def test_pauses_grow_to_a_bound() -> None:
    pauses = Pauses()
    with pytest.raises(Failure):
        await ask(
            ScriptedModel([GONE], cycle=True),
            REQUEST,
            clock=pauses,
            random=lambda: 1.0,
            policy=RetryPolicy(attempts=8, pause_max_s=8),
        )
    assert pauses.slept == [1, 2, 4, 8, 8, 8, 8]


async def test_an_answer_that_never_ends_is_cut() -> None:
    class Endless:
        async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
            yield TextDelta("a")
            await asyncio.Event().wait()

        async def close(self) -> None: ...

    with pytest.raises(Failure) as caught:
        await ask(Endless(), REQUEST, clock=Pauses(), policy=RetryPolicy(answer_s=0.01))
    assert caught.value.kind == "timeout"


async def test_calls_written_as_text_are_recovered_only_for_offered_tools() -> None:
    text = '{"name": "ls", "arguments": {}}'
    turn = await ask(ScriptedModel([say(text)]), REQUEST, clock=Pauses())
    assert turn.text == text
    assert turn.tool_calls == ()
    assert (await ask(ScriptedModel([call("ls")]), REQUEST, clock=Pauses())).tool_calls[0].name == "ls"
