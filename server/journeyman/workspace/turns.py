"""Who may work on a project when: one shared attempt to get it, or one piece of work alone.

Both belong to the daemon: a caller that is cancelled leaves, and the work ends by itself or is asked to.
What goes wrong is noted in the map here, so that no state that means "being done" outlives the work.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import Workspace
from journeyman.workspace import acquire
from journeyman.workspace.deadlines import within
from journeyman.workspace.errors import Told, WorkspaceError, explain
from journeyman.workspace.quiet import run_may_begin
from journeyman.workspace.room import Desk, Room
from journeyman.workspace.state import IN_PROGRESS

log = logging.getLogger(__name__)

T = TypeVar("T")

Settling = Callable[[str, Guest], Awaitable[None]]
"""Given a project and its guest before anybody else gets it."""


class Turns:
    def __init__(self, room: Room, *, incident: Callable[[], str], first: Settling) -> None:
        self._room = room
        self._incident = incident
        self._first = first
        self.closing = False

    def refuse_when_closing(self) -> None:
        if self.closing:
            raise Failure(
                "draining", "The daemon is shutting down.", hint="Try again in a moment.", retryable=True
            )

    async def shared(self, desk: Desk, holder: str) -> Workspace | WorkspaceError:
        """Count `holder` in, and join or start the one attempt to get the workspace. Whoever does not
        get it is counted out again."""
        self.refuse_when_closing()
        await run_may_begin(desk, holder, self._room.deadlines.archive_s)
        users = desk.entry.users
        users[holder] += 1
        if desk.archiving is not None:
            desk.archiving.abandon()
        if desk.flight is None:
            desk.flight = self._room.supervisor.start(self._fly(desk), name=f"acquire {desk.project_id}")
        flight = desk.flight
        try:
            got = await asyncio.shield(flight)
        except asyncio.CancelledError:
            users[holder] -= 1
            self.rest_later(desk)
            raise
        if isinstance(got, WorkspaceError):
            users[holder] -= 1
            await self.rest(desk)
        return got

    async def _fly(self, desk: Desk) -> Workspace | WorkspaceError:
        """The shared attempt. It belongs to the daemon: a caller that goes away does not end it."""
        room = self._room
        with room.visit(desk.project_id):
            try:
                async with desk.lock:
                    if desk.ledger is None:
                        desk.ledger = await room.leases.take(desk.project_id, "run")
                    got = await acquire.get(room, desk, desk.ledger)
                    await self._first(desk.project_id, got.guest)
                    return got
            except Exception as error:  # noqa: BLE001 - everybody who waits gets the same value
                return self.failed(desk, error)
            except asyncio.CancelledError:
                self._interrupted(desk)
                raise
            finally:
                desk.flight = None
                self.rest_later(desk)

    @asynccontextmanager
    async def alone(self, desk: Desk) -> AsyncGenerator[None]:
        """The desk, locked, with nobody using the project; what goes wrong is noted in the map."""
        async with desk.lock:
            await self.rest_locked(desk)
            refuse_if_used(desk)
            try:
                yield
            except Exception as error:  # the boundary: the manager answers, and does not raise
                raise Told(self.failed(desk, error)) from error
            except asyncio.CancelledError:
                self._interrupted(desk)
                raise

    async def own(
        self,
        desk: Desk,
        work: Callable[[], Coroutine[Any, Any, T]],
        name: str,
        abandon: Callable[[], None] | None = None,
    ) -> T:
        """Run `work` as a task of the daemon. A caller that is cancelled asks it to stop and leaves the
        clearing up to it."""
        self.refuse_when_closing()
        outcome: list[T | Exception] = []

        async def caught() -> None:
            try:
                outcome.append(await work())
            except Exception as error:  # noqa: BLE001 - handed to the caller, who waits for it
                outcome.append(error)

        task = self._room.supervisor.start(caught(), name=name)
        desk.work.add(task)
        task.add_done_callback(desk.work.discard)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            (abandon or task.cancel)()
            raise
        if isinstance(answer := outcome[0], Exception):
            raise answer
        return answer

    async def go_on(self, desk: Desk) -> None:
        """Thaw what is frozen, for somebody who holds it and has not acquired it."""
        if desk.entry.state == "frozen":
            async with desk.lock:
                if desk.entry.state == "frozen" and await acquire.thaw(self._room, desk.entry):
                    self._room.change(desk.entry, "idle")

    async def close(self, desk: Desk, *, within_s: float) -> None:
        """Stop what goes on at this desk where that is safe, wait for it, let go of the guest."""
        self.closing = True
        if desk.flight is not None:
            desk.flight.cancel()
        if desk.archiving is not None:
            desk.archiving.abandon()
        else:
            for task in tuple(desk.work):
                task.cancel()
        try:
            async with within(within_s, "Ending the work on the workspace"), desk.lock:
                guest, desk.entry.guest = desk.entry.guest, None
                await self._room.machine.hang_up(guest)
        except Failure as failure:
            log.warning("project %s: %s", desk.project_id, failure.message)

    async def rest(self, desk: Desk) -> None:
        """When nobody uses the workspace any more: idle, the row says so, the lease is given back."""
        if not +desk.entry.users and desk.ledger is not None:
            async with desk.lock:
                await self.rest_locked(desk)

    async def rest_locked(self, desk: Desk) -> None:
        entry, ledger = desk.entry, desk.ledger
        if ledger is None or +entry.users or desk.flight is not None:
            return
        desk.ledger = None
        if entry.state == "live":
            self._room.change(entry, "idle")
        try:
            await ledger.write(state=entry.state, last_used_at=self._room.clock.now())
        finally:
            await self._room.leases.give_back(ledger)

    def rest_later(self, desk: Desk) -> None:
        if desk.ledger is not None and not +desk.entry.users and not self.closing:
            self._room.supervisor.start(self._rest_alone(desk), name=f"rest {desk.project_id}")

    async def _rest_alone(self, desk: Desk) -> None:
        with self._room.visit(desk.project_id):
            try:
                await self.rest(desk)
            except Exception as error:  # noqa: BLE001 - nobody waits; the lease heals at its next use
                self.failed(desk, error)

    def failed(self, desk: Desk, error: Exception) -> WorkspaceError:
        """Note in the map that something did not work; whatever there is stays."""
        told = explain(error, incident=self._incident, left_behind=desk.entry.remains)
        entry = desk.entry
        if told.kind not in ("busy", "cancelled", "not_found"):
            nothing_at_hand = entry.state in IN_PROGRESS or entry.state in ("cold", "archived")
            self._room.change(entry, "failed" if nothing_at_hand else entry.state, message=told.message)
        elif entry.state in IN_PROGRESS:
            self._room.change(entry, "failed", message=told.message)
        return told

    def _interrupted(self, desk: Desk) -> None:
        if desk.entry.state in IN_PROGRESS:
            self._room.change(desk.entry, "failed", message="The work on the workspace was interrupted.")


def refuse_if_used(desk: Desk) -> None:
    if users := sorted(+desk.entry.users):
        raise Failure(
            "busy",
            f"The project is in use ({', '.join(users)}).",
            hint="Wait until the run is over, or cancel it.",
            retryable=True,
        )
