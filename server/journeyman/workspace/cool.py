"""From warm to cold: the files of an archived workspace leave this machine.

The archive is looked at again first: it is recorded, the store's pointer names it, its root hash is the
recorded one and every pack is there. A store that does not answer changes nothing. An archive that is not
what it should be makes the files the only copy: they come back into the map, to be archived again.
"""

from __future__ import annotations

import logging

from journeyman.failures import Failure
from journeyman.workspace.deadlines import within
from journeyman.workspace.ledger import DELETE, Ledger
from journeyman.workspace.room import Desk, Room
from journeyman.workspace.settle import settle

log = logging.getLogger(__name__)


async def cool(room: Room, desk: Desk) -> bool:
    """Whether the files went, with the desk locked and nobody using the project."""
    ledger = await room.leases.take(desk.project_id, "close")
    try:
        facts = await settle(room.machine, room.removal, ledger)
        if not facts.shelved:
            return False
        problem = await _problem(room, ledger)
        if problem is None:
            await ledger.write(journal=DELETE)
            kept = await room.removal.after_archive(ledger)
            if kept is None:
                room.change(desk.entry, "archived")
                return True
            problem = kept.message
        log.warning("project %s is archived again: %s", desk.project_id, problem)
        await ledger.write(state="idle", journal=None)
        desk.entry.generation = facts.live or 0
        room.change(desk.entry, "idle", message=problem)
        return False
    finally:
        await room.leases.give_back(ledger)


async def _problem(room: Room, ledger: Ledger) -> str | None:
    """Why the archive is not what the row says; None when it is. Raises when that cannot be told now."""
    project_id, archive_id = ledger.row.project_id, ledger.row.archive_id or ""
    try:
        async with within(room.deadlines.store_s, "Reading the archive's record"):
            recorded = await room.store.archives.get(archive_id)
        async with within(room.deadlines.pointer_s, "Asking for the newest archive"):
            newest = await room.engine.newest(project_id)
        if newest is None or (newest.archive_id, newest.digest) != (recorded.id, recorded.digest):
            return "the store does not name the archive that was made"
        async with within(room.deadlines.archive_s, "Looking at the archive"):
            report = await room.engine.verify(project_id, archive_id)
        return None if report.ok else "; ".join(report.problems[:3])
    except Failure as failure:
        if failure.kind in ("not_found", "archive_corrupt"):
            return failure.message
        raise
