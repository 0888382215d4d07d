"""How many characters a request's messages have, about: each is counted once, however often it is sent."""

from __future__ import annotations

import json
import operator
from dataclasses import dataclass

from journeyman.agent.condensing import CHARACTERS_PER_TOKEN
from journeyman.pictures import PICTURE_TOKENS
from journeyman.records import Message


@dataclass(slots=True)
class Sizes:
    _counted: tuple[Message, ...] = ()
    _total: int = 0

    def of(self, messages: tuple[Message, ...]) -> int:
        """A request is nearly always the one before and more: only what follows is counted."""
        before = self._counted
        if len(before) > len(messages) or not all(map(operator.is_, before, messages)):
            before, self._total = (), 0
        self._total += sum(map(characters, messages[len(before) :]))
        self._counted = messages
        return self._total


def characters(message: Message) -> int:
    pictures = len(message.pictures) * PICTURE_TOKENS * CHARACTERS_PER_TOKEN
    return (
        pictures
        + len(message.for_model)
        + sum(len(json.dumps(call.arguments)) for call in message.tool_calls)
        + (message.thoughts.characters if message.thoughts else 0)
    )
