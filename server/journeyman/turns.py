"""One model call of a run, as it is remembered: what was sent, as references to stored messages, and what
came with the answer. Enough to write the request down again, byte for byte. Knows no format and no store.

What `explore` asks is kept in the same way; its messages are stored nowhere else, so they are all here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of a request."""

    id: str
    fields: Mapping[str, Any] | None = None
    """What was sent, where that is not the stored message (a result that was cleared since, a summary)."""


@dataclass(frozen=True, slots=True)
class Turn:
    chat_id: str
    run_id: str
    step: int
    """Counts from 1; for each `explore` anew."""
    message_id: str
    """Of the answer; empty for one to `explore`."""
    model: str
    prefix: str
    """The digest of the system prompt and the list of tools, which are stored once."""
    kept: int
    """How many messages are those the request before began with."""
    added: tuple[Sent, ...]
    """The messages after those."""
    settings: Mapping[str, Any]
    """What else was asked: effort, longest answer."""
    bytes: int
    """Of the whole request, as `trajectory.request` writes it."""
    sha256: str
    """Of the same."""
    stop_reason: str
    seconds: float
    usage: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """As the provider counted this call."""
    call_id: str | None = None
    """The run's call of `explore` that asked; None: the run itself."""
    answer: Mapping[str, Any] | None = None
    """What `explore` was answered: `text`, `reasoning`, `toolCalls`; or how it `failed`."""
