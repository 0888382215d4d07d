"""What a provider gives with an answer and wants back with it: its thoughts, signed, as it wrote them.

Only the model that made them can use them, and some only as long as nothing before them has changed. They
are kept and sent back to the letter, and shown to nobody. Knows no provider and no store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

CHARACTERS_MAX = 1_000_000
"""Of one answer; where there are more, none are kept."""

Kind = Literal["thought", "sealed", "call", "text", "detail"]
"""`thought`: words and their signature; `sealed`: what nobody is to read, in `signature`; `call`, `text`: the
signature of a call, or of the answer's text; `detail`: a block of some other shape, its words in `text` and
all the rest of it, as JSON, in `signature`. It stands beside the text, so that `at` says nothing."""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Thought:
    kind: Kind
    signature: str
    text: str = ""
    at: int = 0
    """How many characters of the answer's text came before it."""
    call: int = 0
    """Which of the answer's calls is signed, counted from 0."""


@dataclass(frozen=True, slots=True)
class Thoughts:
    """Of one answer."""

    model: str
    """Who made them, such as `anthropic/claude-sonnet-5-5`."""
    under: str
    """The digest of the system prompt and the tools they were made under."""
    items: tuple[Thought, ...]
    stale: bool = False
    """Something that was sent before them is sent no more, or differently."""

    @property
    def characters(self) -> int:
        """Of what the model reads again."""
        return 0 if self.stale else sum(len(each.text) for each in self.items)


def fields_of(thought: Thought) -> dict[str, Any]:
    """As JSON, what is empty left out."""
    fields: dict[str, Any] = {"kind": thought.kind, "signature": thought.signature}
    optional = {"text": thought.text, "at": thought.at, "call": thought.call}
    return fields | {name: value for name, value in optional.items() if value}


def thought_from(fields: Mapping[str, Any]) -> Thought:
    """Raises `ValueError` or `TypeError` for what is none."""
    kind, signature, text = fields["kind"], fields["signature"], fields.get("text", "")
    at, call = fields.get("at", 0), fields.get("call", 0)
    if kind not in KINDS or not isinstance(signature, str) or not isinstance(text, str):
        raise ValueError("not a thought")
    if not isinstance(at, int) or not isinstance(call, int) or min(at, call) < 0:
        raise ValueError("a thought has no such place")
    if kind == "detail" and not isinstance(json.loads(signature), dict):
        raise ValueError("not a block")
    return Thought(kind, signature, text, at, call)
