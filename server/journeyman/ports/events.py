"""Where events go: the log of a chat, as far as those who tell something need it."""

from __future__ import annotations

from typing import Any, Protocol

from journeyman.records import Event, EventKind


class Announcer(Protocol):
    async def append(
        self,
        chat_id: str,
        kind: EventKind,
        data: dict[str, Any],
        *,
        run_id: str | None = None,
        item_id: str | None = None,
    ) -> Event:
        """Store it under the chat's next number, then tell it."""
        ...
