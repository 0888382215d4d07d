"""A request as bytes: one form for what a model is asked, whatever the provider makes of it.

    {"system": "", "tools": [], "messages": [], "effort": "", "outputTokensMax": 0, "toolChoice": ""}

Compact JSON, keys in this order, so that what does not change between two requests comes first. The name of
the model is not in it: two models that are asked the same are sent the same bytes. Pure.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from journeyman.pictures import Picture
from journeyman.ports.model import ModelRequest, ToolSpec
from journeyman.records import Message, ToolCall
from journeyman.thoughts import Thought, fields_of

Json = dict[str, Any]
_ENCODER = json.JSONEncoder(separators=(",", ":")).encode


def encode(value: Any) -> bytes:
    """The same bytes for the same value; what UTF-8 cannot carry is escaped."""
    return _ENCODER(value).encode()


def message_fields(message: Message) -> Json:
    """What of a message is sent. Empty fields are left out."""
    fields: Json = {"role": message.role, "content": message.for_model}
    if message.reasoning:
        fields["reasoning"] = message.reasoning
    if message.tool_calls:
        fields["toolCalls"] = [call_fields(call) for call in message.tool_calls]
    if message.tool_call_id is not None:
        fields["toolCallId"] = message.tool_call_id
    if message.pictures:
        fields["images"] = [picture_fields(each) for each in message.pictures]
    if message.thoughts:
        fields |= thoughts_fields(message.thoughts.items, stale=message.thoughts.stale)
    return fields


def thoughts_fields(thoughts: Sequence[Thought], *, stale: bool = False) -> Json:
    """Nothing where there are none. A provider may not take stale ones."""
    name = "staleThoughts" if stale else "thoughts"
    return {name: [fields_of(each) for each in thoughts]} if thoughts else {}


def picture_fields(picture: Picture) -> Json:
    """Which image it is; its bytes are not written down."""
    fields: Json = {"sha256": picture.id, "mimeType": picture.mime, "bytes": picture.bytes}
    return {**fields, "name": picture.name} if picture.name else fields


def call_fields(call: ToolCall) -> Json:
    fields: Json = {"id": call.id, "name": call.name, "arguments": call.arguments}
    return fields if call.invalid is None else {**fields, "invalid": call.invalid}


def settings_fields(request: ModelRequest) -> Json:
    """What else is asked, where anything is."""
    fields = {
        "effort": request.effort,
        "outputTokensMax": request.output_tokens_max,
        "toolChoice": None if request.tool_choice == "auto" else request.tool_choice,
    }
    return {name: value for name, value in fields.items() if value is not None}


def prefix_bytes(system: str, tools: Sequence[ToolSpec]) -> bytes:
    """System prompt and tools: a JSON object of its own, whose closing brace is not part of a request."""
    listed = [
        {"name": spec.name, "description": spec.description, "parameters": dict(spec.parameters)}
        for spec in tools
    ]
    return encode({"system": system, "tools": listed})


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Rolling:
    """The bytes of request after request, as their size and their hash: each message is written once."""

    def __init__(self, prefix: bytes) -> None:
        self._hash = hashlib.sha256(prefix[:-1] + _OPEN)
        self._size = len(prefix) - 1 + len(_OPEN)
        self._count = 0

    def copy(self) -> Rolling:
        """One that goes its own way from here."""
        twin = copy.copy(self)
        twin._hash = self._hash.copy()
        return twin

    def take(self, fields: Mapping[str, Any]) -> None:
        """The next message."""
        data = encode(dict(fields))
        data = b"," + data if self._count else data
        self._hash.update(data)
        self._size += len(data)
        self._count += 1

    def whole(self, settings: Mapping[str, Any]) -> tuple[int, str]:
        """Size and hash of a request that ends after the messages so far."""
        end = b"]" + (b"," + encode(dict(settings))[1:] if settings else b"}")
        hash_ = self._hash.copy()
        hash_.update(end)
        return self._size + len(end), hash_.hexdigest()


_OPEN = b',"messages":['
