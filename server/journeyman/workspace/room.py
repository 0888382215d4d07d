"""What the parts of the workspace manager share: the collaborators, and one desk per project.

Nothing is decided here. A desk's lock serialises everything that changes a project's workspace; the run
lease is kept on it between an acquire and the last release.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from journeyman.ports.clock import Clock
from journeyman.ports.sandbox import Workspace
from journeyman.ports.store import Store
from journeyman.ports.tracing import Tracer
from journeyman.records import WorkspaceState
from journeyman.tasks import Supervisor
from journeyman.workspace.archiving import Archiver
from journeyman.workspace.deadlines import Deadlines
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.ledger import Leases, Ledger
from journeyman.workspace.machine import Machine
from journeyman.workspace.quota import Quotas
from journeyman.workspace.registry import Entry, Registry
from journeyman.workspace.removal import Removal
from journeyman.workspace.state import move
from journeyman.workspace.status import Announcer

if TYPE_CHECKING:
    from journeyman.workspace.put_away import PutAway


@dataclass(slots=True, eq=False)
class Desk:
    """Where the work on one project is done, one thing at a time."""

    project_id: str
    entry: Entry
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    flight: asyncio.Task[Workspace | WorkspaceError] | None = None
    """The one acquire in progress, shared by everybody who asks meanwhile."""
    archiving: PutAway | None = None
    """The archive in progress; a new request may abandon it."""
    ledger: Ledger | None = None
    """The lease of those who use the workspace; None while nobody does."""
    work: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    """Archives, restores and the like somebody asked for, waiting or at work."""
    quiet: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while something goes on during which no run may begin."""
    visitors: int = 0
    """Calls at work here or waiting; the desk is not taken away under them."""


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    machine: Machine
    removal: Removal
    leases: Leases
    engine: Archiver
    store: Store
    clock: Clock
    supervisor: Supervisor
    registry: Registry
    announcer: Announcer
    deadlines: Deadlines
    quotas: Quotas
    tracer: Tracer | None = None
    desks: dict[str, Desk] = field(default_factory=dict[str, Desk])

    @contextmanager
    def visit(self, project_id: str) -> Generator[Desk]:
        """The one desk of this project for the duration of the block. The last visitor of a project of
        which nothing is at hand takes desk and map entry away."""
        desk = self.desks.get(project_id)
        if desk is None:
            desk = self.desks[project_id] = Desk(project_id, self.registry.open(project_id, "cold"))
        desk.visitors += 1
        try:
            yield desk
        finally:
            desk.visitors -= 1
            if desk.visitors == 0 and desk.ledger is None and desk.entry.at_rest:
                self.registry.drop(project_id)
                del self.desks[project_id]

    def change(self, entry: Entry, state: WorkspaceState, *, message: str | None = None) -> None:
        """Move the entry to a state that may follow, and tell the listeners."""
        changed = (entry.state, entry.message) != (state, message)
        entry.state = move(entry.state, state)
        entry.message = message
        if changed:
            self.announcer.tell(entry)
