"""Where events go: the log of a chat, as far as those who tell something need it."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

from journeyman.records import Event, EventKind


class Announcer(Protocol):
    def append(
        self,
        chat_id: str,
        kind: EventKind,
        data: dict[str, Any],
        *,
        run_id: str | None = None,
        item_id: str | None = None,
    ) -> Awaitable[Event]:
        """Store it under the chat's next number, then tell it."""
        ...
