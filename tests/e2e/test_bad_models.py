"""Models that break off, send nonsense or never call a tool, through a real daemon and real HTTP."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from components.provider import Reply, ScriptedProvider, answer, chunk, sse, text_answer, tool_piece
from e2e.daemons import place
from e2e.refused import ended, served
from journeyman.client.connection import Client

MODEL = "openai-compatible/tiny"
FIN = answer(tool_piece('{"summary":"There."}', index=0, id="f", name="fin"), chunk(finish="tool_calls"))
BROKEN = answer(tool_piece('{"path": ', index=0, id="b", name="ls"), chunk(finish="tool_calls"))
UNKNOWN = answer(tool_piece("{}", index=0, id="u", name="launchRocket"), chunk(finish="tool_calls"))
CUT = Reply(pieces=(sse(chunk({"content": "I will"})),), cut=True)


@pytest.fixture
async def provider() -> AsyncGenerator[ScriptedProvider]:
    async with ScriptedProvider() as running:
        yield running


@pytest.fixture
async def client(provider: ScriptedProvider) -> AsyncGenerator[Client]:
    with place(JOURNEYMAN_MODEL_BASE_URL=provider.base_url) as where:
        async with served(where) as connected:
            yield connected


async def test_a_model_that_always_breaks_off(client: Client, provider: ScriptedProvider) -> None:
    provider.script(*[CUT] * 4)
    run = await ended(client, model=MODEL)
    assert (run["status"], run["stopReason"]) == ("failed", "model_unreachable")
    assert "broke off before its end (4 attempts)" in run["summary"]


async def test_a_model_that_breaks_off_once(client: Client, provider: ScriptedProvider) -> None:
    provider.script(CUT, FIN)
    assert (await ended(client, model=MODEL, prompt="What is there?"))["status"] == "completed"


async def test_broken_arguments_are_said_to_the_model(client: Client, provider: ScriptedProvider) -> None:
    provider.script(BROKEN, UNKNOWN, FIN)
    run = await ended(client, model=MODEL, prompt="What is there?")
    assert run["status"] == "completed"
    page = await client.request("chat/messages", {"chatId": run["chatId"]})
    observations = [m for m in page["items"] if m["role"] == "tool"]
    assert [m["ok"] for m in observations] == [False, False, True]
    assert "launchRocket" in observations[1]["text"]


async def test_a_model_that_never_calls_a_tool(client: Client, provider: ScriptedProvider) -> None:
    provider.script(*[text_answer("I am thinking about it.")] * 5)
    run = await ended(client, model=MODEL)
    assert (run["status"], run["stopReason"]) == ("blocked", "no_tool_calls")
