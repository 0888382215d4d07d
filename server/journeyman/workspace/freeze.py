"""Freezing an idle workspace: its processes are paused where they are. Thawing is `acquire.thaw`.

The connection to the guest stays and answers nothing meanwhile; whoever needs the workspace thaws it first.
A freeze that fails leaves an idle workspace: whatever was paused by half is resumed by the next acquire.
"""

from __future__ import annotations

import logging

from journeyman.failures import Failure
from journeyman.workspace.room import Desk, Room

log = logging.getLogger(__name__)


async def freeze(room: Room, desk: Desk) -> bool:
    """Pause the workspace, with the desk locked and nobody using it. False: there is nothing to pause."""
    entry = desk.entry
    if entry.state != "idle" or entry.held:
        return False
    entry.freezable = False  # unless it works, not again before the next use
    instance = entry.instance or await room.machine.find(desk.project_id)
    if instance is None or (entry.instance is None and instance.state != "running"):
        return False
    try:
        await room.machine.pause(instance)
    except Failure as failure:
        log.warning("project %s cannot be frozen: %s", desk.project_id, failure.message)
        await room.machine.resume(instance)
        return False
    entry.instance = instance
    room.change(entry, "frozen")
    return True
