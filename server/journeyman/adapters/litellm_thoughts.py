"""Thoughts as litellm spells them, in its chunks and in its messages.

It passes on Anthropic's `thinking_blocks`, the words in pieces and each signature in one of its own, and
hides Gemini's signatures in the ids of calls: they are taken out, since an id is kept and shown, and given
back where litellm looks for them. No request is sent from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from journeyman.adapters.body_layout import Json
from journeyman.adapters.chat_chunks import deltas_of, first_choice
from journeyman.adapters.chat_completions import NATIVE
from journeyman.model.thoughts import in_order
from journeyman.ports.model import ModelDelta, ThoughtDelta, ToolCallDelta
from journeyman.records import Message
from journeyman.thoughts import Thought

_SEPARATOR = "__thought__"
"""Between an id and the signature in it."""


def heard(chunk: Json) -> Iterator[ModelDelta]:
    """The deltas of one chunk, and the thoughts in it."""
    part = _fields(first_choice(chunk).get("delta"))
    texts = _strings(_fields(part.get("provider_specific_fields")).get("thought_signatures"))
    for block in () if texts else _list(part.get("thinking_blocks")):
        if (thought := _thought(_fields(block))) is not None:
            yield thought
    in_calls: set[str] = set()
    for delta in deltas_of(chunk):
        ident, _, signature = (delta.id or "" if isinstance(delta, ToolCallDelta) else "").partition(
            _SEPARATOR
        )
        if not signature:
            yield delta
            continue
        yield replace(cast("ToolCallDelta", delta), id=ident)
        yield ThoughtDelta("call", signature=signature, call_id=ident)
        in_calls.add(signature)
    for signature in texts:
        if signature not in in_calls:
            yield ThoughtDelta("text", signature=signature)


def _thought(block: Json) -> ThoughtDelta | None:
    if block.get("type") == "redacted_thinking":
        return ThoughtDelta("sealed", signature=_string(block.get("data")))
    text, signature = _string(block.get("thinking")), _string(block.get("signature"))
    return ThoughtDelta("thought", text, signature) if text or signature else None


def _message(message: Message, pictures: Mapping[str, str]) -> Json | None:
    wire = NATIVE.message(message, pictures)
    if wire is None or message.role != "assistant":
        return wire
    parts = [_part(each) for each in _told(message)]
    told = [part for part in parts if part["type"] == "text"]
    if not told and not message.tool_calls:
        return None
    thoughts = [part for part in parts if part["type"] != "text"]
    first = parts.index(told[0]) if told else len(parts)
    if len(thoughts) > first:  # some came after words: each stays where it was
        wire["content"] = parts
    else:
        wire["content"] = message.text if told else None  # blanks alone are refused
        if thoughts:
            wire["thinking_blocks"] = thoughts
    for each in message.thoughts.items if message.thoughts else ():
        if each.kind == "call" and each.call < len(message.tool_calls):
            wire["tool_calls"][each.call]["provider_specific_fields"] = {"thought_signature": each.signature}
        elif each.kind == "text":
            wire.setdefault("provider_specific_fields", {"thought_signatures": [each.signature]})
    return wire


def _told(message: Message) -> Iterator[str | ThoughtDelta]:
    items: Sequence[Thought] = message.thoughts.items if message.thoughts else ()
    for part in in_order(message.text, items):
        if part.strip() if isinstance(part, str) else part.kind in ("thought", "sealed"):
            yield part


def _part(part: str | ThoughtDelta) -> Json:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if part.kind == "sealed":
        return {"type": "redacted_thinking", "data": part.signature}
    return {"type": "thinking", "thinking": part.text, "signature": part.signature}


THOUGHTFUL = replace(NATIVE, message=_message)
"""The usual layout with each answer's thoughts."""


def _fields(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _strings(value: object) -> list[str]:
    return [each for each in _list(value) if isinstance(each, str) and each]
