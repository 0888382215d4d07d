"""The chat-completions request and chunk shapes, as plain dictionaries; no HTTP and no provider library.

Field names follow OpenAI's API reference ("Create chat completion" and "Chat completion chunk"); the
additions of OpenRouter, DeepSeek, Mistral, vLLM and llama.cpp that occur in streams are accepted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from journeyman.adapters.body_layout import Json, Layout
from journeyman.ports.model import ModelRequest, ToolSpec
from journeyman.records import Message, ToolCall

# Made once: `json.dumps` makes a new encoder for every call that is not plain.
_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def common_fields(request: ModelRequest, options: Mapping[str, Any]) -> Json:
    """What may change from call to call, in either tool mode."""
    body: Json = {}
    style = options.get("effort")
    if request.effort and style == "reasoning":
        body["reasoning"] = {"effort": request.effort}
    elif request.effort and style == "reasoning_effort":
        body["reasoning_effort"] = request.effort
    if request.output_tokens_max is not None:
        body[str(options.get("max_tokens_field", "max_tokens"))] = request.output_tokens_max
    return body


def stream_fields(options: Mapping[str, Any]) -> Json:
    body: Json = {"stream": True}
    if options.get("stream_options", True):
        body["stream_options"] = {"include_usage": True}
    if options.get("usage_include"):
        body["usage"] = {"include": True}
    return body


def _opening(request: ModelRequest) -> Json:
    body: Json = {"model": request.model}
    return body | {"tools": [_tool(spec) for spec in request.tools]} if request.tools else body


def _system(request: ModelRequest) -> Json | None:
    return {"role": "system", "content": request.system} if request.system else None


def _closing(request: ModelRequest, options: Mapping[str, Any]) -> Json:
    chosen = request.tools and request.tool_choice != "auto"
    return ({"tool_choice": request.tool_choice} if chosen else {}) | common_fields(request, options)


def _tool(spec: ToolSpec) -> Json:
    function = {"name": spec.name, "description": spec.description, "parameters": dict(spec.parameters)}
    return {"type": "function", "function": function}


def user_content(message: Message, pictures: Mapping[str, str]) -> str | list[Json]:
    """A text, or images and the text behind them: models read what is asked of them best after them."""
    text = message.for_model
    if not message.pictures:
        return text
    parts: list[Json] = [
        {"type": "image_url", "image_url": {"url": f"data:{each.mime};base64,{pictures[each.id]}"}}
        for each in message.pictures
    ]
    return [*parts, {"type": "text", "text": text}] if text else parts


def _message(message: Message, pictures: Mapping[str, str]) -> Json | None:
    if message.role == "user":
        return {"role": "user", "content": user_content(message, pictures)}
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id or "", "content": message.text}
    if message.tool_calls:
        calls = [_call(call) for call in message.tool_calls]
        return {"role": "assistant", "content": message.text or None, "tool_calls": calls}
    # Several providers refuse an assistant message that says nothing at all.
    return {"role": "assistant", "content": message.text} if message.text else None


def _call(call: ToolCall) -> Json:
    arguments = _PLAIN(call.arguments)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


NATIVE = Layout(_opening, _system, _message, _closing)
