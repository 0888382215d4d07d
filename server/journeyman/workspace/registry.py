"""The map: which workspaces are at hand, and until when. A cache; the database and the engine are the truth.

An entry lives `ttl_s` seconds from its last use. Holds (a run, a terminal's foreground process, an open
preview, a pending permission) keep it from expiring. Times are the injected clock's monotonic seconds.
The registry does no input or output: what is to be done at expiry is the sweeper's business.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from journeyman.ports.clock import Clock
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import Acquired, Instance
from journeyman.quotas import Held, Quota
from journeyman.records import WorkspaceState

Hold = Literal["terminal", "preview", "permission"]
"""What keeps a workspace hot beside those who acquired it: the foreground process of a terminal, an open
preview, a question the user has not answered. Processes somebody left in the background do not."""

RETRY_FIRST_S = 60.0
RETRY_MOST_S = 3600.0


@dataclass(slots=True)
class Entry:
    """What is known of one project's workspace in memory. `guest` is None while nobody talks to it."""

    project_id: str
    state: WorkspaceState
    last_used: float
    deadline: float
    instance: Instance | None = None
    generation: int = 0
    guest: Guest | None = None
    acquired: Acquired | None = None
    message: str | None = None
    """Why the last thing tried did not work; None when it did."""
    failures: int = 0
    """How often in a row putting it away has failed."""
    users: Counter[str] = field(default_factory=Counter[str])
    """Who acquired it and has not released it: these share the lease, and nothing else may happen."""
    holds: Counter[str] = field(default_factory=Counter[str])
    """What only keeps it from expiring: terminals, previews, pending permissions."""
    changes: int = 0
    """Grows with every use; the files may have changed each time."""
    uploaded: int = 0
    """The value of `changes` the newest archive was begun at."""
    upload_at: float | None = None
    """When the next background upload is due; None while nothing has changed since the last."""
    freezable: bool = True
    """False once freezing did not work, until the next use."""
    warned: float | None = None
    """The deadline that was announced; None before."""
    usage: Held | None = None
    """What it held when it was measured last, and what was written since; None before."""
    quota: Quota = field(default_factory=Quota)
    """What it may hold, as of then."""
    measured: int = 0
    """The value of `changes` it was measured at."""
    measured_at: float | None = None
    tidy_at: float | None = None
    """When what a failed restore left over is to be cleared; None when nothing is."""

    @property
    def held(self) -> bool:
        return bool(+self.users or +self.holds)

    @property
    def remains(self) -> tuple[str, ...]:
        """What is known to exist, for people."""
        instance = (f"instance {self.instance.id}",) if self.instance else ()
        return instance + ((f"generation {self.generation}",) if self.generation else ())

    @property
    def at_rest(self) -> bool:
        """Whether nothing is at hand and nothing is to be done: the map can do without this entry."""
        resting = self.state in ("cold", "warm", "archived") and self.tidy_at is None
        return resting and self.guest is None and self.generation == 0 and not self.held


class Registry:
    def __init__(self, clock: Clock, *, ttl_s: float) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._entries: dict[str, Entry] = {}

    def get(self, project_id: str) -> Entry | None:
        return self._entries.get(project_id)

    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries.values())

    def open(self, project_id: str, state: WorkspaceState) -> Entry:
        """The entry of this project, made in `state` when there is none."""
        entry = self._entries.get(project_id)
        if entry is None:
            now = self._clock.monotonic()
            entry = Entry(project_id, state, last_used=now, deadline=now + self._ttl_s)
            self._entries[project_id] = entry
        return entry

    def drop(self, project_id: str) -> None:
        self._entries.pop(project_id, None)

    def touch(self, project_id: str) -> None:
        """Count the time from now again."""
        entry = self._entries.get(project_id)
        if entry is not None:
            entry.last_used = self._clock.monotonic()
            entry.deadline = entry.last_used + self._ttl_s
            entry.failures = 0

    def hold(self, project_id: str, reason: str) -> bool:
        """Keep the entry from expiring until `let_go` was called as often with the same reason.
        False: there is no entry."""
        entry = self._entries.get(project_id)
        if entry is not None:
            entry.holds[reason] += 1
        return entry is not None

    def let_go(self, project_id: str, reason: str) -> None:
        """Take back one hold; the time counts from now."""
        entry = self._entries.get(project_id)
        if entry is not None and entry.holds[reason] > 0:
            entry.holds[reason] -= 1
        self.touch(project_id)

    def hurry(self, project_id: str) -> None:
        """Its time is up now: there are too many."""
        entry = self._entries.get(project_id)
        if entry is not None:
            entry.deadline = min(entry.deadline, self._clock.monotonic())

    def put_off(self, project_id: str) -> None:
        """Putting it away failed: try again later, each time twice as late, at most an hour."""
        entry = self._entries.get(project_id)
        if entry is not None:
            wait_s = min(RETRY_FIRST_S * 2 ** min(entry.failures, 16), RETRY_MOST_S)
            entry.failures += 1
            entry.deadline = self._clock.monotonic() + wait_s

    def expired(self, project_id: str) -> bool:
        entry = self._entries.get(project_id)
        return entry is not None and not entry.held and entry.deadline <= self._clock.monotonic()

    def due(self, now: float) -> tuple[str, ...]:
        """Projects nobody holds whose time is up, the longest waiting first."""
        due = [entry for entry in self._entries.values() if not entry.held and entry.deadline <= now]
        return tuple(entry.project_id for entry in sorted(due, key=lambda entry: entry.deadline))

    def untidy(self, now: float) -> tuple[str, ...]:
        """Projects nobody uses with something left over to clear."""
        return tuple(
            entry.project_id
            for entry in self._entries.values()
            if entry.tidy_at is not None and entry.tidy_at <= now and not +entry.users
        )

    def next_deadline(self) -> float | None:
        """When the next entry nobody holds will be due; None when nothing waits."""
        return min((entry.deadline for entry in self._entries.values() if not entry.held), default=None)
