"""How the body of a request is laid out, whichever way tools are offered in it.

It is laid out so that providers can cache it: model, tools and messages come first and are serialised the
same way every time, and whatever changes between two calls of a run comes after them. No HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from journeyman.ports.model import ModelRequest
from journeyman.records import Message

Json = dict[str, Any]
# Made once: `json.dumps` makes a new encoder for every call that is not plain.
_STRICT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Layout:
    """A body is `opening`, then the `messages`, of which `system` is the first and `examples` come next, then
    `closing`."""

    opening: Callable[[ModelRequest], Json]
    system: Callable[[ModelRequest], Json | None]
    message: Callable[[Message, Mapping[str, str]], Json | None]
    """Of a message and the request's images in base64. None where nothing of it is sent."""
    closing: Callable[[ModelRequest, Mapping[str, Any]], Json]
    examples: Callable[[], Sequence[Json]] = tuple
    """Never marked; only where `system` always says something."""


def body_of(layout: Layout, request: ModelRequest, options: Mapping[str, Any]) -> Json:
    """The body, without `stream`; keys in the order they must be written."""
    said = (layout.message(message, request.pictures) for message in request.messages)
    listed: Sequence[Json | None] = [layout.system(request), *said]
    messages = [wire for wire in listed if wire is not None]
    if marks(options):
        messages = [as_parts(wire) for wire in messages]
        for place in to_mark([has_text(wire) for wire in messages]):
            messages[place] = marked(messages[place])
    messages[1:1] = layout.examples()
    return layout.opening(request) | {"messages": messages} | layout.closing(request, options)


def encode(body: Json) -> bytes:
    """Compact UTF-8 JSON, keys as they stand, the same bytes for the same value."""
    return _STRICT(body).encode("utf-8", "replace")


def marks(options: Mapping[str, Any]) -> bool:
    return bool(options.get("cache_control"))


def to_mark(with_text: Sequence[bool]) -> set[int]:
    """Anthropic caches only up to marked places: mark the system prompt and the newest two messages, of which
    the older one was the end of the request before."""
    places = [place for place, has in enumerate(with_text) if has]
    return {*places[:1], *places[-2:]}


def has_text(message: Json) -> bool:
    return bool(message.get("content"))


def as_parts(message: Json) -> Json:
    """Every text is a part, marked or not, so that nothing but the marks differs from one request to the
    next."""
    text = message.get("content")
    return (
        {**message, "content": [{"type": "text", "text": text}]}
        if isinstance(text, str) and text
        else message
    )


def marked(message: Json) -> Json:
    """Of one with text, as parts. A thought takes no mark."""
    parts = list(message["content"])
    at = max(place for place, part in enumerate(parts) if part["type"] != "thinking")
    parts[at] = {**parts[at], "cache_control": {"type": "ephemeral"}}
    return {**message, "content": parts}
