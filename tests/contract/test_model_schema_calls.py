"""Models without tool calls of their own: held to a JSON schema, through either adapter."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.endpoint import REQUEST, TOOL, connected
from components.provider import Reply, answer, chunk, text_answer
from journeyman.model.assembly import collect
from journeyman.ports.model import TextDelta

SCHEMA = {"tool_mode": "schema"}
CALL = json.dumps({"tool": "ls", "arguments": {"path": "süß"}}, ensure_ascii=False)


async def test_request_shape() -> None:
    async with connected(text_answer(CALL), options=SCHEMA) as (provider, model):
        await collect(model.stream(REQUEST))
        sent = provider.requests[0].json
    assert "tools" not in sent
    assert sent["response_format"]["type"] == "json_schema"
    choices = sent["response_format"]["json_schema"]["schema"]["anyOf"]
    assert [choice["properties"]["tool"] for choice in choices] == [{"const": "ls"}]
    assert choices[0]["properties"]["arguments"] == dict(TOOL.parameters)
    system, *rest = sent["messages"]
    assert system["content"].startswith("Be brief.")
    assert "List a folder" in system["content"]
    assert [m["role"] for m in rest] == ["user", "assistant", "user"]
    assert json.loads(rest[1]["content"]) == {"tool": "ls", "arguments": {"path": "süß"}}
    assert "a.py" in rest[2]["content"]


async def test_a_reply_in_pieces_becomes_a_call_and_is_not_shown_as_text() -> None:
    seen: list[Any] = []
    reply = answer(*(chunk({"content": letter}) for letter in CALL), chunk(finish="stop"))
    async with connected(reply, options=SCHEMA) as (_, model):
        turn = await collect(model.stream(REQUEST), seen.append, tool_names=["ls"])
    assert [(c.name, c.arguments, c.invalid) for c in turn.tool_calls] == [("ls", {"path": "süß"}, None)]
    assert (turn.text, turn.stop_reason) == ("", "tool_calls")
    assert not any(isinstance(delta, TextDelta) for delta in seen)


@pytest.mark.parametrize(
    ("reply", "stop"),
    [
        (answer(chunk({"content": CALL[:20]}), chunk(finish="length")), "length"),
        (answer(chunk({"content": "I cannot."}), chunk(finish="stop")), "stop"),
        (answer(chunk({"content": '{"tool": 5, "arguments": {}}'}, "stop")), "stop"),
        (answer(chunk({"content": CALL}), done=False, close_delimited=True), "disconnected"),
    ],
)
async def test_what_is_no_call_stays_text(reply: Reply, stop: str) -> None:
    async with connected(reply, options=SCHEMA) as (_, model):
        turn = await collect(model.stream(REQUEST), tool_names=["ls"])
    assert turn.tool_calls == ()
    assert turn.text
    assert turn.stop_reason == stop


@pytest.mark.parametrize("more", [{"tools": ()}, {"tool_choice": "none"}])
async def test_without_tools_it_is_an_ordinary_request(more: dict[str, Any]) -> None:
    async with connected(text_answer("Hi"), options=SCHEMA) as (provider, model):
        turn = await collect(model.stream(replace(REQUEST, **more)))
        assert "response_format" not in provider.requests[0].json
    assert turn.text == "Hi"
