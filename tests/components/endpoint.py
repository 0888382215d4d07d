"""Our OpenAI-compatible adapter in front of a scripted provider, and a request with some history."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from components.provider import Script, ScriptedProvider
from journeyman.adapters.openai_compatible import OpenAiCompatibleModel
from journeyman.model.providers import ProviderConfig
from journeyman.ports.model import ModelRequest, ToolSpec
from journeyman.records import Message, ToolCall
from journeyman.testing.clock import START

TOOL = ToolSpec("ls", "List a folder", {"type": "object", "properties": {"path": {"type": "string"}}})
KEY = "sk-test-0123456789abcdef"


def message(role: Any, text: str, **more: Any) -> Message:
    return Message("m", "c", "r", role, text, START, **more)


HISTORY = (
    message("user", "What is here?"),
    message("assistant", "", tool_calls=(ToolCall("call_1", "ls", {"path": "süß"}),)),
    message("tool", "a.py", tool_call_id="call_1", tool_name="ls", ok=True),
)
REQUEST = ModelRequest("qwen/qwen3-coder", "Be brief.", HISTORY, (TOOL,))


@contextlib.asynccontextmanager
async def connected(
    *replies: Script, **more: Any
) -> AsyncGenerator[tuple[ScriptedProvider, OpenAiCompatibleModel]]:
    async with ScriptedProvider() as provider:
        provider.script(*replies)
        model = OpenAiCompatibleModel(
            ProviderConfig("test", provider.base_url, api_key=KEY, key_name="TEST_API_KEY", **more)
        )
        try:
            yield provider, model
        finally:
            await model.close()
