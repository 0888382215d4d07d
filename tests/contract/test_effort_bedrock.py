"""Bedrock through litellm: each model is asked to think in its own way, and gets its thoughts back."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest

from components import bedrock
from components.endpoint import TOOL, message
from components.provider import ScriptedProvider, refusal
from journeyman.adapters.litellm_model import LitellmModel
from journeyman.failures import Failure
from journeyman.model.assembly import collect
from journeyman.model.catalog import load_catalog
from journeyman.model.providers import ProviderConfig
from journeyman.ports.model import ModelRequest
from journeyman.thoughts import Thoughts

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("litellm"),
    pytest.mark.filterwarnings("ignore:Accessing the 'model_"),  # litellm does that
]
CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
NEWER = "us.anthropic.claude-opus-4-6-v1"
BEGUN = ModelRequest(CLAUDE, "Be brief.", (message("user", "Look."),), (TOOL,), effort="high")


@contextlib.asynccontextmanager
async def talking() -> AsyncGenerator[tuple[ScriptedProvider, LitellmModel]]:
    options = load_catalog().providers["bedrock"].options
    async with ScriptedProvider() as provider:
        base = provider.base_url.removesuffix("/v1")
        model = LitellmModel(ProviderConfig("bedrock", base, api_key="bearer-of-a-test", options=options))
        try:
            yield provider, model
        finally:
            await model.close()


@pytest.mark.parametrize(
    ("model", "effort", "field", "asked"),
    [
        (CLAUDE, "high", "thinking", {"type": "enabled", "budget_tokens": 4096}),
        (CLAUDE, "low", "thinking", {"type": "enabled", "budget_tokens": 1024}),
        (NEWER, "high", "output_config", {"effort": "high"}),
        (NEWER, "low", "output_config", {"effort": "low"}),
        (
            "amazon.nova-2-lite-v1:0",
            "high",
            "reasoningConfig",
            {"type": "enabled", "maxReasoningEffort": "high"},
        ),
        ("openai.gpt-oss-120b-1:0", "low", "reasoning_effort", "low"),
        ("amazon.nova-pro-v1:0", "high", "reasoningConfig", None),
        ("qwen.qwen3-coder-480b-a35b-v1:0", "high", "thinking", None),
        ("anthropic.claude-3-haiku-20240307-v1:0", "high", "thinking", None),
    ],
)
async def test_effort_is_asked_for_as_the_model_takes_it(
    model: str, effort: Any, field: str, asked: Any
) -> None:
    async with talking() as (provider, bedrock_model):
        provider.script(refusal(403, "No."))
        with pytest.raises(Failure):
            await collect(bedrock_model.stream(replace(BEGUN, model=model, effort=effort)))
        assert provider.requests[0].json.get("additionalModelRequestFields", {}).get(field) == asked


async def test_what_it_thought_comes_back_with_its_call() -> None:
    async with talking() as (provider, model):
        provider.script(
            bedrock.said(*bedrock.thought("Let me see.", "sig=="), *bedrock.tool("t1", "ls")),
            bedrock.said(*bedrock.tool("t2", "ls")),
            bedrock.said(*bedrock.tool("t3", "ls")),
        )
        request = BEGUN
        for _ in range(2):
            turn = await collect(model.stream(request))
            thoughts = Thoughts(CLAUDE, "", turn.thoughts) if turn.thoughts else None
            said = message("assistant", turn.text, tool_calls=turn.tool_calls, thoughts=thoughts)
            result = message("tool", "a.py", tool_call_id=turn.tool_calls[0].id, tool_name="ls")
            request = replace(request, messages=(*request.messages, said, result))
        await collect(model.stream(request))
        first, second, third = [each.json for each in provider.requests]
    assert "thinking" in first["additionalModelRequestFields"]
    back = second["messages"][1]["content"][0]["reasoningContent"]["reasoningText"]
    assert (back["text"], back["signature"]) == ("Let me see.", "sig==")
    assert "thinking" in second["additionalModelRequestFields"]
    assert "reasoningContent" not in str(third), "its last answer called without a thought: nothing is asked"
    assert "thinking" not in third.get("additionalModelRequestFields", {})
