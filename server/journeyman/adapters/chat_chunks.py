"""From a chat-completions chunk (or a whole answer) to our deltas, whatever dialect it is written in.

Nothing is joined or repaired here: missing indexes, empty ids and half arguments are passed on as they
came (`model/calls.py` deals with them). A chunk's error object becomes a `Failure`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from journeyman.ports.model import (
    ModelDelta,
    ReasoningDelta,
    StopReason,
    TextDelta,
    ToolCallDelta,
    UsageDelta,
)

Json = dict[str, Any]
COUNT_MAX = 2**53

_STOP_REASONS: dict[str, StopReason] = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "refusal": "content_filter",
}


def first_choice(chunk: Json) -> Json:
    """The choice with index 0, or an empty one."""
    for choice in _list(chunk.get("choices")):
        if isinstance(choice, dict) and cast("Json", choice).get("index", 0) in (0, None):
            return cast("Json", choice)
    return {}


def stop_reason_of(chunk: Json) -> StopReason | None:
    reason = first_choice(chunk).get("finish_reason")
    if not isinstance(reason, str) or not reason:
        return None
    return _STOP_REASONS.get(reason.lower(), "unknown")


def deltas_of(chunk: Json) -> Iterator[ModelDelta]:
    """The deltas of one chunk, stop reason left out (see `stop_reason_of`)."""
    choice = first_choice(chunk)
    part = _dict(choice.get("delta")) or _dict(choice.get("message"))
    reasoning = part.get("reasoning_content") or part.get("reasoning")
    if isinstance(reasoning, str) and reasoning:
        yield ReasoningDelta(reasoning)
    yield from _content(part.get("content"))
    refusal = part.get("refusal")
    if isinstance(refusal, str) and refusal:
        yield TextDelta(refusal)
    for call in _list(part.get("tool_calls")):
        if isinstance(call, dict):
            yield _call(cast("Json", call))
    if legacy := _dict(part.get("function_call")):
        yield _call({"index": 0, "function": legacy})
    if usage := _dict(chunk.get("usage")) or _dict(_dict(chunk.get("x_groq")).get("usage")):
        yield usage_of(usage)


def _content(content: object) -> Iterator[ModelDelta]:
    if isinstance(content, str):
        if content:
            yield TextDelta(content)
        return
    for item in _list(content):  # Mistral streams parts
        fields = _dict(item)
        text = fields.get("text")
        if isinstance(text, str) and text:
            yield TextDelta(text)
        for thought in _list(fields.get("thinking")):
            inner = _dict(thought).get("text")
            if isinstance(inner, str) and inner:
                yield ReasoningDelta(inner)


def _call(call: Json) -> ToolCallDelta:
    function = _dict(call.get("function"))
    index, ident, name = call.get("index"), call.get("id"), function.get("name")
    arguments = function.get("arguments")
    if isinstance(arguments, (dict, list)):
        arguments = json.dumps(arguments, ensure_ascii=False)
    return ToolCallDelta(
        index=index if isinstance(index, int) else None,
        id=ident if isinstance(ident, str) and ident else None,
        name=name if isinstance(name, str) and name else None,
        arguments=arguments if isinstance(arguments, str) else "",
    )


def usage_of(usage: Json) -> UsageDelta:
    """What the provider counted. `prompt_cache_hit_tokens` is DeepSeek's word, `cost` OpenRouter's (USD);
    what is written to a cache has another name with each."""
    details = _dict(usage.get("prompt_tokens_details"))
    cached = _count(details.get("cached_tokens"))
    written = _first(
        details.get("cache_write_tokens"),
        details.get("cache_creation_tokens"),
        usage.get("cache_creation_input_tokens"),
    )
    thought = _dict(usage.get("completion_tokens_details")).get("reasoning_tokens")
    cost = _number(usage.get("cost"))
    return UsageDelta(
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=_count(usage.get("completion_tokens")),
        cached_tokens=_count(usage.get("prompt_cache_hit_tokens")) if cached is None else cached,
        cost_usd=cost,
        cache_write_tokens=written,
        reasoning_tokens=_count(thought),
    )


def _first(*values: object) -> int | None:
    """The first of several names for one figure that is there."""
    return next((count for value in values if (count := _count(value)) is not None), None)


def _count(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _number(value: object) -> float | None:
    """A figure that can be one: finite and not negative."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value <= COUNT_MAX else None


def _dict(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []
