"""What is told about a workspace: the values of status, list and every change, and who is told.

Listeners are called in order, on the loop, and must not block; one that raises is logged and does not
disturb the workspace.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from journeyman.ports.clock import Clock
from journeyman.ports.sandbox import Acquired
from journeyman.records import WorkspaceRow, WorkspaceState
from journeyman.workspace.registry import Entry

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
    expires_at: datetime | None = None
    """When it will be archived if nobody uses it; None while somebody does or nothing is at hand."""


Listener = Callable[[WorkspaceStatus], None]


def of_entry(entry: Entry, clock: Clock, row: WorkspaceRow | None = None) -> WorkspaceStatus:
    elapsed_s = clock.monotonic() - entry.last_used
    expires = None if entry.held else clock.now() + timedelta(seconds=entry.deadline - clock.monotonic())
    return WorkspaceStatus(
        project_id=entry.project_id,
        state=entry.state,
        acquired=entry.acquired,
        message=entry.message,
        instance_id=entry.instance.id if entry.instance else None,
        generation=entry.generation,
        archive_id=row.archive_id if row else None,
        holders=tuple(sorted({*+entry.users, *+entry.holds})),
        last_used_at=clock.now() - timedelta(seconds=elapsed_s),
        expires_at=expires,
    )


def of_row(row: WorkspaceRow) -> WorkspaceStatus:
    return WorkspaceStatus(
        project_id=row.project_id,
        state=row.state,
        instance_id=row.instance_id,
        generation=row.generation,
        archive_id=row.archive_id,
        last_used_at=row.last_used_at,
    )


class Announcer:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._listeners: dict[int, Listener] = {}
        self._count = 0

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every change from now on; the answer ends that."""
        self._count += 1
        key = self._count
        self._listeners[key] = listener

        def unsubscribe() -> None:
            self._listeners.pop(key, None)

        return unsubscribe

    def tell(self, entry: Entry) -> None:
        status = of_entry(entry, self._clock)
        for listener in tuple(self._listeners.values()):
            try:
                listener(status)
            except Exception:  # a listener's bug is not the workspace's
                log.exception("a listener of workspace changes failed")
