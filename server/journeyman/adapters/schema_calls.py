"""Tool calls for models without native ones: the reply itself is a call, held to a JSON schema.

The tools are described in the system prompt and `response_format` allows only one object
`{"tool": name, "arguments": {...}}` per reply, an `anyOf` over the tools. Servers that compile schemas to
grammars (llama.cpp, vLLM, Ollama, LM Studio) cannot produce anything else. Chosen with the option
`tool_mode = "schema"`. In this mode every reply is one call; there is no free text beside it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

from journeyman.adapters.body_layout import Json, Layout
from journeyman.adapters.chat_completions import common_fields, user_content
from journeyman.ports.model import ModelDelta, ModelRequest, StopDelta, TextDelta, ToolCallDelta, ToolSpec
from journeyman.records import Message

REPLY_CHARACTERS_MAX = 4 * 1024 * 1024

_RULE = (
    "You act by calling tools. Answer with exactly one JSON object and nothing else: "
    '{"tool": "<name>", "arguments": {...}}. The tools:'
)


def applies(request: ModelRequest, options: Mapping[str, Any]) -> bool:
    return options.get("tool_mode") == "schema" and bool(request.tools) and request.tool_choice != "none"


def _opening(request: ModelRequest) -> Json:
    return {"model": request.model}


def _system(request: ModelRequest) -> Json:
    system = "\n".join([request.system, "", _RULE, *(_described(spec) for spec in request.tools)]).strip()
    return {"role": "system", "content": system}


def _closing(request: ModelRequest, options: Mapping[str, Any]) -> Json:
    schema = {"anyOf": [_call_schema(spec) for spec in request.tools]}
    response_format = {"type": "json_schema", "json_schema": {"name": "tool_call", "schema": schema}}
    return {"response_format": response_format} | common_fields(request, options)


async def as_calls(stream: AsyncIterator[ModelDelta]) -> AsyncIterator[ModelDelta]:
    """The stream with its text turned into one tool call; text that is no call stays text."""
    pieces: list[str] = []
    size = 0
    async for delta in stream:
        if isinstance(delta, TextDelta) and size <= REPLY_CHARACTERS_MAX:
            pieces.append(delta.text)
            size += len(delta.text)
            continue
        if isinstance(delta, StopDelta):
            yield _call_of("".join(pieces))
            pieces.clear()
        yield delta
    if pieces:
        yield TextDelta("".join(pieces))  # the stream broke off


def _call_of(text: str) -> ModelDelta:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return TextDelta(text)
    fields = cast("Json", value) if isinstance(value, dict) else {}
    name, arguments = fields.get("tool"), fields.get("arguments")
    if not isinstance(name, str) or not isinstance(arguments, dict):
        return TextDelta(text)
    return ToolCallDelta(index=0, name=name, arguments=json.dumps(arguments, ensure_ascii=False))


def _described(spec: ToolSpec) -> str:
    parameters = json.dumps(dict(spec.parameters), ensure_ascii=False, separators=(",", ":"))
    return f"- {spec.name}: {spec.description} Arguments: {parameters}"


def _call_schema(spec: ToolSpec) -> Json:
    return {
        "type": "object",
        "properties": {"tool": {"const": spec.name}, "arguments": dict(spec.parameters)},
        "required": ["tool", "arguments"],
        "additionalProperties": False,
    }


def _message(message: Message, pictures: Mapping[str, str]) -> Json:
    if message.role == "user":
        return {"role": "user", "content": user_content(message, pictures)}
    if message.role == "tool":
        return {"role": "user", "content": f"Result of {message.tool_name or 'the call'}:\n{message.text}"}
    calls = [
        json.dumps({"tool": call.name, "arguments": call.arguments}, ensure_ascii=False)
        for call in message.tool_calls
    ]
    return {"role": "assistant", "content": "\n".join([*filter(None, [message.text]), *calls])}


LAYOUT = Layout(_opening, _system, _message, _closing)
"""The same order rule as in `chat_completions`."""
