"""What is done to workspaces without anybody asking: freeze, upload, expire, cool, tidy, empty the trash.

The sweeper says when; each method here takes the project's desk and does one thing. All answer values. None
of it may keep a run waiting longer than the step at hand, and none of it removes what is not archived.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from journeyman.failures import Failure
from journeyman.ports.host import Host
from journeyman.records import ArchiveRecord
from journeyman.workspace.cool import cool
from journeyman.workspace.deadlines import within
from journeyman.workspace.errors import WorkspaceError, answers
from journeyman.workspace.freeze import freeze
from journeyman.workspace.kept_archives import KeptArchives
from journeyman.workspace.pressure import Marks
from journeyman.workspace.put_away import PutAway
from journeyman.workspace.reconcile import tidy
from journeyman.workspace.relief import Relief
from journeyman.workspace.room import Desk, Room
from journeyman.workspace.sweeper import Chore, Duty
from journeyman.workspace.tiers import (
    WARN_S,
    Tiers,
    Warm,
    crowding,
    next_time,
    to_cool,
    to_freeze,
    to_upload,
    to_warn,
)
from journeyman.workspace.turns import Turns

log = logging.getLogger(__name__)

TIDY_AGAIN_S = 60.0
PURGE_EVERY_S = 3600.0
COOL_EVERY_S = 300.0
THIN_EVERY_S = 6 * 3600.0
RELIEVE_EVERY_S = 30.0
UPLOAD_AGAIN_S = 120.0
UPLOADS_AT_ONCE = 1
"""Background uploads leave the machine and the line to those somebody waits for."""


class Upkeep:
    def __init__(
        self,
        room: Room,
        turns: Turns,
        tiers: Tiers,
        kept: KeptArchives,
        *,
        ttl_s: float,
        trash_grace_s: float,
        incident: Callable[[], str],
        host: Host,
        marks: Marks,
    ) -> None:
        self._room = room
        self._turns = turns
        self._tiers = tiers
        self._kept = kept
        self._warn_s = min(WARN_S, ttl_s / 10)
        self._trash_grace_s = trash_grace_s
        self.incident = incident
        self._relief = Relief(
            host,
            marks,
            room.registry,
            self,
            trash_grace_s=trash_grace_s,
            purge=lambda older_than_s: room.removal.purge(older_than_s=older_than_s),
            purge_of=lambda project_id, since: room.removal.purge(older_than_s=0.0, of=(project_id, since)),
            now=room.clock.now,
            warm=self.warm,
        )

    @property
    def shortages(self) -> tuple[str, ...]:
        """What the machine is short of, as sentences."""
        return self._relief.said

    def left_behind(self, project_id: str) -> tuple[str, ...]:
        entry = self._room.registry.get(project_id)
        return entry.remains if entry is not None else ()

    def duties(self) -> tuple[Duty, ...]:
        registry, tiers = self._room.registry, self._tiers
        return (
            Duty("tidy", registry.untidy, self.tidy),
            Duty("freeze", lambda now: to_freeze(registry.entries(), tiers, now), self.freeze),
            Duty("expire", self._due, self.expire),
            Duty("measure", self._room.quotas.due, self.measure),
            Duty("upload", lambda now: to_upload(registry.entries(), now), self.upload, UPLOADS_AT_ONCE),
        )

    def chores(self) -> tuple[Chore, ...]:
        return (
            Chore("emptying the trash", PURGE_EVERY_S, self.purge),
            Chore("cooling warm workspaces", COOL_EVERY_S, self.cool_some),
            Chore("thinning out archives", THIN_EVERY_S, self.thin_all),
            Chore("making room", RELIEVE_EVERY_S, self.relieve),
        )

    def next_due(self) -> float | None:
        return next_time(self._room.registry.entries(), self._tiers, self._warn_s)

    def _due(self, now: float) -> tuple[str, ...]:
        registry = self._room.registry
        for project_id in crowding(registry.entries(), self._tiers):
            registry.hurry(project_id)
        for entry in to_warn(registry.entries(), self._warn_s, now):
            entry.warned = entry.deadline
            self._room.announcer.warn(entry)
        return registry.due(now)

    @answers
    async def relieve(self) -> None:
        """Make room where the machine is short of it."""
        await self._relief.run()

    @answers
    async def put_away(self, project_id: str, *, warm: bool) -> ArchiveRecord | WorkspaceError | None:
        """As if its time was up."""
        self._room.registry.hurry(project_id)
        return await self.expire(project_id, warm=warm)

    @answers
    async def expire(self, project_id: str, *, warm: bool = True) -> ArchiveRecord | None:
        """Put away what nobody has used for its time. Failing keeps it and tries later."""
        warm = warm and self._tiers.warm_max > 0
        registry = self._room.registry
        with self._room.visit(project_id) as desk:
            try:
                async with self._turns.alone(desk):
                    if not registry.expired(project_id):
                        return None
                    return await PutAway(self._room, desk, keep=False, warm=warm).run()
            except BaseException:  # tried again later, whatever it was
                registry.put_off(project_id)
                raise

    @answers
    async def freeze(self, project_id: str) -> bool:
        """Pause what has been idle for a while."""
        with self._room.visit(project_id) as desk:
            async with self._turns.alone(desk):
                return await freeze(self._room, desk)

    @answers
    async def upload(self, project_id: str) -> ArchiveRecord | None:
        """Archive what changed while the workspace goes on, so that its expiry finds little to send. Any
        request stops it at once; failing says nothing to anybody and is tried again later."""
        with self._room.visit(project_id) as desk:
            entry = desk.entry
            again = self._room.clock.monotonic() + UPLOAD_AGAIN_S
            async with desk.lock:
                if desk.entry.state != "idle" or not _unused(desk):
                    return None
                entry.upload_at = again
                record = await PutAway(self._room, desk, keep=True, background=True).run()
                entry.upload_at = None if entry.uploaded == entry.changes else again
                return record

    @answers
    async def measure(self, project_id: str) -> None:
        """See how much it holds. It may be put away meanwhile; then there is nothing to measure."""
        await self._room.quotas.measure(project_id)

    @answers
    async def tidy(self, project_id: str) -> None:
        with self._room.visit(project_id) as desk:
            try:
                async with self._turns.alone(desk):
                    await tidy(self._room, desk)
            except BaseException:  # tried again later, whatever it was
                desk.entry.tidy_at = self._room.clock.monotonic() + TIDY_AGAIN_S
                raise

    @answers
    async def purge(self) -> int:
        return await self._room.removal.purge(older_than_s=self._trash_grace_s)

    @answers
    async def thin_all(self) -> None:
        """Retention and collection, one project after the other. One in use has its turn next time."""
        async with within(self._room.deadlines.store_s, "Reading the workspaces"):
            rows = await self._room.store.workspaces.list()
        for row in rows:
            if row.archive_id is not None:
                thinned = await self._kept.thin(row.project_id)
                if isinstance(thinned, WorkspaceError) and thinned.kind != "busy":
                    log.warning("archives of %s were not thinned out: %s", row.project_id, thinned.message)

    @answers
    async def cool_some(self) -> None:
        """Bring the warm tier within its limits, least recently used first."""
        for project_id in to_cool(await self.warm(), self._tiers, self._room.clock.now().timestamp()):
            await self.cool(project_id)

    @answers
    async def cool(self, project_id: str) -> bool:
        with self._room.visit(project_id) as desk:
            async with desk.lock:
                if not _unused(desk) or desk.entry.generation:
                    return False
                return await cool(self._room, desk)

    async def warm(self) -> tuple[Warm, ...]:
        """The warm workspaces, with the size of their files as their archive knows it."""
        room = self._room
        found: list[Warm] = []
        async with within(room.deadlines.store_s, "Reading the workspaces"):
            for row in await room.store.workspaces.list():
                if row.state == "warm":
                    used, since = row.last_used_at.timestamp(), row.updated_at.timestamp()
                    found.append(Warm(row.project_id, used, since, await self._size(row.archive_id)))
        return tuple(found)

    async def _size(self, archive_id: str | None) -> int:
        """0 of an archive that is not recorded: its files are looked at when their time is up."""
        try:
            return (await self._room.store.archives.get(archive_id or "")).bytes
        except Failure as failure:
            if failure.kind == "not_found":
                return 0
            raise


def _unused(desk: Desk) -> bool:
    return not +desk.entry.users and desk.flight is None and desk.ledger is None
