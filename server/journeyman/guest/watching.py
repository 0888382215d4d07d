"""Watching a part of the workspace, seen from the daemon."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

from journeyman.failures import Failure
from journeyman.guest.channel import Channel
from journeyman.guest.connection import Connection
from journeyman.guest.frames import lost
from journeyman.ports.guest import Change, ChangeBatch, ChangeKind, WatchedBy

CHANGE_KINDS = ("created", "changed", "deleted")


class GuestWatch:
    """Implements `ports.guest.Watch`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._ready: dict[str, Any] | None = None
        channel.on_note = self._noted

    @classmethod
    async def start(
        cls,
        connection: Connection,
        path: str,
        *,
        recursive: bool,
        excludes: Sequence[str],
        options: dict[str, Any],
        timeout_s: float,
    ) -> GuestWatch:
        arguments = {"path": path, "recursive": recursive, "excludes": list(excludes), **options}
        channel = connection.open("watch", arguments)
        watch = cls(channel)
        too_late = Failure("timeout", "The workspace did not begin to watch in time.", retryable=True)
        async with channel.within(timeout_s, too_late):
            await channel.noted(lambda: watch._ready is not None)
        return watch

    def _noted(self, message: dict[str, Any]) -> None:
        self._ready = message

    @property
    def by(self) -> WatchedBy:
        return "polling" if self._ready is not None and self._ready.get("ready") == "polling" else "events"

    @property
    def directories(self) -> int:
        return int((self._ready or {}).get("directories", 0))

    async def changes(self) -> AsyncIterator[ChangeBatch]:
        try:
            while (data := await self._channel.receive()) is not None:
                yield _batch(data)
        finally:
            self.close()

    def close(self) -> None:
        self._channel.close()


def _batch(data: bytes) -> ChangeBatch:
    try:
        told = json.loads(data)
        changes = [Change(cast(ChangeKind, kind), str(path)) for kind, path in told["changes"]]
        if any(change.kind not in CHANGE_KINDS for change in changes):
            raise ValueError("an unknown change")
        return ChangeBatch(tuple(changes), bool(told["overflow"]))
    except (ValueError, KeyError, TypeError):
        raise lost("what it watches cannot be read") from None
