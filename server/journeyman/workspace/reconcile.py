"""Bringing memory, database, sandbox and disk back together when the daemon starts.

Every project any of them knows is settled on its own; one that cannot be is kept as it is and reported.
What holds unarchived data is adopted into the map, so that it will be archived when its time is up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from journeyman.records import WorkspaceRow, WorkspaceState
from journeyman.workspace.deadlines import within
from journeyman.workspace.errors import WorkspaceError, explain
from journeyman.workspace.facts import Facts
from journeyman.workspace.room import Desk, Room
from journeyman.workspace.settle import gather, resting_state, settle

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Projects settled at the same time."""
AT_REST: frozenset[WorkspaceState] = frozenset({"cold", "warm", "archived"})


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a start found, as project ids; `problems` says what could not be settled and was kept."""

    adopted: tuple[str, ...] = ()
    at_rest: tuple[str, ...] = ()
    problems: tuple[tuple[str, WorkspaceError], ...] = ()


async def reconcile(room: Room, *, incident: Callable[[], str]) -> Reconciled:
    async with within(room.deadlines.store_s, "Reading the workspaces"):
        rows = {row.project_id: row for row in await room.store.workspaces.list()}
    projects = {instance.project_id for instance in await room.machine.instances()}
    projects |= set(await room.machine.projects_with_files())
    projects |= {row.project_id for row in rows.values() if row.journal or row.state not in AT_REST}

    adopted: list[str] = []
    at_rest: list[str] = []
    problems: list[tuple[str, WorkspaceError]] = []
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(project_id: str) -> None:
        async with gate:
            try:
                found = await _one(room, project_id, rows.get(project_id))
            except Exception as error:  # noqa: BLE001 - one project must not keep the others from starting
                problem = explain(error, incident=incident)
                log.warning("project %s is kept as it is: %s", project_id, problem.message)
                _adopt(room, project_id, None, message=problem.message)
                problems.append((project_id, problem))
            else:
                (adopted if found else at_rest).append(project_id)

    async with asyncio.TaskGroup() as group:
        for project_id in sorted(projects):
            group.create_task(one(project_id))
    return Reconciled(tuple(sorted(adopted)), tuple(sorted(at_rest)), tuple(sorted(problems, key=str)))


async def _one(room: Room, project_id: str, row: WorkspaceRow | None) -> bool:
    """Whether the project has something that must be watched over."""
    closed = row is not None and row.state == "cold" and row.journal is None
    facts = await gather(room.machine, project_id, row)
    stale = row is not None and not closed and row.state != resting_state(facts)
    if facts.unsettled or stale:
        ledger = await room.leases.take(project_id, "close")
        try:
            facts = await settle(room.machine, room.removal, ledger)
            if facts.row is not None and facts.row.state != resting_state(facts):
                await ledger.write(state=resting_state(facts))
        finally:
            await room.leases.give_back(ledger)
    if facts.live is None or closed or facts.shelved:
        return False
    _adopt(room, project_id, facts)
    return True


def _adopt(room: Room, project_id: str, facts: Facts | None, *, message: str | None = None) -> None:
    with room.visit(project_id) as desk:
        if facts is not None:
            instance = facts.instance
            desk.entry.generation = facts.live or 0
            if instance is not None and instance.state == "paused":
                desk.entry.instance = instance
                room.change(desk.entry, "frozen")
            else:
                room.change(desk.entry, "idle")
        else:
            room.change(desk.entry, "failed", message=message)


async def tidy(room: Room, desk: Desk) -> None:
    """Clear what a failed restore left over, with the desk locked and nobody using the project."""
    ledger = await room.leases.take(desk.project_id, "close")
    try:
        facts = await settle(room.machine, room.removal, ledger)
    finally:
        await room.leases.give_back(ledger)
    desk.entry.tidy_at = None
    if facts.live is None or facts.shelved:
        desk.entry.generation = 0
        room.change(desk.entry, resting_state(facts))
