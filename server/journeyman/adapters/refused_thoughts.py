"""Thoughts a provider did not take back: they are not sent to it again while the daemon runs. No request is
sent from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from journeyman.ports.model import ModelRequest
from journeyman.records import Message

REFUSED_MAX = 10_000
"""Messages whose refused thoughts are remembered; of one that is forgotten they are refused once more."""


@dataclass(slots=True)
class RefusedThoughts:
    """Of one provider."""

    _refused: dict[str, None] = field(default_factory=dict[str, None])
    """Ids of messages, the oldest first."""

    def spared(self, request: ModelRequest) -> ModelRequest:
        """The request without those that were refused."""
        if not self._refused:
            return request
        return with_messages(
            request, [without(each) if each.id in self._refused else each for each in request.messages]
        )

    def remember(self, request: ModelRequest) -> None:
        """Those of this request are refused. What is thought from now on was thought without them, and may
        be sent."""
        self._refused |= dict.fromkeys(message.id for message in request.messages if message.thoughts)
        while len(self._refused) > REFUSED_MAX:
            del self._refused[next(iter(self._refused))]


def bare(request: ModelRequest) -> ModelRequest:
    """The request without any thought."""
    return with_messages(request, [without(message) for message in request.messages])


def has_thoughts(request: ModelRequest) -> bool:
    return any(message.thoughts for message in request.messages)


def with_messages(request: ModelRequest, messages: Sequence[Message]) -> ModelRequest:
    return replace(request, messages=tuple(messages)) if has_thoughts(request) else request


def without(message: Message) -> Message:
    return replace(message, thoughts=None) if message.thoughts else message
