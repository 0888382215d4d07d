"""A new project from another one's archive, in the time of writing a manifest. Answers values.

The files a project has on this machine and no archive holds are archived first, while its workspace goes on.
The new project is archived from its beginning: whoever opens it restores it. What a failure leaves in the
store goes when the new project is deleted, which is for whoever asked to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.records import ArchiveRecord, WorkspaceRow
from journeyman.workspace.archiving import Progress
from journeyman.workspace.deadlines import within
from journeyman.workspace.errors import WorkspaceError, answers
from journeyman.workspace.room import Desk, Room
from journeyman.workspace.turns import Turns


class Keep(Protocol):
    """Archives a workspace that goes on: `WorkspaceManager.archive` with `keep`."""

    def __call__(
        self, project_id: str, *, keep: bool, on_progress: Progress | None
    ) -> Awaitable[ArchiveRecord | WorkspaceError]: ...


class Forks:
    def __init__(self, room: Room, turns: Turns, archive: Keep, *, incident: Callable[[], str]) -> None:
        self._room = room
        self._turns = turns
        self._archive = archive
        self.incident = incident

    def left_behind(self, project_id: str) -> tuple[str, ...]:
        return ()

    @answers
    async def fork(
        self,
        project_id: str,
        source_id: str,
        archive_id: str | None = None,
        *,
        on_progress: Progress | None = None,
    ) -> ArchiveRecord:
        """Make an archive of `source_id` the first one of the new project `project_id`. Without
        `archive_id` it is the source as it is now: `busy` while it is used, `not_found` without files."""
        if archive_id is None and await self._unarchived(source_id):
            archive_id = (await self._archived_now(source_id, on_progress)).id
        room = self._room
        with room.visit(project_id) as desk:

            async def work() -> ArchiveRecord:
                async with self._turns.alone(desk):
                    return await _begin(room, desk, source_id, archive_id)

            return await self._turns.own(desk, work, f"fork {source_id}")

    async def _unarchived(self, project_id: str) -> bool:
        """Whether files are on this machine that no archive may hold."""
        entry = self._room.registry.get(project_id)
        if entry is not None and (entry.generation or entry.users):
            return entry.held or entry.changes == 0 or entry.changes != entry.uploaded
        async with within(self._room.deadlines.store_s, "Reading the state of the workspace"):
            row = await self._room.store.workspaces.get(project_id)
        return row is not None and not _at_rest(row)

    async def _archived_now(self, project_id: str, on_progress: Progress | None) -> ArchiveRecord:
        made = await self._archive(project_id, keep=True, on_progress=on_progress)
        if not isinstance(made, WorkspaceError):
            return made
        failure = made.as_failure()
        if failure.kind != "busy":
            raise failure
        raise Failure(
            "busy",
            failure.message,
            hint="Wait until it is not used any more, or fork one of its archives: name it.",
            retryable=True,
        )


async def _begin(room: Room, desk: Desk, source_id: str, archive_id: str | None) -> ArchiveRecord:
    ledger = await room.leases.take(desk.project_id, "archive")
    try:
        async with within(room.deadlines.archive_s, "Forking the project"):
            made = await room.engine.fork(
                source_id, archive_id, project_id=desk.project_id, epoch=ledger.epoch
            )
        record = ArchiveRecord(
            id=made.archive_id,
            project_id=desk.project_id,
            seq=made.seq,
            manifest_key=made.manifest_key,
            digest=made.digest,
            files=made.files,
            bytes=made.bytes,
            new_bytes=made.new_bytes,
            epoch=ledger.epoch,
            created_at=room.clock.now(),
        )
        async with within(room.deadlines.store_s, "Recording the archive"):
            await room.store.archives.add(record)
        reach("fork.recorded")
        await ledger.write(state="archived", archive_id=record.id)
        room.change(desk.entry, "archived")
        return record
    finally:
        await room.leases.give_back(ledger)


def _at_rest(row: WorkspaceRow) -> bool:
    """Whether the newest archive holds all there is: nothing was opened since it was made."""
    return row.journal is None and (row.state in ("archived", "warm") or row.generation == 0)
