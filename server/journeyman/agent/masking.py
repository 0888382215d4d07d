"""Keeping a long history inside the context window, in blocks so that the cached prefix rarely breaks.

Old tool results become one line each. What the user and the model said stays verbatim. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from journeyman.records import Message

MASK_ABOVE = 0.6
KEEP_TOKENS = 40_000
KEEP_SHARE = 0.3
WORTH_CHARACTERS = 200
CHARACTERS_PER_TOKEN = 4


@dataclass(slots=True)
class Masking:
    window: int | None
    """The model's context window in tokens; None: unknown, nothing is masked."""
    overhead_tokens: int = 0
    """System prompt and tool list."""
    _cleared: dict[str, Message] = field(default_factory=dict[str, Message])

    def view(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The messages as the model gets them. Once cleared, a result stays cleared."""
        seen = [self._cleared.get(message.id, message) for message in messages]
        if self.window is None or self._tokens(seen) <= MASK_ABOVE * self.window:
            return tuple(seen)
        kept, keep = 0, min(KEEP_TOKENS, int(KEEP_SHARE * self.window))
        calls = _calls(messages)
        for index in range(len(seen) - 1, -1, -1):
            message = seen[index]
            kept += tokens(message)
            if kept > keep and message.role == "tool" and len(message.text) > WORTH_CHARACTERS:
                seen[index] = self._cleared[message.id] = replace(message, text=_line(message, calls))
        return tuple(seen)

    def _tokens(self, messages: Sequence[Message]) -> int:
        return self.overhead_tokens + sum(tokens(message) for message in messages)


def tokens(message: Message) -> int:
    """An estimate, for deciding only; never reported as usage."""
    size = len(message.for_model) + sum(len(json.dumps(call.arguments)) + 40 for call in message.tool_calls)
    return size // CHARACTERS_PER_TOKEN + 4


def _calls(messages: Sequence[Message]) -> dict[str, str]:
    """Call id -> name and its first arguments, on one line."""
    shown: dict[str, str] = {}
    for message in messages:
        for call in message.tool_calls:
            values = (
                str(value).splitlines()[0][:80] for value in call.arguments.values() if str(value).strip()
            )
            shown[call.id] = " ".join([call.name, *list(values)[:3]])
    return shown


def _line(message: Message, calls: dict[str, str]) -> str:
    return f"[cleared: {calls.get(message.tool_call_id or '', message.tool_name or 'tool')}]"
