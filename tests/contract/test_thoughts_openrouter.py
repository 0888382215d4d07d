"""What models think over OpenRouter comes back to them as it came, over real HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from components.endpoint import TOOL, connected, message
from components.openrouter import Json, OpenRouter, Said
from components.provider import Reply, refusal, split
from journeyman.adapters.openai_compatible import OpenAiCompatibleModel
from journeyman.failures import Failure
from journeyman.model.assembly import ModelTurn, collect
from journeyman.model.catalog import load_catalog
from journeyman.ports.model import ModelInfo, ModelRequest
from journeyman.testing.model import ScriptedModel, call
from journeyman.thoughts import Thoughts
from unit.agent.house import MODEL, house

OPTIONS = {"thoughts": "reasoning_details", "cache_control": True}
CLAUDE = {"format": "anthropic-claude-v1", "index": 0}
SIGNED = [{"type": "reasoning.text", "text": "Let me see, 👀.", "signature": "s", **CLAUDE}]
UNSIGNED = [{"type": "reasoning.text", "text": "Let me", **CLAUDE}]
SEALED = [{"type": "reasoning.encrypted", "data": "x", **CLAUDE}]
GEMINI = [
    {"type": "reasoning.text", "text": "I look.", "format": "google-gemini-v1", "index": 0},
    {"type": "reasoning.encrypted", "data": "y", "id": "tool_1", "format": "google-gemini-v1", "index": 0},
]
OPENAI = [
    {"type": "reasoning.summary", "summary": "**Look**", "format": "openai-responses-v1", "index": 0},
    {"type": "reasoning.encrypted", "data": "z", "id": "rs_1", "format": "openai-responses-v1", "index": 0},
]
LOOSE = [{"type": "reasoning.text", "text": "Hm."}]
BEGUN = ModelRequest("some/model", "Be brief.", (message("user", "Look."),), (TOOL,))


def then(request: ModelRequest, turn: ModelTurn, *, stale: bool = False) -> ModelRequest:
    """The next request: with the answer as it is kept, and the results of its calls."""
    thoughts = Thoughts("some/model", "", turn.thoughts, stale) if turn.thoughts else None
    said = message("assistant", turn.text, tool_calls=turn.tool_calls, thoughts=thoughts)
    results = [message("tool", "a.py", tool_call_id=call.id, tool_name="ls") for call in turn.tool_calls]
    return ModelRequest("some/model", "Be brief.", (*request.messages, said, *results), (TOOL,))


@contextlib.asynccontextmanager
async def talking(router: OpenRouter, *more: Any) -> AsyncGenerator[OpenAiCompatibleModel]:
    async with connected(*more, *[router] * 9, options=OPTIONS) as (_, model):
        yield model


async def asked(model: OpenAiCompatibleModel, request: ModelRequest) -> ModelTurn:
    return await collect(model.stream(request), tool_names=("ls",))


@pytest.mark.parametrize("details", [SIGNED, SEALED, GEMINI, OPENAI, LOOSE, SIGNED + GEMINI])
async def test_they_come_back_to_the_letter(details: list[Json]) -> None:
    router = OpenRouter([Said(details), Said(details), Said([])])
    async with talking(router) as model:
        request = then(BEGUN, await asked(model, BEGUN))
        request = then(request, await asked(model, request))
        await asked(model, request)
    assert router.refusals == []
    assert router.came() == [details, details]


@pytest.mark.parametrize(
    ("details", "stale", "goes"),
    [
        (SIGNED, True, False),
        (SEALED, True, False),
        (UNSIGNED, False, False),
        (SIGNED + UNSIGNED, False, False),
        (GEMINI, True, True),
        (OPENAI, True, True),
    ],
)
async def test_what_its_provider_would_not_take_stays_here(
    details: list[Json], stale: bool, goes: bool
) -> None:
    router = OpenRouter([Said(details), Said([])])
    async with talking(router) as model:
        await asked(model, then(BEGUN, await asked(model, BEGUN), stale=stale))
    assert router.came() == [details if goes else None]


async def test_what_is_refused_all_the_same_is_sent_no_more() -> None:
    router = OpenRouter([Said(GEMINI), Said(OPENAI), Said([])])
    async with talking(router) as model:
        request = then(BEGUN, await asked(model, BEGUN))
        router.takes = False
        turn = await asked(model, request)
        assert [call.name for call in turn.tool_calls] == ["ls"]
        router.takes = True
        request = then(request, turn)
        await asked(model, request)
    assert len(router.refusals) == 1
    assert router.came(1) == [GEMINI]
    assert router.came(2) == [None]


@pytest.mark.parametrize("status", [400, 401, 402])
async def test_a_refusal_of_something_else_stays_one(status: int) -> None:
    router = OpenRouter([Said(GEMINI)])
    times = 2 if status == 400 else 1
    async with connected(router, *[refusal(status, "No.")] * times, options=OPTIONS) as (provider, model):
        request = then(BEGUN, await asked(model, BEGUN))
        with pytest.raises(Failure):
            await asked(model, request)
        assert len(provider.requests) == 1 + times
        provider.script(router)
        router.answers.append(Said([]))
        await asked(model, request)
    assert router.came() == [GEMINI]


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_at_any_cut_of_the_bytes_they_are_the_same(size: int) -> None:
    router = OpenRouter([Said(SIGNED + GEMINI), Said([])], size=2)

    def cut(request: Any) -> Reply:
        return split(router(request), size)

    async with talking(router, cut) as model:
        await asked(model, then(BEGUN, await asked(model, BEGUN)))
    assert router.came() == [SIGNED + GEMINI]


async def test_a_run_gives_them_back_and_another_model_gets_none(tmp_path: Path) -> None:
    said = [Said(GEMINI, "ls"), Said(OPENAI, "fin", '{"summary":"Done.","status":"partial"}')]
    router = OpenRouter([*said, said[1]])
    async with house(tmp_path) as agent, talking(router) as model:
        agent.models.inject(MODEL, model, ModelInfo(MODEL, "scripted", "some/model", None, True))
        run = await agent.run("Look.", mode="execute")
        other = ScriptedModel([call("fin", summary="Done.", status="partial")])
        agent.models.inject("scripted/other", other, ModelInfo("scripted/other", "scripted", "o", None, True))
        await agent.run("And?", chat_id=run.chat_id, mode="execute", model="scripted/other")
        assert {each.thoughts for each in other.requests[0].messages} == {None}
        await agent.run("And now?", chat_id=run.chat_id, mode="execute")
        shown = str([event.data for event in await agent.events(run.chat_id)])
    assert router.refusals == []
    assert router.came() == [GEMINI, OPENAI, None]
    assert "openai-responses" not in shown


def test_openrouter_is_asked_for_them() -> None:
    assert load_catalog().providers["openrouter"].options["thoughts"] == "reasoning_details"
