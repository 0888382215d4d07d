"""A project's row in the database, written under a lease.

The lease's epoch fences every write: a row another holder has taken over is never overwritten. The
`journal` column says what was decided and not finished yet, so that a crash anywhere can be finished
or voided from the row alone.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import TypedDict, Unpack

from journeyman.failures import Failure
from journeyman.ports.clock import Clock
from journeyman.ports.store import WorkspaceStore
from journeyman.records import WorkspaceRow, WorkspaceState
from journeyman.workspace.deadlines import Deadlines, within

log = logging.getLogger(__name__)

QUIESCED = "quiesced"
"""First step of an archive; the engine's own steps follow. All of them may be voided."""
DELETE = "delete"
"""The archive is recorded; the instance and the generation the row names may go."""
SHELVE = "shelve"
"""The archive is recorded; the instance the row names may go, and the files stay as they are."""
RESTORE = "restore"
"""A restore is being staged beside the generation the row names."""
SWAP = "swap"
"""The restored generation the row names is the workspace now; the others may go."""
FORGET = "forget"
"""The user deleted the project; everything of it may go."""
FORGET_FILES = "forget files"
"""The user deleted the project and keeps its archives; what is on this machine may go."""

DELETIONS: frozenset[str] = frozenset({FORGET, FORGET_FILES})
ARCHIVED: frozenset[str] = frozenset({DELETE, SHELVE})
"""Decisions that rest on an archive."""
DECISIONS: frozenset[str] = ARCHIVED | frozenset({RESTORE, SWAP}) | DELETIONS


class RowChanges(TypedDict, total=False):
    state: WorkspaceState
    generation: int
    instance_id: str | None
    journal: str | None
    archive_id: str | None
    last_used_at: datetime


class Ledger:
    """The row of one project for as long as this lease on it is held."""

    def __init__(self, rows: WorkspaceStore, clock: Clock, deadlines: Deadlines, row: WorkspaceRow) -> None:
        self._rows = rows
        self._clock = clock
        self._deadlines = deadlines
        self.row = row

    @property
    def epoch(self) -> int:
        return self.row.epoch

    async def write(self, **changes: Unpack[RowChanges]) -> WorkspaceRow:
        """COMMIT the row with these changes; `conflict` when somebody else holds the project now."""
        row = replace(self.row, updated_at=self._clock.now(), **changes)
        async with within(self._deadlines.store_s, "Writing the state of the workspace"):
            await self._rows.put(row, epoch=self.row.epoch)
        self.row = row
        return row

    async def reread(self) -> WorkspaceRow:
        """The row as it is COMMITted now; `conflict` when the lease is not ours any more."""
        async with within(self._deadlines.store_s, "Reading the state of the workspace"):
            row = await self._rows.get(self.row.project_id)
        if row is None or row.epoch != self.row.epoch:
            raise Failure(
                "conflict",
                "The workspace was taken over by another holder.",
                hint="Try again.",
                retryable=True,
            )
        self.row = row
        return row

    async def delete(self) -> None:
        """Forget the row; the lease goes with it."""
        async with within(self._deadlines.store_s, "Forgetting the workspace"):
            await self._rows.delete(self.row.project_id)


class Leases:
    """Takes and gives back leases for one daemon, and heals the ones whose answer was lost.

    A store call that failed may have happened all the same. Only this daemon uses this database, so a
    lease that is in doubt after such a call is nobody's, and is taken back before the next one.
    """

    def __init__(self, rows: WorkspaceStore, clock: Clock, deadlines: Deadlines) -> None:
        self._rows = rows
        self._clock = clock
        self._deadlines = deadlines
        self._doubtful: set[str] = set()

    async def take(self, project_id: str, holder: str) -> Ledger:
        """The lease, or `busy`. The caller must know that nothing else in this daemon has it."""
        if project_id in self._doubtful:
            await self._heal(project_id)
        self._doubtful.add(project_id)
        try:
            async with within(self._deadlines.store_s, "Taking the lease on the workspace"):
                row = await self._rows.lease(project_id, holder)
        except Failure as failure:
            if failure.kind == "busy":
                self._doubtful.discard(project_id)
            raise
        self._doubtful.discard(project_id)
        return Ledger(self._rows, self._clock, self._deadlines, row)

    async def give_back(self, ledger: Ledger) -> None:
        """Give the lease back. Does not raise: what the lease was for is done or has failed already,
        and a lease that could not be given back is healed before it is needed again."""
        project_id = ledger.row.project_id
        self._doubtful.add(project_id)
        try:
            async with within(self._deadlines.store_s, "Giving back the lease on the workspace"):
                await self._rows.unlease(project_id, ledger.epoch)
        except Exception as error:  # noqa: BLE001 - see above
            log.warning("the lease on project %s was not given back: %r", project_id, error)
        else:
            self._doubtful.discard(project_id)

    async def _heal(self, project_id: str) -> None:
        async with within(self._deadlines.store_s, "Giving back the lease on the workspace"):
            row = await self._rows.get(project_id)
            if row is not None and row.lease is not None:
                log.warning("taking back the lease %r on project %s", row.lease, project_id)
                await self._rows.unlease(project_id, row.epoch)
        self._doubtful.discard(project_id)
