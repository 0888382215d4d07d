"""What is told about a workspace: the values of status, list and every change, and who is told.

Listeners are called in order, on the loop, and must not block; one that raises is logged and does not
disturb the workspace.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from journeyman.ports.clock import Clock
from journeyman.ports.sandbox import Acquired
from journeyman.quotas import Held, Quota
from journeyman.records import WorkspaceRow, WorkspaceState
from journeyman.workspace.registry import Entry
from journeyman.workspace.tiers import Tier, tier_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkspaceStatus:
    project_id: str
    state: WorkspaceState
    acquired: Acquired | None = None
    """Which way the workspace at hand was got; None when none is."""
    message: str | None = None
    """Why the last thing tried did not work; None when it did."""
    instance_id: str | None = None
    generation: int = 0
    archive_id: str | None = None
    """The newest archive recorded, where it is known."""
    holders: tuple[str, ...] = ()
    """What keeps it from expiring, such as `run` or `terminal`."""
    last_used_at: datetime | None = None
    tier: Tier | None = None
    """What it costs now; None for one that was never there."""
    expires_at: datetime | None = None
    """When it will be archived if nobody uses it; None while somebody does or nothing is at hand."""
    usage: Held | None = None
    """What it holds, where that is known."""
    quota: Quota = field(default_factory=Quota)
    """What it may hold, where `usage` is known."""


Listener = Callable[[WorkspaceStatus], None]
"""Told every change, or, where it subscribed to warnings, that the workspace will expire."""


def of_entry(entry: Entry, clock: Clock, row: WorkspaceRow | None = None) -> WorkspaceStatus:
    elapsed_s = clock.monotonic() - entry.last_used
    expires = None if entry.held else clock.now() + timedelta(seconds=entry.deadline - clock.monotonic())
    return WorkspaceStatus(
        project_id=entry.project_id,
        state=entry.state,
        acquired=entry.acquired,
        message=entry.message,
        instance_id=entry.instance.id if entry.instance else None,
        tier=tier_of(entry.state, files=entry.generation > 0, instance=entry.instance is not None),
        generation=entry.generation,
        archive_id=row.archive_id if row else None,
        holders=tuple(sorted({*+entry.users, *+entry.holds})),
        last_used_at=clock.now() - timedelta(seconds=elapsed_s),
        expires_at=expires,
        usage=entry.usage,
        quota=entry.quota,
    )


def of_row(row: WorkspaceRow) -> WorkspaceStatus:
    return WorkspaceStatus(
        project_id=row.project_id,
        state=row.state,
        instance_id=row.instance_id,
        tier=tier_of(row.state, files=row.generation > 0, instance=row.instance_id is not None),
        generation=row.generation,
        archive_id=row.archive_id,
        last_used_at=row.last_used_at,
    )


class Announcer:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changes: dict[int, Listener] = {}
        self._warnings: dict[int, Listener] = {}
        self._count = 0

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every change from now on; the answer ends that."""
        return self._add(self._changes, listener)

    def subscribe_warnings(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` when a workspace is about to expire; the answer ends that."""
        return self._add(self._warnings, listener)

    def tell(self, entry: Entry) -> None:
        self._call(self._changes, entry)

    def warn(self, entry: Entry) -> None:
        self._call(self._warnings, entry)

    def _add(self, listeners: dict[int, Listener], listener: Listener) -> Callable[[], None]:
        self._count += 1
        key = self._count
        listeners[key] = listener

        def unsubscribe() -> None:
            listeners.pop(key, None)

        return unsubscribe

    def _call(self, listeners: dict[int, Listener], entry: Entry) -> None:
        status = of_entry(entry, self._clock)
        for listener in tuple(listeners.values()):
            try:
                listener(status)
            except Exception:  # a listener's bug is not the workspace's
                log.exception("a listener of workspace changes failed")
