"""A project's archives as people see them: named, dropped, thinned out. All methods answer values.

Dropping and thinning take the project's lease, so that nothing is archived or restored meanwhile. The store
goes first, the database's record after it: a record without its archive is found and removed next time.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from journeyman.failures import Failure
from journeyman.records import ArchiveRecord
from journeyman.workspace.archive.keeping import Thinned
from journeyman.workspace.archive.outcomes import VerifyReport
from journeyman.workspace.archive.retention import Policy
from journeyman.workspace.deadlines import within
from journeyman.workspace.errors import answers
from journeyman.workspace.room import Room
from journeyman.workspace.turns import Turns, refuse_if_used

log = logging.getLogger(__name__)

SEQ_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Kept:
    record: ArchiveRecord
    name: str | None


def _cursor(record: ArchiveRecord) -> str:
    return f"{record.seq}:{record.id}"


def _parsed(cursor: str) -> tuple[int, str]:
    seq, _, archive_id = cursor.partition(":")
    if not archive_id or not seq.isdecimal() or len(seq) > SEQ_DIGITS:
        raise Failure(
            "invalid",
            "The cursor is not one that this list has given out.",
            hint="Leave the cursor out to start at the first page.",
        )
    return int(seq), archive_id


class KeptArchives:
    def __init__(self, room: Room, turns: Turns, policy: Policy, *, incident: Callable[[], str]) -> None:
        self._room = room
        self._turns = turns
        self._policy = policy
        self.incident = incident

    def left_behind(self, project_id: str) -> tuple[str, ...]:
        return ()

    async def _list(self, project_id: str) -> tuple[Kept, ...]:
        """Newest first. Where the store does not answer they have no names."""
        async with within(self._room.deadlines.store_s, "Reading the archives' records"):
            records = await self._room.store.archives.list(project_id)
        names: dict[str, str] = {}
        if records:
            try:
                async with within(self._room.deadlines.pointer_s, "Reading the archives' names"):
                    names = await self._room.engine.keeping.names(project_id)
            except Failure as failure:
                log.warning("the archives of project %s have no names now: %s", project_id, failure.message)
        return tuple(Kept(record, names.get(record.id)) for record in records)

    @answers
    async def page(
        self, project_id: str, cursor: str | None, limit: int
    ) -> tuple[tuple[Kept, ...], str | None]:
        """At most `limit` of them after `cursor`, and the cursor of the rest. Also where the archive it names
        went meanwhile."""
        rest = await self._list(project_id)
        if cursor is not None:
            seq, archive_id = _parsed(cursor)
            ids = [kept.record.id for kept in rest]
            after = ids.index(archive_id) + 1 if archive_id in ids else 0
            rest = tuple(kept for kept in rest[after:] if kept.record.seq <= seq)
        found = rest[:limit]
        return found, _cursor(found[-1].record) if len(rest) > limit else None

    @answers
    async def name(self, project_id: str, archive_id: str, name: str | None) -> Kept:
        """Give an archive a name, which keeps it from being thinned out; None takes the name away."""
        record = await self._record(project_id, archive_id)
        async with within(self._room.deadlines.pointer_s, "Naming the archive"):
            await self._room.engine.keeping.name(project_id, archive_id, name)
        return Kept(record, name)

    @answers
    async def verify(self, project_id: str, archive_id: str | None, *, read_data: bool) -> VerifyReport:
        """Whether an archive (None: the newest) is whole; with `read_data` every byte is read."""
        async with within(self._room.deadlines.archive_s, "Looking at the archive"):
            return await self._room.engine.verify(project_id, archive_id, read_data=read_data)

    @answers
    async def drop(self, project_id: str, archive_id: str) -> None:
        """Remove an archive for good: `conflict` for the newest, `busy` while the project is in use."""
        await self._record(project_id, archive_id)
        async with self._leased(project_id), within(self._room.deadlines.archive_s, "Removing the archive"):
            try:
                await self._room.engine.keeping.drop(project_id, archive_id)
            except Failure as failure:
                if failure.kind != "not_found":  # gone from the store already
                    raise
            await self._room.store.archives.delete(archive_id)

    @answers
    async def thin(self, project_id: str, *, dry_run: bool = False) -> Thinned:
        """Apply retention, and one cycle of the collection of packs. `busy` while the project is in use."""
        room = self._room
        async with self._leased(project_id), within(room.deadlines.archive_s, "Thinning out the archives"):
            quota = await room.quotas.of(project_id)
            thinned = await room.engine.keeping.thin(
                project_id,
                self._policy,
                now=room.clock.now(),
                dry_run=dry_run,
                bytes_max=quota.archive_bytes or 0,
            )
            if not dry_run:
                for record in await room.store.archives.list(project_id) if thinned.stays else ():
                    if record.id not in thinned.stays:
                        await room.store.archives.delete(record.id)
        return thinned

    async def _record(self, project_id: str, archive_id: str) -> ArchiveRecord:
        async with within(self._room.deadlines.store_s, "Reading the archive's record"):
            record = await self._room.store.archives.get(archive_id)
        if record.project_id != project_id:
            raise Failure(
                "not_found",
                f"Archive {archive_id!r} is of another project.",
                hint="List what there is with workspace/archives.",
            )
        return record

    @asynccontextmanager
    async def _leased(self, project_id: str) -> AsyncGenerator[None]:
        room = self._room
        with room.visit(project_id) as desk:
            async with desk.lock:
                await self._turns.rest_locked(desk)
                refuse_if_used(desk)
                ledger = await room.leases.take(project_id, "archive")
                try:
                    yield
                finally:
                    await room.leases.give_back(ledger)
