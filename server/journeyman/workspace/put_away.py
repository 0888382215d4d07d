"""Putting a workspace away: archive, verify, record, and only then remove.

The order is the safety, and it is all in `_protocol`: quiesce, the engine (upload, verify, manifest,
pointer), the record COMMITted, the intent to delete COMMITted, and then `Removal`, which looks all of
that up again. Any failure or cancellation before the intent leaves a workspace that can go on.
"""

from __future__ import annotations

import asyncio

from journeyman import spans
from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.records import ArchiveRecord, WorkspaceState
from journeyman.workspace import acquire
from journeyman.workspace.archiving import POINTER_MOVED, ArchiveMade, Progress
from journeyman.workspace.deadlines import within
from journeyman.workspace.ledger import DECISIONS, DELETE, QUIESCED, SHELVE, Ledger
from journeyman.workspace.room import Desk, Room
from journeyman.workspace.settle import resting_state, settle


class PutAway:
    """One archive of one project, with its desk locked. `keep` archives a workspace that goes on; `warm`
    leaves its files on this machine when its instance is removed; `background` says nothing of it."""

    def __init__(
        self,
        room: Room,
        desk: Desk,
        *,
        keep: bool,
        warm: bool = False,
        background: bool = False,
        on_progress: Progress | None = None,
    ) -> None:
        self._room = room
        self._desk = desk
        self._keep = keep
        self._warm = warm
        self.background = background
        self._on_progress = on_progress
        self._task: asyncio.Task[ArchiveRecord] | None = None
        self._pointer_moved = False
        self._abandoned = False
        self._above = spans.parent()

    def abandon(self) -> None:
        """Somebody needs the workspace: stop, unless the pointer has moved (then it is soon done)."""
        if self._pointer_moved or self._abandoned:
            return
        self._abandoned = True
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> ArchiveRecord:
        """The archive's record, also when it was made before. Raises `not_found` when there is nothing
        to archive and `cancelled` when it was abandoned; like every failure, that keeps the workspace."""
        if self._abandoned:
            raise _needed_again()
        room, desk = self._room, self._desk
        self._task = asyncio.current_task()
        desk.archiving = self
        ledger: Ledger | None = None
        try:
            ledger = await room.leases.take(desk.project_id, "archive")
            reach("archive.lease_taken")
            return await self._protocol(ledger)
        except Failure:
            if ledger is not None and self.background:
                await self._void(ledger)
            raise
        except asyncio.CancelledError:
            if ledger is not None:
                await self._void(ledger)
            if self._abandoned and self._task is not None:
                self._task.uncancel()
                raise _needed_again() from None
            raise
        finally:
            desk.archiving = None
            if ledger is not None:
                await room.leases.give_back(ledger)

    async def _protocol(self, ledger: Ledger) -> ArchiveRecord:
        room, entry = self._room, self._desk.entry
        if not await self._open(ledger):
            return await self._made_before(ledger)
        instance, guest = entry.instance, entry.guest
        if instance is None or guest is None:
            raise AssertionError("a workspace was opened without instance or guest")
        changes = entry.changes
        if not self.background:
            room.change(entry, "archiving")
        if not self._keep:
            await room.machine.quiesce(guest)
        await ledger.write(
            state="idle" if self.background else "archiving",
            journal=QUIESCED,
            instance_id=instance.id,
            generation=entry.generation,
        )
        reach("archive.quiesced")

        async def journal(step: str) -> None:
            self._pointer_moved = self._pointer_moved or step == POINTER_MOVED
            await ledger.write(journal=step)

        with spans.root(room.tracer, "archive", "internal", self._above) as span:
            span.note("journeyman.project.id", entry.project_id)
            async with within(room.deadlines.archive_s, "Archiving the workspace"):
                made = await room.engine.archive(
                    entry.project_id,
                    guest,
                    epoch=ledger.epoch,
                    journal=journal,
                    on_progress=self._on_progress,
                    generation=entry.generation,
                    live=self._keep,
                )
            span.note("journeyman.archive.id", made.archive_id)
            span.note("journeyman.archive.files", made.files)
            span.note("journeyman.archive.bytes", made.bytes)
            span.note("journeyman.archive.new_bytes", made.new_bytes)
        self._pointer_moved = True
        record = await self._record(made, ledger)
        reach("archive.recorded")
        entry.uploaded = changes
        if self._keep:
            await ledger.write(state="idle", journal=None, archive_id=record.id)
            room.change(entry, "idle")
            return record
        state: WorkspaceState = "warm" if self._warm else "archived"
        decision = SHELVE if self._warm else DELETE
        await ledger.write(state=state, journal=decision, archive_id=record.id)
        reach("archive.deletion_decided")
        await acquire.let_go_of_guest(room, entry)
        if (kept := await room.removal.after_archive(ledger)) is not None:
            raise kept
        entry.generation = 0
        room.change(entry, state)
        return record

    async def _open(self, ledger: Ledger) -> bool:
        """Reach the files: over the connection at hand, or through their instance. False: there are none."""
        room, entry = self._room, self._desk.entry
        if await acquire.at_hand(room, entry):
            return True
        await acquire.let_go_of_guest(room, entry)
        facts = await settle(room.machine, room.removal, ledger)
        entry.tidy_at = None
        if facts.shelved and not self._keep and not self._warm:
            await self._cool(ledger)
            facts = await settle(room.machine, room.removal, ledger)
        if facts.live is None or facts.shelved:
            entry.generation = 0
            room.change(entry, resting_state(facts))
            return False
        await acquire.reopen(room, entry, facts, epoch=ledger.epoch)
        return True

    async def _cool(self, ledger: Ledger) -> None:
        """It was archived before and nobody has worked in it since: only the files are left to go."""
        await ledger.write(journal=DELETE)
        if (kept := await self._room.removal.after_archive(ledger)) is not None:
            raise kept

    async def _made_before(self, ledger: Ledger) -> ArchiveRecord:
        archive_id = ledger.row.archive_id
        if archive_id is None:
            raise Failure(
                "not_found",
                "There is no workspace of this project to archive.",
                hint="Open the project first.",
            )
        async with within(self._room.deadlines.store_s, "Reading the archive's record"):
            return await self._room.store.archives.get(archive_id)

    async def _record(self, made: ArchiveMade, ledger: Ledger) -> ArchiveRecord:
        room = self._room
        record = ArchiveRecord(
            id=made.archive_id,
            project_id=self._desk.project_id,
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
        return record

    async def _void(self, ledger: Ledger) -> None:
        """What was begun counts for nothing. What was decided, now or before, is finished later."""
        entry = self._desk.entry
        if ledger.row.journal in DECISIONS:
            return
        if entry.state == "archiving":
            self._room.change(entry, "idle")
        if ledger.row.journal is not None:
            await ledger.write(state="idle", journal=None)


def _needed_again() -> Failure:
    return Failure(
        "cancelled",
        "The archive was stopped because the workspace is needed again.",
        hint="Nothing was removed; archive again when the workspace is idle.",
        retryable=True,
    )
