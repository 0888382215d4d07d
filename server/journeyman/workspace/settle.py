"""Finishing what an earlier step, or an earlier life of the daemon, began.

One function for acquire, restore, the sweeper and the start: read the facts under the lease, finish what
was decided (`delete`, `shelve`, `swap`, `forget`), void what was not (an archive or a restore half way),
clear what is left over. Doing it twice does no more than doing it once.
"""

from __future__ import annotations

import logging

from journeyman.records import WorkspaceRow, WorkspaceState
from journeyman.workspace.facts import Facts
from journeyman.workspace.ledger import ARCHIVED, DELETIONS, Ledger
from journeyman.workspace.machine import Machine, staging_name
from journeyman.workspace.removal import Removal

log = logging.getLogger(__name__)


async def gather(machine: Machine, project_id: str, row: WorkspaceRow | None) -> Facts:
    return Facts(
        row=row,
        main=await machine.find(project_id),
        staging=await machine.find(staging_name(project_id)),
        generations=await machine.generations(project_id),
    )


async def settle(machine: Machine, removal: Removal, ledger: Ledger) -> Facts:
    """The facts once nothing is half done any more. A failure means that everything is kept."""
    project_id = ledger.row.project_id
    facts = await gather(machine, project_id, ledger.row)
    if not facts.unsettled:
        return facts
    if facts.journal in ARCHIVED:
        if (kept := await removal.after_archive(ledger)) is not None:
            log.warning("keeping the archived workspace of project %s: %s", project_id, kept.message)
    elif facts.journal in DELETIONS:
        await removal.forgotten(ledger)
        await ledger.delete()
        return Facts(None, None, None, ())
    else:
        await removal.leftovers(facts, project_id)
        instance = facts.instance
        await ledger.write(
            state=resting_state(facts),
            journal=None,
            generation=facts.live or 0,
            instance_id=instance.id if instance else None,
        )
    return await gather(machine, project_id, ledger.row)


def resting_state(facts: Facts) -> WorkspaceState:
    """The state of a project nobody uses, from what exists of it."""
    if facts.live is not None:
        return "warm" if facts.shelved else "idle"
    return "archived" if facts.row is not None and facts.row.archive_id is not None else "cold"
