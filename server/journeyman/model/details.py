"""Joining reasoning details: blocks of which the words come in pieces and the rest whole, at any piece.

A piece says which block it is of by its type and index. Signed or sealed, a block has to go back as if it had
come at once. Knows no provider's words.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, cast

from journeyman.model.arguments import clean_text
from journeyman.thoughts import Thought

Json = dict[str, Any]


@dataclass(slots=True)
class _Block:
    fields: Json
    """All but the words; what is null is as good as left out."""
    words: list[str] = field(default_factory=list[str])

    def takes(self, words: str, fields: Json) -> bool:
        """Whether a piece with these may be of this block. What is sealed comes whole, what is signed has all
        its words, and another id is another block."""
        if "data" in self.fields or "data" in fields or (words and "signature" in self.fields):
            return False
        return all(self.fields.get(name, value) == value for name, value in fields.items())


class DetailJoiner:
    """Feed it every piece of one answer, then ask for the blocks."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []

    def feed(self, words: str, rest: str) -> int:
        """`rest`: a JSON object with all of the piece but its words. Answers how many characters are new."""
        loaded = cast("Json", json.loads(rest))
        fields = {name: value for name, value in loaded.items() if value is not None}
        block = self._block_for(fields)
        if block is not None and block.takes(words, fields):
            fresh = sum(len(str(value)) for name, value in fields.items() if name not in block.fields)
            block.words.append(words)
            block.fields |= fields
            return len(words) + fresh
        new = _Block(fields, [words])
        if "data" in fields and new in self._blocks:  # said twice
            return 0
        self._blocks.append(new)
        return len(words) + len(rest)

    def finish(self) -> tuple[Thought, ...]:
        return tuple(
            Thought("detail", _encoded(block.fields), clean_text("".join(block.words)))
            for block in self._blocks
        )

    def _block_for(self, fields: Json) -> _Block | None:
        """The newest of that type and index; without an index only the very last one may be."""
        looked = reversed(self._blocks if "index" in fields else self._blocks[-1:])
        return next((each for each in looked if _of(each.fields) == _of(fields)), None)


def _of(fields: Json) -> tuple[Any, Any]:
    return fields.get("type"), fields.get("index")


def _encoded(fields: Json) -> str:
    return json.dumps(fields, separators=(",", ":"))
