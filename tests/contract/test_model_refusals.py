"""What our adapter makes of each way in which a provider refuses, breaks or leaves."""

from __future__ import annotations

import asyncio

import pytest

from components.endpoint import KEY, REQUEST, connected
from components.provider import Reply, ScriptedProvider, answer, chunk, refusal, sse, text_answer
from journeyman.adapters.openai_compatible import OpenAiCompatibleModel
from journeyman.failures import Failure
from journeyman.model.assembly import collect
from journeyman.model.providers import ProviderConfig
from journeyman.ports.model import TextDelta


@pytest.mark.parametrize(
    ("reply", "kind", "retryable", "says"),
    [
        (refusal(401, f"Incorrect API key provided: {KEY}"), "model_refused", False, "TEST_API_KEY"),
        (refusal(403, "no"), "model_refused", False, "TEST_API_KEY"),
        (refusal(402, "Insufficient credits"), "model_refused", False, "payment"),
        (refusal(404, "no such model"), "model_unknown", False, "qwen/qwen3-coder"),
        (refusal(429, "slow down", Retry_After="7"), "model_refused", True, "slow down"),
        (refusal(500, "oops"), "model_unreachable", True, "oops"),
        (refusal(503, "busy", retry_after_ms="1500"), "model_unreachable", True, "busy"),
        (refusal(400, "This model's maximum context length is 8 tokens"), "model_refused", False, "too long"),
        (refusal(400, "bad field"), "model_refused", False, "bad field"),
        (Reply(302, {"Location": "http://elsewhere"}), "model_refused", False, "302"),
        (Reply(502, {"Content-Type": "text/html"}, (b"<h1>Oh</h1>",)), "model_unreachable", True, "502"),
        (Reply(pieces=(b"data: {broken\n\n",)), "model_broken", True, "broken"),
        (Reply(pieces=(b'data: ["list"]\n\n',)), "model_broken", True, "list"),
        (Reply(pieces=(b'event: error\ndata: {"type": "overloaded"}\n\n',)), "model_unreachable", True, ""),
        (answer({"error": {"message": "Rate limit reached"}}), "model_refused", True, "Rate limit"),
        (answer({"error": "something"}), "model_broken", True, "something"),
        (Reply(200, {"Content-Type": "application/json"}, (b'{"error": {"code": "500"}}',)),
         "model_unreachable", True, "500"),
        (Reply(pieces=(b"data: " + b"x" * 17_000_000,)), "model_broken", True, "bytes"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else None,
)  # fmt: skip
async def test_refusals(reply: Reply, kind: str, retryable: bool, says: str) -> None:
    async with connected(reply) as (_, model):
        with pytest.raises(Failure) as caught:
            await collect(model.stream(REQUEST))
    failure = caught.value
    assert (failure.kind, failure.retryable) == (kind, retryable)
    assert says in f"{failure.message} {failure.hint}"
    assert failure.hint
    assert KEY not in failure.message
    assert len(failure.message) < 500


async def test_retry_after_is_read() -> None:
    async with connected(
        refusal(429, "wait", Retry_After="7"), refusal(503, "wait", retry_after_ms="1500")
    ) as (
        _,
        model,
    ):
        for expected in (7000, 1500):
            with pytest.raises(Failure) as caught:
                await collect(model.stream(REQUEST))
            assert caught.value.retry_after_ms == expected


async def test_context_overflow_can_be_told_apart() -> None:
    async with connected(refusal(400, "prompt is too long: 9 > 8")) as (_, model):
        with pytest.raises(Failure) as caught:
            await collect(model.stream(REQUEST))
    assert caught.value.data == {"contextExceeded": True}


async def test_silence_is_a_timeout() -> None:
    silent = Reply(pieces=(sse(chunk({"content": "a"})),), hang=True)
    async with connected(silent, timeout_s=0.1) as (_, model):
        with pytest.raises(Failure) as caught:
            await collect(model.stream(REQUEST))
    assert (caught.value.kind, caught.value.retryable) == ("timeout", True)


async def test_nobody_listens() -> None:
    async with ScriptedProvider() as provider:
        gone = provider.base_url
    model = OpenAiCompatibleModel(ProviderConfig("test", gone))
    with pytest.raises(Failure) as caught:
        await collect(model.stream(REQUEST))
    assert (caught.value.kind, caught.value.retryable) == ("model_unreachable", True)
    assert gone in caught.value.message
    await model.close()


async def test_an_address_is_needed() -> None:
    with pytest.raises(Failure, match="no address"):
        OpenAiCompatibleModel(ProviderConfig("test", None))


async def test_closing_the_iterator_closes_the_connection() -> None:
    endless = Reply(pieces=(sse(chunk({"content": "a"})),), hang=True)
    async with connected(endless) as (provider, model):
        stream = model.stream(REQUEST)
        assert await anext(stream) == TextDelta("a")
        await stream.aclose()  # type: ignore[attr-defined]
        await asyncio.wait_for(provider.left_early.wait(), 60)


async def test_one_connection_serves_many_calls() -> None:
    async with connected(*[text_answer("ok")] * 5) as (provider, model):
        for _ in range(5):
            await collect(model.stream(REQUEST))
        assert provider.connections == 1
