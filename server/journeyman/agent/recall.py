"""Which thoughts of a conversation go back to a model: its own. Those of others are no use to it, and
providers refuse them.

What was thought under other rules or tools, or before something was cleared (`masking.py`), is marked: some
providers take it and some do not, which their adapters know.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

from journeyman.model.assembly import ModelTurn
from journeyman.ports.model import ModelInfo, ToolSpec
from journeyman.records import Message
from journeyman.thoughts import Thoughts
from journeyman.trajectory.request import digest, prefix_bytes

_THOUGHTS_OF: attrgetter[Any] = attrgetter("thoughts")


@dataclass(slots=True)
class Recall:
    """Of one run."""

    _under_of: tuple[object, ...] = ()
    """The system prompt and the tools the next is of."""
    _under: str = ""
    _model: str = ""
    _shown: dict[str, tuple[Message, Message]] = field(default_factory=dict[str, tuple[Message, Message]])
    """Message id -> the message, and how it is shown."""

    def shown(
        self, messages: tuple[Message, ...], info: ModelInfo, system: str, tools: tuple[ToolSpec, ...]
    ) -> tuple[Message, ...]:
        """The messages as this model gets them: the same ones each time."""
        if self._model != info.id or self._under_of != (system, tools):
            self._model, self._under_of = info.id, (system, tools)
            self._under = digest(prefix_bytes(system, tools))
            self._shown.clear()
        if not any(map(_THOUGHTS_OF, messages)):  # the whole history, at every step
            return messages
        return tuple(self._of(message) if message.thoughts else message for message in messages)

    def made(self, turn: ModelTurn) -> Thoughts | None:
        """The answer's, to be kept with it: it was given to what was shown last."""
        return Thoughts(self._model, self._under, turn.thoughts) if turn.thoughts else None

    def _of(self, message: Message) -> Message:
        before, shown = self._shown.get(message.id, (None, message))
        if before is not message:
            shown = as_shown(message, self._model, self._under)
            self._shown[message.id] = message, shown
        return shown


def as_shown(message: Message, model: str, under: str) -> Message:
    thoughts = message.thoughts
    if thoughts is None or (thoughts.model, thoughts.under) == (model, under):
        return message
    return replace(message, thoughts=replace(thoughts, stale=True) if thoughts.model == model else None)


def aged(message: Message) -> Message:
    """The message once something before it has changed."""
    if message.thoughts is None or message.thoughts.stale:
        return message
    return replace(message, thoughts=replace(message.thoughts, stale=True))
