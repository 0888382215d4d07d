"""Thoughts as OpenRouter spells them, whoever made them: `reasoning_details`, blocks beside an answer's text.

Each goes back as it came, once its pieces are joined (`model/details.py`). Claude's are of use only with
their signature, and only where nothing before them has changed: else an answer is sent without. No HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from journeyman.adapters.body_layout import Json
from journeyman.adapters.chat_chunks import deltas_of, first_choice
from journeyman.adapters.chat_completions import NATIVE
from journeyman.ports.model import ModelDelta, ReasoningDelta, ThoughtDelta
from journeyman.records import Message

_WORDS = {"reasoning.text": "text", "reasoning.summary": "summary"}
"""Type -> the field with what the model thought; other types have none that comes in pieces."""
_CLAUDE = "anthropic"


def heard(chunk: Json) -> Iterator[ModelDelta]:
    """The deltas of one chunk, and the details in it."""
    choice = first_choice(chunk)
    part: object = choice.get("delta") or choice.get("message")
    found: object = cast("Json", part).get("reasoning_details") if isinstance(part, dict) else None
    details = (
        [each for each in map(_detail, cast("list[object]", found)) if each]
        if isinstance(found, list)
        else []
    )
    deltas = list(deltas_of(chunk))
    if not any(isinstance(delta, ReasoningDelta) for delta in deltas):
        yield from (ReasoningDelta(each.text) for each in details if each.text)
    yield from details
    yield from deltas


def _detail(value: object) -> ThoughtDelta | None:
    if not isinstance(value, dict):
        return None
    rest = cast("Json", value)
    name = _WORDS.get(str(rest.get("type")))
    words = rest.get(name) if name else None
    if isinstance(words, str):
        rest = {key: each for key, each in rest.items() if key != name}
    return ThoughtDelta("detail", words if isinstance(words, str) else "", json.dumps(rest))


def _message(message: Message, pictures: Mapping[str, str]) -> Json | None:
    wire = NATIVE.message(message, pictures)
    if wire is None or message.thoughts is None:
        return wire
    details = [_block(each.text, each.signature) for each in message.thoughts.items if each.kind == "detail"]
    if details and all(_may_go(each, stale=message.thoughts.stale) for each in details):
        wire["reasoning_details"] = details
    return wire


def _block(words: str, rest: str) -> Json:
    fields: dict[str, Any] = json.loads(rest)
    name = _WORDS.get(str(fields.get("type")))
    return {**fields, name: words} if name else fields


def _may_go(block: Json, *, stale: bool) -> bool:
    if not str(block.get("format", "")).startswith(_CLAUDE):
        return True
    return not stale and ("signature" in block or block["type"] != "reasoning.text")


THOUGHTFUL = replace(NATIVE, message=_message)
"""The usual layout with each answer's details."""
