"""Whole runs with Claude behind litellm: what it thought comes back as it must, step after step, past a
restart, past what is cleared to make room, and past another model that took over meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from components.claude import Claude, Json, Said, thinking, tool
from components.provider import Received, Reply, ScriptedProvider, refusal
from journeyman.adapters.litellm_model import LitellmModel
from journeyman.agent.runs import RunService, StartRun
from journeyman.model.providers import ProviderConfig
from journeyman.ports.model import ModelInfo
from journeyman.testing.model import ScriptedModel, call
from unit.agent.house import MODEL, House, house

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("litellm"),
    pytest.mark.filterwarnings("ignore:Accessing the 'model_"),  # litellm does that
]
OTHER = "scripted/other"


def asking(number: int, name: str, **arguments: object) -> Said:
    return Said((thinking(f"Thought {number}."), tool(f"toolu_{number}", name, **arguments)))


def fin(number: int) -> Said:
    return asking(number, "fin", summary="Done.", status="partial")


@contextlib.asynccontextmanager
async def working(
    root: Path, provider: ScriptedProvider, *, window: int | None = None
) -> AsyncGenerator[House]:
    """The agent with Claude as its model."""
    async with house(root) as agent:
        base = provider.base_url.removesuffix("/v1")
        options = {"effort": "litellm", "cache_control": True}
        model = LitellmModel(ProviderConfig("anthropic", base, api_key="sk-test", options=options))
        info = ModelInfo(MODEL, "scripted", "claude-sonnet-5-5", window, True)
        agent.models.inject(MODEL, model, info)
        yield agent
        await agent.models.close()


def words(claude: Claude, number: int = -1) -> list[str]:
    """Of the thoughts that came back with that request."""
    return [block["thinking"] for each in claude.thoughts(number) for block in each]


async def test_thoughts_survive_a_restart_in_the_middle_of_a_run(tmp_path: Path) -> None:
    claude, silent = Claude([asking(1, "ls"), asking(2, "ls", depth=2), fin(3), fin(4)]), asyncio.Event()

    def hang(request: Received) -> Reply:
        silent.set()
        return Reply(hang=True)

    async with ScriptedProvider() as provider, working(tmp_path, provider) as agent:
        provider.script(claude, claude, hang, claude, claude)
        run = await agent.runs.start(StartRun("Look.", mode="execute"))
        async with asyncio.timeout(90):
            await silent.wait()
        await agent.runs.close()
        agent.runs = RunService(agent.services)
        await agent.runs.recover()
        resumed = await agent.runs.resume(run.id)
        async with asyncio.timeout(90):
            await agent.runs.wait(resumed.id)
        assert words(claude) == ["Thought 1.", "Thought 2."]
        await agent.run("And now?", chat_id=run.chat_id, mode="execute")
    assert words(claude) == ["Thought 1.", "Thought 2.", "Thought 3."]
    assert claude.refusals == []


async def test_what_was_thought_before_something_was_cleared_is_sent_no_more(tmp_path: Path) -> None:
    noise = [
        asking(number, "terminal", command=f"head -c 9000 /dev/zero | tr '\\0' {number % 10}")
        for number in range(12)
    ]
    claude = Claude([*noise, fin(12), fin(13)])
    async with ScriptedProvider() as provider, working(tmp_path, provider, window=20_000) as agent:
        provider.script(*[claude] * 14)
        run = await agent.run("Look.", mode="execute")
        agent.runs = RunService(agent.services)
        await agent.run("And now?", chat_id=run.chat_id, mode="execute")
    assert claude.refusals == []
    sent = [words(claude, number) for number in range(14)]
    cleared = [number for number in range(1, 14) if len(sent[number]) <= len(sent[number - 1])]
    assert cleared, "the window is small"
    for number, those in enumerate(sent):
        since = max((each for each in cleared if each <= number), default=0)
        assert those == [f"Thought {each}." for each in range(since, number)]
    marks = [str(body["messages"]).count("[cleared") for body in claude.bodies]
    assert cleared == [number for number in range(1, 14) if marks[number] > marks[number - 1]]


async def test_another_model_is_sent_none_and_the_first_gets_its_own_again(tmp_path: Path) -> None:
    claude = Claude([asking(1, "ls"), fin(2)])
    async with ScriptedProvider() as provider, working(tmp_path, provider) as agent:
        other = ScriptedModel([call("ls", depth=2), call("fin", summary="Done.", status="partial")])
        agent.models.inject(OTHER, other, ModelInfo(OTHER, "scripted", "other", None, True))
        agent.services = dataclasses.replace(agent.services, fallback_models=(OTHER,))
        agent.runs = RunService(agent.services)
        provider.script(claude, refusal(402, "No credit."), claude)
        run = await agent.run("Look.", mode="execute")
        assert [message.thoughts for request in other.requests for message in request.messages] == [None] * 8
        await agent.run("And now?", chat_id=run.chat_id, mode="execute")
    assert words(claude) == ["Thought 1."]
    assert claude.refusals == []


async def test_effort_is_high_for_the_plan_and_low_behind_it(tmp_path: Path) -> None:
    plan = Said((tool("toolu_1", "todoWrite", items=["Look", "Verify against the request"]),))
    claude = Claude([plan, asking(2, "ls"), fin(3)])
    async with ScriptedProvider() as provider, working(tmp_path, provider) as agent:
        provider.script(claude, claude, claude)
        run = await agent.run("Write it down.")
        shown = [event.data for event in await agent.events(run.chat_id)]
    efforts: list[Json] = [body["output_config"]["effort"] for body in claude.bodies]
    assert efforts == ["high", "low", "low"]
    assert "sig+" not in str(shown)
