"""OpenRouter's `/chat/completions` as far as thoughts go: it tells them in pieces and checks what comes back.

What an answer thought comes back with it to the letter, or not at all. What was refused is in `refusals`.

    router = OpenRouter([Said(({"type": "reasoning.text", "text": "Hm.", "index": 0},), "ls")])
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.provider import Received, Reply, answer, chunk, refusal, tool_piece, usage_chunk

Json = dict[str, Any]
WORDS = {"reasoning.text": "text", "reasoning.summary": "summary"}


@dataclass(frozen=True)
class Said:
    """One answer: its blocks, and the tool it calls."""

    details: Sequence[Json]
    tool: str = "ls"
    arguments: str = "{}"


@dataclass
class OpenRouter:
    """A script for `ScriptedProvider`: the same one for each request to come."""

    answers: list[Said]
    size: int = 3
    """Characters of a piece."""
    takes: bool = True
    """Whether thoughts may come back at all."""
    bodies: list[Json] = field(default_factory=list[Json])
    refusals: list[str] = field(default_factory=list[str])
    _said: dict[str, Said] = field(default_factory=dict[str, Said])
    """Call id -> the answer it is of."""

    def __call__(self, request: Received) -> Reply:
        body: Json = request.json
        self.bodies.append(body)
        for message in body["messages"]:
            came = message.get("reasoning_details")
            if came is not None and (
                not self.takes or came != self._said[message["tool_calls"][0]["id"]].details
            ):
                self.refusals.append("Invalid `signature` in `thinking` block")
                return refusal(400, "Provider returned error")
        said, ident = self.answers.pop(0), f"tool_{len(self.bodies)}"
        self._said[ident] = said
        call = tool_piece(said.arguments, index=0, id=ident, name=said.tool)
        told = [chunk({"reasoning_details": [piece]}) for piece in pieces(said.details, self.size)]
        return answer(*told, call, chunk(finish="tool_calls"), usage_chunk(10, 2))

    def came(self, number: int = -1) -> list[list[Json] | None]:
        """What came back with each answer of that request."""
        messages = self.bodies[number]["messages"]
        return [each.get("reasoning_details") for each in messages if each["role"] == "assistant"]


def pieces(details: Sequence[Json], size: int) -> Iterator[Json]:
    """As they are streamed: the words by and by, a signature behind them and alone."""
    for block in details:
        name = WORDS.get(block["type"])
        if name is None:
            yield block
            continue
        about = {key: value for key, value in block.items() if key not in (name, "signature")}
        for at in range(0, len(block[name]), size):
            yield about | {name: block[name][at : at + size], "signature": None}
        if "signature" in block:
            yield about | {"signature": block["signature"]}
