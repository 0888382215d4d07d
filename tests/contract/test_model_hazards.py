"""Every hazardous stream, through real HTTP, our adapter and the assembler, whole and byte by byte."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.hazards import HAZARDS, Hazard
from components.provider import ScriptedProvider, split
from journeyman.adapters.openai_compatible import OpenAiCompatibleModel
from journeyman.failures import Failure
from journeyman.model.assembly import ModelTurn, collect
from journeyman.model.providers import ProviderConfig
from journeyman.ports.model import ModelRequest, ToolSpec

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
TOOLS = (ToolSpec("ls", "List", SCHEMA), ToolSpec("read", "Read", SCHEMA))
NAMES = [tool.name for tool in TOOLS]
REQUEST = ModelRequest("scripted", "Be brief.", (), tools=TOOLS)


def check(hazard: Hazard, turn: ModelTurn) -> None:
    made = tuple((call.name, None if call.invalid else call.arguments) for call in turn.tool_calls)
    assert made == hazard.calls
    assert turn.stop_reason == hazard.stop
    assert turn.text == hazard.text
    ids = [call.id for call in turn.tool_calls]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    usage = turn.usage and (turn.usage.input_tokens, turn.usage.output_tokens, turn.usage.cached_tokens)
    assert usage == hazard.usage


async def run(hazard: Hazard, piece_bytes: int | None) -> None:
    reply = hazard.reply if piece_bytes is None else split(hazard.reply, piece_bytes)
    async with ScriptedProvider() as provider:
        provider.script(reply)
        model = OpenAiCompatibleModel(ProviderConfig("test", provider.base_url))
        try:
            if hazard.failure is None:
                check(hazard, await collect(model.stream(REQUEST), tool_names=NAMES))
            else:
                with pytest.raises(Failure) as caught:
                    await collect(model.stream(REQUEST), tool_names=NAMES)
                assert caught.value.kind == hazard.failure
        finally:
            await model.close()


@pytest.mark.parametrize("piece_bytes", [None, 1, 7], ids=["as sent", "byte by byte", "by sevens"])
@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard.name)
async def test_hazard_over_http(hazard: Hazard, piece_bytes: int | None) -> None:
    await run(hazard, piece_bytes)


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard.name)
async def test_hazard_with_carriage_returns_and_comments(hazard: Hazard) -> None:
    pieces = tuple(b": keep-alive\r\n\r\n" + p.replace(b"\n", b"\r\n") for p in hazard.reply.pieces)
    await run(replace(hazard, reply=replace(hazard.reply, pieces=pieces)), None)


async def test_connection_reset_in_mid_answer_is_a_disconnect() -> None:
    early = next(h for h in HAZARDS if h.name == "connection ends early")
    await run(replace(early, reply=replace(early.reply, close_delimited=False, cut=True)), None)
