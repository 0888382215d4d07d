"""Restoring on request: stage beside what there is, verify, decide, swap.

Until the decision is COMMITted, archive and old workspace are untouched, and whatever was staged is left
over. From then on the restored files are the workspace, and `settle` clears the others, now or after a
crash. The old files go to the trash. The instance is made by whoever acquires the workspace next.
"""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.workspace import acquire
from journeyman.workspace.archiving import ArchiveRestored, Progress
from journeyman.workspace.deadlines import within
from journeyman.workspace.ledger import RESTORE, SWAP, Ledger
from journeyman.workspace.room import Desk, Room
from journeyman.workspace.settle import resting_state, settle


@dataclass(frozen=True, slots=True)
class Restored:
    project_id: str
    archive_id: str
    digest: str
    files: int
    bytes: int


async def bring_back(
    room: Room, desk: Desk, *, archive_id: str | None, on_progress: Progress | None
) -> Restored:
    """Put the workspace back to an archive (None: the newest). The desk is locked and nobody uses it."""
    ledger = await room.leases.take(desk.project_id, "restore")
    try:
        reach("restore.lease_taken")
        made = await _swap_in(room, desk, ledger, archive_id, on_progress)
    finally:
        await room.leases.give_back(ledger)
    return Restored(desk.project_id, made.archive_id, made.digest, made.files, made.bytes)


async def _swap_in(
    room: Room, desk: Desk, ledger: Ledger, archive_id: str | None, on_progress: Progress | None
) -> ArchiveRestored:
    entry = desk.entry
    facts = await settle(room.machine, room.removal, ledger)
    entry.tidy_at = None
    before = resting_state(facts)
    room.change(entry, "restoring")
    await ledger.write(state="restoring", journal=RESTORE, generation=facts.live or 0)
    try:
        generation, made = await _stage(room, desk, ledger, archive_id, on_progress)
        await ledger.write(journal=SWAP, generation=generation, instance_id=None)
        reach("restore.swap_decided")
    except BaseException:  # as before, whatever ended it
        entry.tidy_at = room.clock.monotonic()
        room.change(entry, before)
        raise
    entry.tidy_at = room.clock.monotonic()
    await acquire.let_go_of_guest(room, entry)
    facts = await settle(room.machine, room.removal, ledger)
    entry.tidy_at = None
    if facts.live != generation:
        raise Failure(
            "workspace_failed",
            "The restored files are not where they were put.",
            hint="Restore again; the archive is untouched.",
            retryable=True,
        )
    entry.generation = generation
    entry.acquired = None
    room.change(entry, "idle")
    return made


async def _stage(
    room: Room, desk: Desk, ledger: Ledger, archive_id: str | None, on_progress: Progress | None
) -> tuple[int, ArchiveRestored]:
    """A new, verified, complete generation beside the old one."""
    machine = room.machine
    needed = await _bytes_of(room, desk.project_id, archive_id)
    generation, files = await machine.prepare(desk.project_id, needed=needed)
    reach("restore.directory_made")
    instance = await machine.create(
        desk.project_id, generation, epoch=ledger.epoch, files=files, staging=True
    )
    reach("restore.instance_made")
    guest = await machine.reach(instance)
    try:
        async with within(room.deadlines.archive_s, "Restoring the archive"):
            made = await room.engine.restore(
                desk.project_id,
                guest,
                archive_id=archive_id,
                on_progress=on_progress,
                generation=generation,
            )
    finally:
        await machine.hang_up(guest)
    await machine.commit(desk.project_id, generation)
    reach("restore.directory_complete")
    return generation, made


async def _bytes_of(room: Room, project_id: str, archive_id: str | None) -> int:
    """As far as it is recorded; 0 where it is not."""
    async with within(room.deadlines.store_s, "Reading the archives' records"):
        records = await room.store.archives.list(project_id)
    return next((record.bytes for record in records if archive_id in (None, record.id)), 0)
