"""The chat-completions request and chunk shapes, as plain dictionaries; no HTTP and no provider library.

Field names follow OpenAI's API reference ("Create chat completion" and "Chat completion chunk"); the
additions of OpenRouter, DeepSeek, Mistral, vLLM and llama.cpp that occur in streams are accepted.

The request is laid out so that providers can cache it: model, tools and messages come first and are
serialised the same way every time, and whatever changes between two calls of a run comes after them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from journeyman.ports.model import ModelRequest, ToolSpec
from journeyman.records import Message, ToolCall

Json = dict[str, Any]
# Made once: `json.dumps` makes a new encoder for every call that is not plain.
_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_STRICT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def request_fields(request: ModelRequest, options: Mapping[str, Any]) -> Json:
    """The body for `request`, without `stream`; keys in the order they must be written."""
    body: Json = {"model": request.model}
    if request.tools:
        body["tools"] = [_tool(spec) for spec in request.tools]
    body["messages"] = [{"role": "system", "content": request.system}] if request.system else []
    body["messages"].extend(wire for message in request.messages if (wire := _message(message)))
    if options.get("cache_control"):
        _mark_for_caching(body["messages"])
    if request.tools and request.tool_choice != "auto":
        body["tool_choice"] = request.tool_choice
    return body | common_fields(request, options)


def _mark_for_caching(messages: list[Json]) -> None:
    """Anthropic caches only up to marked places: mark the system prompt and the newest two messages, of which
    the older one was the end of the request before. Every text is a part, marked or not, so that nothing but
    the marks differs from one request to the next."""
    for message in messages:
        text = message.get("content")
        if isinstance(text, str) and text:
            message["content"] = [{"type": "text", "text": text}]
    with_text = [message for message in messages if isinstance(message.get("content"), list)]
    marked = {id(message) for message in [*with_text[:1], *with_text[-2:]]}
    for message in with_text:
        if id(message) in marked:
            message["content"][-1]["cache_control"] = {"type": "ephemeral"}


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


def encode(body: Json) -> bytes:
    """Compact UTF-8 JSON, keys as they stand, the same bytes for the same value."""
    return _STRICT(body).encode("utf-8", "replace")


def _tool(spec: ToolSpec) -> Json:
    function = {"name": spec.name, "description": spec.description, "parameters": dict(spec.parameters)}
    return {"type": "function", "function": function}


def _message(message: Message) -> Json | None:
    if message.role == "user":
        return {"role": "user", "content": message.for_model}
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
