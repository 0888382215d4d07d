"""Leaving a project: closing its workspace (the files stay), or deleting everything of it.

Both run with the desk locked and nobody using the project.
"""

from __future__ import annotations

from journeyman.failpoints import reach
from journeyman.records import WorkspaceState
from journeyman.workspace import acquire
from journeyman.workspace.ledger import FORGET, FORGET_FILES
from journeyman.workspace.room import Desk, Room
from journeyman.workspace.settle import resting_state, settle


async def close(room: Room, desk: Desk) -> None:
    """Stop the instance and drop the project from the map. Its files stay where they are."""
    ledger = await room.leases.take(desk.project_id, "close")
    try:
        await acquire.let_go_of_guest(room, desk.entry)
        facts = await settle(room.machine, room.removal, ledger)
        if facts.instance is not None:
            await room.machine.stop(facts.instance)
        reach("leave.closed")
        # What was put away warm stays that: its files are the archive's.
        state = "cold" if facts.live is not None and not facts.shelved else resting_state(facts)
        await ledger.write(state=state, generation=facts.live or 0)
    finally:
        await room.leases.give_back(ledger)
    _forget_entry(room, desk, state)


async def remake(room: Room, desk: Desk) -> None:
    """Remove the instance; the next acquire makes another on the same files, of the project's image."""
    ledger = await room.leases.take(desk.project_id, "close")
    try:
        await acquire.let_go_of_guest(room, desk.entry)
        facts = await settle(room.machine, room.removal, ledger)
        if facts.instance is not None:
            await room.removal.exchanged(facts.instance, facts)
        await ledger.write(state=resting_state(facts), generation=facts.live or 0, instance_id=None)
    finally:
        await room.leases.give_back(ledger)
    _forget_entry(room, desk, "cold")


async def delete(room: Room, desk: Desk, *, archives: bool) -> None:
    """Remove instance and files, and with `archives` those too, of a project its user deletes. The decision
    is COMMITted first: whatever fails after that is finished by the next call or the next start."""
    ledger = await room.leases.take(desk.project_id, "close")
    try:
        await ledger.write(journal=FORGET if archives else FORGET_FILES)
        reach("delete.decided")
        await acquire.let_go_of_guest(room, desk.entry)
        await settle(room.machine, room.removal, ledger)
    finally:
        await room.leases.give_back(ledger)
    _forget_entry(room, desk, "cold")


def _forget_entry(room: Room, desk: Desk, state: WorkspaceState) -> None:
    entry = desk.entry
    entry.holds.clear()
    entry.generation = 0
    entry.acquired = None
    entry.tidy_at = None
    room.change(entry, state)
