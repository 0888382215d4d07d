"""What our OpenAI-compatible adapter sends."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from components.endpoint import KEY, REQUEST, TOOL, connected, message
from components.images import base64_of, png
from components.provider import text_answer
from journeyman.model.assembly import collect
from journeyman.pictures import Attached
from journeyman.ports.model import ModelRequest
from journeyman.records import Message, ToolCall
from journeyman.thoughts import Thought, Thoughts


async def test_request_shape() -> None:
    async with connected(text_answer("ok"), headers={"X-Title": "Journeyman"}) as (provider, model):
        await collect(model.stream(REQUEST))
        sent = provider.requests[0]
    assert (sent.method, sent.path) == ("POST", "/v1/chat/completions")
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["x-title"] == "Journeyman"
    assert sent.json == {
        "model": "qwen/qwen3-coder",
        "tools": [{"type": "function", "function": {
            "name": "ls", "description": "List a folder", "parameters": dict(TOOL.parameters)}}],
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What is here?"},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "type": "function",
                "function": {"name": "ls", "arguments": '{"path":"süß"}'}}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "a.py"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "more", "field", "value"),
    [
        ({"effort": "reasoning"}, {"effort": "high"}, "reasoning", {"effort": "high"}),
        ({"effort": "reasoning_effort"}, {"effort": "low"}, "reasoning_effort", "low"),
        ({}, {"effort": "high"}, "reasoning_effort", None),
        ({"usage_include": True}, {}, "usage", {"include": True}),
        ({"stream_options": False}, {}, "stream_options", None),
        ({}, {"output_tokens_max": 7}, "max_tokens", 7),
        ({"max_tokens_field": "max_completion_tokens"}, {"output_tokens_max": 7}, "max_completion_tokens", 7),
        ({}, {"tool_choice": "required"}, "tool_choice", "required"),
        ({}, {"tool_choice": "required", "tools": ()}, "tool_choice", None),
    ],
)
async def test_habits_of_providers(options: Any, more: Any, field: str, value: Any) -> None:
    async with connected(text_answer("ok"), options=options) as (provider, model):
        await collect(model.stream(replace(REQUEST, **more)))
        assert provider.requests[0].json.get(field) == value


ONE, TWO = png(1), png(2)
PICTURED = replace(
    REQUEST,
    messages=(message("user", "What is on it?", pictures=(ONE.picture, TWO.picture)),),
    pictures={each.picture.id: base64_of(each) for each in (ONE, TWO)},
)


def shown(image: Attached) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64_of(image)}"}}


@pytest.mark.parametrize("options", [{}, {"cache_control": True}, {"tool_mode": "schema"}])
async def test_images_go_before_the_text(options: dict[str, Any]) -> None:
    async with connected(text_answer("ok"), options=options) as (provider, model):
        await collect(model.stream(PICTURED))
        content = provider.requests[0].json["messages"][1]["content"]
    assert content[:2] == [shown(ONE), shown(TWO)]
    assert (content[2]["type"], content[2]["text"], len(content)) == ("text", "What is on it?", 3)
    marked = [part for part in content if "cache_control" in part]
    assert marked == ([content[2]] if options.get("cache_control") else [])


async def test_thoughts_of_another_provider_are_not_sent() -> None:
    thoughts = Thoughts("a/b", "", (Thought("thought", "sig==", "Hm."), Thought("call", "call==")))
    asked = replace(REQUEST, messages=tuple(replace(each, thoughts=thoughts) for each in REQUEST.messages))
    async with connected(text_answer("ok"), text_answer("ok")) as (provider, model):
        for request in (REQUEST, asked):
            await collect(model.stream(request))
        assert provider.requests[0].body == provider.requests[1].body


async def test_an_image_alone_has_no_text_beside_it() -> None:
    alone = replace(PICTURED, messages=(message("user", "", pictures=(ONE.picture,)),))
    async with connected(text_answer("ok")) as (provider, model):
        await collect(model.stream(alone))
        assert provider.requests[0].json["messages"][1]["content"] == [shown(ONE)]


async def test_request_n_plus_1_begins_with_the_bytes_of_request_n() -> None:
    history: list[Message] = [message("user", "Start")]
    async with connected(*[text_answer("ok")] * 30) as (provider, model):
        for step in range(30):
            effort = ("low", "high")[step % 2]
            await collect(model.stream(ModelRequest("m", "S", tuple(history), (TOOL,), effort=effort)))
            made = ToolCall(f"call_{step}", "ls", {"path": f"é{step}", "a": [1, {"b": None}]})
            history.append(message("assistant", f"Step {step} \ud800", tool_calls=(made,)))
            history.append(message("tool", "x" * step, tool_call_id=made.id, tool_name="ls", ok=True))
        bodies = [request.body for request in provider.requests]
    assert len(bodies) == 30
    for earlier, later in itertools.pairwise(bodies):
        prefix = earlier[: earlier.rindex(b'],"')]
        assert prefix.count(b'"role"') >= 2
        assert later.startswith(prefix)


async def test_what_anthropic_may_cache_is_marked() -> None:
    async with connected(text_answer("ok"), options={"cache_control": True}) as (provider, model):
        await collect(model.stream(REQUEST))
        messages = provider.requests[0].json["messages"]
    marked = [isinstance(m["content"], list) and "cache_control" in m["content"][0] for m in messages]
    assert marked == [True, True, False, True], "the system prompt and the ends of this request and the last"
