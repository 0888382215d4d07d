"""Gemini through litellm: signatures leave the ids of calls, are kept, and come back on the very parts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from components.endpoint import TOOL, message
from components.provider import Received, Reply, Script, ScriptedProvider, refusal, sse
from contract.test_thoughts_claude import pieces, then
from journeyman.adapters.litellm_model import LitellmModel
from journeyman.model.assembly import collect
from journeyman.model.providers import ProviderConfig
from journeyman.ports.model import ModelRequest
from journeyman.thoughts import Thought

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("litellm"),
    pytest.mark.filterwarnings("ignore:Accessing the 'model_"),  # litellm does that
]
MODEL = "gemini-3.8-flash"
REQUEST = ModelRequest(MODEL, "Be brief.", (message("user", "Look."),), (TOOL,), effort="high")
CALL = {"functionCall": {"name": "ls", "args": {"path": "x"}}, "thoughtSignature": "c2lnbmVkIGNhbGw="}
UNSIGNED = {"functionCall": {"name": "ls", "args": {"path": "y"}}}
TEXT_END = {"text": "", "thoughtSignature": "c2lnbmVkIHRleHQ="}


def streamed(*parts: dict[str, Any], size: int = 10_000) -> Reply:
    """Each part in a chunk of its own, the end after them."""
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    ends = [{}] * (len(parts) - 1) + [{"finishReason": "STOP"}]
    chunks = [
        {"candidates": [{"content": {"role": "model", "parts": [part]}, "index": 0, **end}]}
        for part, end in zip(parts, ends, strict=True)
    ]
    data = b"".join(map(sse, [*chunks[:-1], chunks[-1] | {"usageMetadata": usage}]))
    return Reply(pieces=pieces(data, size))


@contextlib.asynccontextmanager
async def talking(*replies: Script) -> AsyncGenerator[tuple[ScriptedProvider, LitellmModel]]:
    async with ScriptedProvider() as provider:
        provider.script(*replies)
        base = provider.base_url.removesuffix("/v1")
        config = ProviderConfig("gemini", base, api_key="test", options={"effort": "litellm"})
        model = LitellmModel(config)
        try:
            yield provider, model
        finally:
            await model.close()


def model_parts(request: Received) -> list[dict[str, Any]]:
    return [part for each in request.json["contents"] if each["role"] == "model" for part in each["parts"]]


@pytest.mark.parametrize("size", [10_000, 1, 13])
async def test_signatures_come_back_on_their_parts(size: int) -> None:
    thought = {"text": "Hm, 👀.", "thought": True}
    answer = streamed(thought, {"text": "I look."}, CALL, UNSIGNED, TEXT_END, size=size)
    async with talking(answer, streamed({"text": "Done."})) as (provider, model):
        turn = await collect(model.stream(REQUEST))
        await collect(model.stream(then(REQUEST, turn)))
    assert (turn.reasoning, turn.text) == ("Hm, 👀.", "I look.")
    assert turn.thoughts == (
        Thought("text", "c2lnbmVkIHRleHQ="),
        Thought("call", "c2lnbmVkIGNhbGw=", call=0),
    )
    assert all("thought" not in call.id and len(call.id) < 64 for call in turn.tool_calls)
    sent = model_parts(provider.requests[1])
    assert [part.get("thoughtSignature") for part in sent] == ["c2lnbmVkIHRleHQ=", "c2lnbmVkIGNhbGw=", None]
    assert [part.get("text") for part in sent] == ["I look.", None, None]


async def test_a_signature_is_told_of_once_and_of_no_other_model() -> None:
    async with talking(streamed(CALL, UNSIGNED), streamed({"text": "a"}), streamed({"text": "b"})) as (
        provider,
        model,
    ):
        turn = await collect(model.stream(REQUEST))
        mine = then(REQUEST, turn)
        await collect(model.stream(mine))
        foreign = replace(mine, messages=tuple(replace(each, thoughts=None) for each in mine.messages))
        await collect(model.stream(foreign))
    assert turn.thoughts == (Thought("call", "c2lnbmVkIGNhbGw="),)
    for request, signed in zip(provider.requests[1:], (True, False), strict=True):
        assert json.dumps(request.json).count("c2lnbmVkIGNhbGw=") == signed


@pytest.mark.parametrize(
    ("name", "more", "wanted"),
    [
        (MODEL, {}, {"thinkingLevel": "high", "includeThoughts": True}),
        (MODEL, {"effort": "low"}, {"thinkingLevel": "low", "includeThoughts": True}),
        ("gemini-2.5-pro", {"effort": "low"}, {"thinkingBudget": 1024, "includeThoughts": True}),
        (MODEL, {"effort": None}, None),
        ("gemini-1.0-nothing", {}, None),
    ],
)
async def test_effort_is_sent_as_the_model_takes_it(name: str, more: Any, wanted: Any) -> None:
    async with talking(streamed({"text": "Done."})) as (provider, model):
        await collect(model.stream(replace(REQUEST, model=name, **more)))
        assert provider.requests[0].json.get("generationConfig", {}).get("thinkingConfig") == wanted


async def test_signatures_that_are_refused_are_left_out() -> None:
    replies = streamed(CALL), refusal(400, "Thought signature is not valid."), streamed({"text": "Done."})
    async with talking(*replies) as (provider, model):
        turn = await collect(model.stream(REQUEST))
        assert (await collect(model.stream(then(REQUEST, turn)))).text == "Done."
    assert "c2lnbmVkIGNhbGw=" not in json.dumps(provider.requests[2].json)
