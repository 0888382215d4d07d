"""The workspace manager: the public face of this room. Its methods answer values and never raise.

Here is who may do what when: one desk per project, shared acquires, everything else alone. How each
thing is done is in the file named after it (acquire, put_away, bring_back, leave, reconcile).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from journeyman.failures import Failure
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.guest import Guest
from journeyman.ports.host import Host, UnknownHost
from journeyman.ports.sandbox import Generations, Limits, Sandbox, Workspace
from journeyman.ports.store import Store
from journeyman.ports.tracing import Tracer
from journeyman.quotas import Quota
from journeyman.records import ArchiveRecord
from journeyman.tasks import Supervisor
from journeyman.workspace import leave
from journeyman.workspace.archive.retention import Policy
from journeyman.workspace.archiving import Archiver, Progress
from journeyman.workspace.bring_back import Restored, bring_back
from journeyman.workspace.deadlines import Deadlines, within
from journeyman.workspace.errors import WorkspaceError, answers
from journeyman.workspace.forking import Forks
from journeyman.workspace.furnish import furnish
from journeyman.workspace.kept_archives import KeptArchives
from journeyman.workspace.machine import Attend, ImageOf
from journeyman.workspace.outsiders import Outsiders
from journeyman.workspace.pressure import Marks, Space
from journeyman.workspace.put_away import PutAway
from journeyman.workspace.quiet import undisturbed
from journeyman.workspace.quota import QuotaOf, no_quota
from journeyman.workspace.reconcile import Reconciled, reconcile
from journeyman.workspace.registry import Hold
from journeyman.workspace.room import Desk, Room
from journeyman.workspace.status import Listener, WorkspaceStatus, of_entry, of_row
from journeyman.workspace.sweeper import Sweeper
from journeyman.workspace.tiers import Tiers
from journeyman.workspace.turns import Settling, Turns, refuse_if_used
from journeyman.workspace.upkeep import Upkeep

T = TypeVar("T")


async def _default_image(_: str) -> str | None:
    return None


async def _nothing_first(_project_id: str, _guest: Guest) -> None:
    return None


class WorkspaceManager:
    def __init__(
        self,
        sandbox: Sandbox,
        generations: Generations,
        engine: Archiver,
        store: Store,
        *,
        clock: Clock,
        ids: Ids,
        supervisor: Supervisor,
        image: str,
        limits: Limits,
        ttl_s: float = 600.0,
        trash_grace_s: float = 7 * 24 * 3600.0,
        tiers: Tiers | None = None,
        policy: Policy | None = None,
        deadlines: Deadlines | None = None,
        image_of: ImageOf = _default_image,
        attend: Attend | None = None,
        host: Host | None = None,
        marks: Marks | None = None,
        default_quota: Quota | None = None,
        quota_of: QuotaOf = no_quota,
        first: Settling = _nothing_first,
        tracer: Tracer | None = None,
    ) -> None:
        """`first`: what has to be finished in a project's files before anybody gets its workspace."""
        host, marks = host or UnknownHost(), marks or Marks()
        self._ids = ids
        self._tiers = tiers or Tiers()
        self._room = furnish(
            sandbox,
            generations,
            engine,
            store,
            clock=clock,
            supervisor=supervisor,
            image=image,
            limits=limits,
            ttl_s=ttl_s,
            deadlines=deadlines or Deadlines(),
            image_of=image_of,
            attend=attend,
            space=Space(host, marks),
            default_quota=default_quota or Quota(),
            quota_of=quota_of,
            tracer=tracer,
        )
        self._registry = self._room.registry
        self._turns = Turns(self._room, incident=self.incident, first=first)
        self.outsiders = Outsiders()
        """Who changes files beside the agent."""
        self.kept = KeptArchives(self._room, self._turns, policy or Policy(), incident=self.incident)
        """The archives of a project, after they were made."""
        self.forks = Forks(self._room, self._turns, self.archive, incident=self.incident)
        """New projects from archives of others."""
        self.upkeep = Upkeep(
            self._room,
            self._turns,
            self._tiers,
            self.kept,
            ttl_s=ttl_s,
            trash_grace_s=trash_grace_s,
            incident=self.incident,
            host=host,
            marks=marks,
        )
        upkeep = self.upkeep
        self._sweeper = Sweeper(clock, supervisor, upkeep.duties(), upkeep.chores(), upkeep.next_due)
        self._sweeping: asyncio.Task[None] | None = None

    # -- the daemon's life ------------------------------------------------------------------------

    @answers
    async def start(self) -> Reconciled:
        """Reconcile what an earlier daemon left, adopt what holds data, start the sweeper. Once, before
        anything else. After an error (no sandbox, say) the manager works all the same: each project is
        settled when it is acquired."""
        self._sweeping = self._room.supervisor.start(self._sweeper.run(), name="workspace sweeper")
        async with within(self._room.deadlines.store_s, "Taking over the leases"):
            await self._room.store.workspaces.break_leases()
        return await reconcile(self._room, incident=self.incident)

    @answers
    async def shutdown(self) -> None:
        """Stop archives where that is safe, wait for the others, let go of the guests.
        Instances go on; the next start adopts them."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._turns.closing = True
        async with asyncio.TaskGroup() as group:
            for desk in tuple(self._room.desks.values()):
                group.create_task(self._turns.close(desk, within_s=self._room.deadlines.sandbox_s))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` every change of any workspace from now on; the answer ends that.
        It is called on the loop and must not block."""
        return self._room.announcer.subscribe(listener)

    def subscribe_warnings(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` of every workspace that is about to expire, once per deadline, as `subscribe`."""
        return self._room.announcer.subscribe_warnings(listener)

    # -- using a workspace ------------------------------------------------------------------------

    @answers
    async def acquire(self, project_id: str, *, holder: str = "run") -> Workspace | WorkspaceError:
        """The project's workspace, however it is to be had; `release` it with the same holder. Calls at
        the same time share one attempt; an archive in progress is abandoned while that is possible."""
        self._turns.refuse_when_closing()
        with self._room.visit(project_id) as desk:
            got = await self._turns.shared(desk, holder)
            self._registry.touch(project_id)
            self._upload_later(desk)
            return got

    @answers
    async def release(self, project_id: str, *, holder: str = "run") -> WorkspaceStatus:
        """Done with it. The last one gives the lease back, and the time until expiry counts from now."""
        with self._room.visit(project_id) as desk:
            if desk.entry.users[holder] > 0:
                desk.entry.users[holder] -= 1
            self._registry.touch(project_id)
            self._upload_later(desk)
            await self._turns.rest(desk)
            return of_entry(desk.entry, self._room.clock)

    @answers
    async def undisturbed(self, project_id: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do `work` with no run at work in the project: `busy` where one is; one that begins waits."""
        self._turns.refuse_when_closing()
        with self._room.visit(project_id) as desk:
            async with undisturbed(desk):
                return await work()

    @answers
    async def touch(self, project_id: str) -> WorkspaceStatus:
        """Count the time until expiry from now."""
        self._registry.touch(project_id)
        return await self._status(project_id)

    @answers
    async def hold(self, project_id: str, reason: Hold) -> WorkspaceStatus:
        """Keep a workspace at hand hot until `let_go`; a frozen one goes on. `conflict` when none is."""
        if not self._registry.hold(project_id, reason):
            raise Failure("conflict", "The project's workspace is not open.", hint="Open it first.")
        with self._room.visit(project_id) as desk:
            await self._turns.go_on(desk)
        return await self._status(project_id)

    @answers
    async def let_go(self, project_id: str, reason: Hold) -> WorkspaceStatus:
        """Take one `hold` back."""
        self._registry.let_go(project_id, reason)
        if (desk := self._room.desks.get(project_id)) is not None:
            desk.entry.changes += 1
            self._upload_later(desk)
        return await self._status(project_id)

    # -- looking ----------------------------------------------------------------------------------

    @answers
    async def status(self, project_id: str) -> WorkspaceStatus:
        """The state now; `cold` for a project that never had a workspace."""
        return await self._status(project_id)

    def at_hand(self, project_id: str) -> Guest | None:
        """The guest of a workspace that is running, to look through and not to use: what is asked of it
        does not count, and it may go away meanwhile."""
        entry = self._registry.get(project_id)
        return entry.guest if entry is not None and entry.state in ("live", "idle") else None

    @answers
    async def list(self) -> tuple[WorkspaceStatus, ...]:
        """Every workspace that is at hand or known to the database, by project id."""
        async with within(self._room.deadlines.store_s, "Reading the workspaces"):
            rows = {row.project_id: row for row in await self._room.store.workspaces.list()}
        told = {project_id: of_row(row) for project_id, row in rows.items()}
        for entry in self._registry.entries():
            told[entry.project_id] = of_entry(entry, self._room.clock, rows.get(entry.project_id))
        return tuple(told[project_id] for project_id in sorted(told))

    # -- putting away and bringing back -----------------------------------------------------------

    @answers
    async def archive(
        self, project_id: str, *, keep: bool = False, on_progress: Progress | None = None
    ) -> ArchiveRecord:
        """Archive now; with `keep` the workspace goes on, otherwise it is removed once the archive is
        verified and recorded. `busy` while somebody uses it; cancelling abandons it where possible."""
        with self._room.visit(project_id) as desk:
            refuse_if_used(desk)
            _end_background(desk)
            put_away = PutAway(self._room, desk, keep=keep, on_progress=on_progress)

            async def work() -> ArchiveRecord:
                async with self._turns.alone(desk):
                    return await put_away.run()

            return await self._turns.own(desk, work, f"archive {project_id}", put_away.abandon)

    @answers
    async def restore(
        self, project_id: str, archive_id: str | None = None, *, on_progress: Progress | None = None
    ) -> Restored:
        """Put the workspace back to an archive (None: the newest). What there is stays until the
        restored files are verified, and then goes to the trash. `busy` while somebody uses it."""
        with self._room.visit(project_id) as desk:
            refuse_if_used(desk)
            _end_background(desk)

            async def work() -> Restored:
                async with self._turns.alone(desk):
                    return await bring_back(self._room, desk, archive_id=archive_id, on_progress=on_progress)

            restored = await self._turns.own(desk, work, f"restore {project_id}")
            self._registry.touch(project_id)
            return restored

    @answers
    async def remake(self, project_id: str) -> None:
        """Have the next acquire make another instance on the same files, because the project asks for
        another image now. `busy` while it is used."""
        with self._room.visit(project_id) as desk:
            await self._leave(desk, leave.remake)

    @answers
    async def close(self, project_id: str) -> WorkspaceStatus:
        """Stop the workspace and drop it from the map; its files stay. `busy` while it is used."""
        with self._room.visit(project_id) as desk:
            await self._leave(desk, leave.close)
            return of_entry(desk.entry, self._room.clock)

    @answers
    async def delete(self, project_id: str, *, archives: bool = True) -> None:
        """Remove the workspace and its files (to the trash), and its archives unless they are to stay.
        `busy` while it is used."""
        with self._room.visit(project_id) as desk:
            await self._leave(desk, partial(leave.delete, archives=archives))

    # -- how ---------------------------------------------------------------------------------------

    async def _leave(self, desk: Desk, how: Callable[[Room, Desk], Coroutine[Any, Any, None]]) -> None:
        refuse_if_used(desk)
        if desk.archiving is not None:
            desk.archiving.abandon()

        async def work() -> None:
            async with self._turns.alone(desk):
                await how(self._room, desk)

        await self._turns.own(desk, work, f"leave {desk.project_id}")

    def _upload_later(self, desk: Desk) -> None:
        entry, after_s = desk.entry, self._tiers.upload_after_s
        if after_s is not None and entry.changes != entry.uploaded:
            entry.upload_at = self._room.clock.monotonic() + after_s

    async def _status(self, project_id: str) -> WorkspaceStatus:
        async with within(self._room.deadlines.store_s, "Reading the state of the workspace"):
            row = await self._room.store.workspaces.get(project_id)
        entry = self._registry.get(project_id)
        if entry is not None:
            return of_entry(entry, self._room.clock, row)
        return of_row(row) if row is not None else WorkspaceStatus(project_id, "cold")

    def incident(self) -> str:
        return self._ids.new()

    def left_behind(self, project_id: str) -> tuple[str, ...]:
        entry = self._registry.get(project_id)
        return entry.remains if entry is not None else ()


def _end_background(desk: Desk) -> None:
    """What somebody asks for does not wait for what nobody did."""
    if desk.archiving is not None and desk.archiving.background:
        desk.archiving.abandon()
