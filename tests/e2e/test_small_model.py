"""A real model, through both adapters, makes a valid tool call held to a schema."""

from __future__ import annotations

import pytest

from components.endpoint import message
from journeyman.adapters.litellm_model import LitellmModel
from journeyman.adapters.openai_compatible import OpenAiCompatibleModel
from journeyman.model.catalog import parse_catalog
from journeyman.model.keys import Keys
from journeyman.model.registry import ModelRegistry
from journeyman.model.retry import ask
from journeyman.ports.clock import SystemClock
from journeyman.ports.model import ModelDelta, ModelRequest, TextDelta, ToolSpec

pytestmark = [
    pytest.mark.smallmodel,
    pytest.mark.timeout(900),  # a fresh machine downloads the weights first
    pytest.mark.filterwarnings("ignore:Accessing the 'model_"),  # litellm does that
]

# Bounds in the schema keep so small a model from writing until its window is full.
PATH = {"type": "string", "maxLength": 40}
TOOLS = (
    ToolSpec("ls", "List the files of a folder.", {
        "type": "object", "properties": {"path": PATH}, "required": ["path"], "additionalProperties": False}),
    ToolSpec("read", "Read a file.", {
        "type": "object", "properties": {"path": PATH, "offset": {"type": "integer"}},
        "required": ["path"], "additionalProperties": False}),
)  # fmt: skip
REQUEST_MESSAGES = (message("user", "List the files of the folder src."),)

CATALOG = """
[providers.openai]
adapter = "litellm"
keys = ["NO_SUCH_KEY"]
[providers.openai-compatible]
adapter = "openai_compatible"
keys = ["NO_SUCH_KEY"]
key_optional = true
[[families]]
prefix = "openai"
options = { tool_mode = "schema" }
"""


@pytest.mark.parametrize("model_id", ["openai-compatible/smollm2", "openai/smollm2"])
async def test_a_real_model_makes_a_valid_tool_call(small_model: str, model_id: str) -> None:
    registry = ModelRegistry(
        {"openai_compatible": OpenAiCompatibleModel, "litellm": LitellmModel},
        catalog=parse_catalog(CATALOG),
        keys=Keys({"NO_SUCH_KEY": "a local server takes any key"}),
        base_urls={"openai": small_model, "openai-compatible": small_model},
        timeout_s=120,
    )
    seen: list[ModelDelta] = []
    try:
        resolved = registry.resolve(model_id)
        request = ModelRequest(
            resolved.info.name, "You are an agent.", REQUEST_MESSAGES, TOOLS, output_tokens_max=200
        )
        turn = await ask(resolved.model, request, clock=SystemClock(), on_delta=seen.append)
    finally:
        await registry.close()
    assert [call.invalid for call in turn.tool_calls] == [None], turn
    made = turn.tool_calls[0]
    assert made.name in ("ls", "read")
    assert isinstance(made.arguments["path"], str)
    assert turn.stop_reason == "tool_calls"
    assert turn.usage is not None
    assert (turn.usage.input_tokens or 0) > 50
    assert not any(isinstance(delta, TextDelta) for delta in seen)


async def test_a_real_model_streams_text(small_model: str) -> None:
    registry = ModelRegistry(
        {"openai_compatible": OpenAiCompatibleModel},
        base_urls={"openai-compatible": small_model},
        timeout_s=120,
    )
    seen: list[ModelDelta] = []
    resolved = registry.resolve("openai-compatible/smollm2")
    request = ModelRequest(resolved.info.name, "Be brief.", REQUEST_MESSAGES, output_tokens_max=24)
    turn = await ask(resolved.model, request, clock=SystemClock(), on_delta=seen.append)
    await registry.close()
    assert turn.text.strip()
    assert turn.stop_reason in ("stop", "length")
    assert sum(isinstance(delta, TextDelta) for delta in seen) > 3
