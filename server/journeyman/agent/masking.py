"""Keeping a long history inside the context window, in blocks so that the cached prefix rarely breaks.

Old tool results and images become one line each; where that is not enough, whole exchanges become a summary
(`condensing.py`). What the user said stays verbatim. Pure: the same messages, asked for at the same points,
give the same view, so that a run that is carried on is sent the bytes it was sent before. What the model
thought until something was cleared is marked as stale from then on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from journeyman.agent.condensing import PICTURES_OF, boundary_of, call_lines, head_of, without
from journeyman.agent.recall import aged
from journeyman.pictures import PICTURE_TOKENS, PICTURES_MAX
from journeyman.records import Message

MASK_ABOVE = 0.6
SUMMARISE_ABOVE = 0.85
KEEP_TOKENS = 40_000
KEEP_SHARE = 0.3
SUMMARY_SHARE = 0.1
WORTH_CHARACTERS = 200
CHARACTERS_PER_TOKEN = 4
PICTURES_SENT_MAX = 2 * PICTURES_MAX
"""Most images in one request; beyond it the older ones go, down to what one prompt may have."""


@dataclass(slots=True)
class Masking:
    window: int | None
    """The model's context window in tokens; None: unknown, nothing is masked."""
    overhead_tokens: int = 0
    """System prompt and tool list."""
    _cleared: dict[str, Message] = field(default_factory=dict[str, Message])
    _sizes: dict[str, int] = field(default_factory=dict[str, int])
    """Message id -> tokens as it is sent."""
    _head: tuple[Message, ...] = ()
    """In place of the first `_boundary` messages."""
    _boundary: int = 0
    _moved: bool = False
    """Something was cleared or summarised in this view."""

    def replay(self, messages: Sequence[Message]) -> None:
        """Take the steps that were taken when these messages came about: a view before every answer."""
        used, pictures = self.overhead_tokens, 0
        for index, message in enumerate(messages):
            full = self.window is not None and used > MASK_ABOVE * self.window
            if message.role == "assistant" and (full or pictures > PICTURES_SENT_MAX):
                self.view(messages[:index])
            used += tokens(message)
            pictures += len(message.pictures)

    def view(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The messages as the model gets them. What was cleared or summarised once stays so."""
        self._moved = False
        seen = self._narrowed(messages)
        if self._moved:
            for message in seen:
                self._put(message, aged(message))
            seen = self._seen(messages)
        return tuple(seen)

    def _narrowed(self, messages: Sequence[Message]) -> list[Message]:
        self._take_down(messages)
        seen = self._seen(messages)
        if self.window is None or self._tokens(seen) <= MASK_ABOVE * self.window:
            return seen
        self._mask(messages, seen)
        seen = self._seen(messages)
        if self._tokens(seen) <= SUMMARISE_ABOVE * self.window:
            return seen
        boundary = boundary_of(messages)
        if boundary > self._boundary:
            room = int(SUMMARY_SHARE * self.window) * CHARACTERS_PER_TOKEN
            self._head, self._boundary = head_of(messages, boundary, room), boundary
            self._moved = True
            seen = self._seen(messages)
        return seen

    def _seen(self, messages: Sequence[Message]) -> list[Message]:
        rest = messages[self._boundary :] if self._boundary else messages
        if not self._cleared:  # the whole history, at every step: without a look at each
            return [*self._head, *rest]
        return [*self._head, *(self._cleared.get(message.id, message) for message in rest)]

    def _take_down(self, messages: Sequence[Message]) -> None:
        """Leave the newest images only, where there are too many."""
        if not any(map(PICTURES_OF, messages)):  # the whole history, at every step
            return
        pictured = [message for message in self._seen(messages) if message.pictures]
        if sum(len(message.pictures) for message in pictured) <= PICTURES_SENT_MAX:
            return
        left = PICTURES_MAX
        for message in reversed(pictured):
            left -= len(message.pictures)
            if left < 0:
                self._clear(message, without(message, "cleared to make room"))

    def _clear(self, message: Message, to: Message) -> None:
        if message != to:
            self._moved = True
            self._put(message, to)

    def _put(self, message: Message, to: Message) -> None:
        if to is not message:
            self._cleared[message.id] = to
            self._sizes.pop(message.id, None)

    def _mask(self, messages: Sequence[Message], seen: Sequence[Message]) -> None:
        assert self.window is not None
        kept, keep = 0, min(KEEP_TOKENS, int(KEEP_SHARE * self.window))
        calls = call_lines(messages)
        for message in reversed(seen[len(self._head) :]):
            kept += self._size(message)
            if kept <= keep:
                continue
            if message.role == "tool" and len(message.text) > WORTH_CHARACTERS:
                line = calls.get(message.tool_call_id or "", message.tool_name or "tool")
                self._clear(message, replace(message, text=f"[cleared: {line}]"))
            elif message.pictures:
                self._clear(message, without(message, "cleared to make room"))

    def _tokens(self, messages: Sequence[Message]) -> int:
        return self.overhead_tokens + sum(map(self._size, messages))

    def _size(self, message: Message) -> int:
        if message.id not in self._sizes:
            self._sizes[message.id] = tokens(message)
        return self._sizes[message.id]


def tokens(message: Message) -> int:
    """An estimate, for deciding only; never reported as usage."""
    size = len(message.for_model) + sum(len(json.dumps(call.arguments)) + 40 for call in message.tool_calls)
    size += message.thoughts.characters if message.thoughts else 0
    return size // CHARACTERS_PER_TOKEN + 4 + PICTURE_TOKENS * len(message.pictures)
