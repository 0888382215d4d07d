"""Getting a workspace: the ways there are, in order, the first that works.

Map hit (thawed where it was frozen), running instance, stopped instance (or files without one), restore
of the newest archive, new.
A step that fails leaves what it made where it is; the next attempt, or the sweeper, finds and clears it.
An empty workspace is only ever made when it is certain that there is no archive.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import Acquired, Instance, InstanceState, Workspace
from journeyman.workspace.deadlines import within
from journeyman.workspace.facts import Facts
from journeyman.workspace.ledger import DELETIONS, Ledger
from journeyman.workspace.quota import said
from journeyman.workspace.registry import Entry
from journeyman.workspace.room import Desk, Room
from journeyman.workspace.settle import settle

log = logging.getLogger(__name__)

FIRST_EPOCH = 1

WAYS: dict[InstanceState, Acquired] = {
    "created": "stopped",
    "running": "running",
    "paused": "thawed",
    "stopped": "stopped",
}

UNREACHABLE: frozenset[str] = frozenset({"workspace_failed", "timeout"})
"""Failures of an instance that a restart or a new instance on the same files may heal."""


async def get(room: Room, desk: Desk, ledger: Ledger) -> Workspace:
    """The workspace of a project whose lease is held, in state `live`. Raises; the desk is locked."""
    entry = desk.entry
    acquired: Acquired
    frozen = entry.state == "frozen"
    if await at_hand(room, entry):
        acquired = "thawed" if frozen else "map"
    else:
        await let_go_of_guest(room, entry)
        acquired = await _open(room, entry, ledger)
    instance, guest = entry.instance, entry.guest
    if instance is None or guest is None:
        raise AssertionError("a workspace was opened without instance or guest")
    row = ledger.row
    known = row.state in ("live", "idle") and row.journal is None and row.instance_id == instance.id
    if acquired != "map" or not known:  # a map hit costs no COMMIT but the lease's
        await ledger.write(
            state="live",
            instance_id=instance.id,
            generation=entry.generation,
            journal=None,
            last_used_at=room.clock.now(),
        )
    entry.acquired = acquired
    entry.changes += 1
    entry.freezable = True
    room.change(entry, "live")
    guest.guard_writes(partial(room.quotas.allow, desk.project_id))
    near = entry.usage is not None and entry.quota.level(entry.usage) != "ok"
    note = said(entry.quota, entry.usage) if near and entry.usage is not None else ""
    return Workspace(desk.project_id, instance, guest, acquired, note=note)


async def at_hand(room: Room, entry: Entry) -> bool:
    """Whether the connection the map holds answers, once a frozen workspace is thawed."""
    if entry.guest is None or entry.tidy_at is not None:
        return False
    return await thaw(room, entry) and await room.machine.alive(entry.guest)


async def thaw(room: Room, entry: Entry) -> bool:
    """Let a frozen workspace go on. False: its instance does not; it is looked up afresh then."""
    if entry.state != "frozen" or entry.instance is None:
        return True
    try:
        await room.machine.resume(entry.instance)
    except Failure as failure:
        log.warning("instance %s cannot be thawed: %s", entry.instance.id, failure.message)
        return False
    return True


async def let_go_of_guest(room: Room, entry: Entry) -> None:
    """Forget the connection the map holds; what it led to is looked up afresh next time."""
    guest, entry.guest, entry.instance = entry.guest, None, None
    await room.machine.hang_up(guest)


async def _open(room: Room, entry: Entry, ledger: Ledger) -> Acquired:
    if ledger.row.journal in DELETIONS:
        raise Failure(
            "not_found",
            "The project was deleted; its workspace is being removed.",
            hint="Create a new project.",
        )
    facts = await settle(room.machine, room.removal, ledger)
    entry.tidy_at = None
    if facts.shelved:  # from here on the files may differ from the archive
        await ledger.write(state="idle")
    if facts.live is not None:
        return await reopen(room, entry, facts, epoch=ledger.epoch)
    if ledger.row.generation:
        log.warning("the files of project %s are not on this machine any more", entry.project_id)
    archive = await _newest_archive(room, entry.project_id, first=ledger.epoch == FIRST_EPOCH)
    if archive is not None:
        await _restore(room, entry, ledger, archive)
        return "restored"
    await _create(room, entry, ledger)
    return "created"


@dataclass(frozen=True, slots=True)
class _Archive:
    """What is brought back. `id` is None for what the store's pointer names."""

    id: str | None
    bytes: int


async def _newest_archive(room: Room, project_id: str, *, first: bool) -> _Archive | None:
    """The newest archive of the project; None when it is certain that there is none. The store's pointer
    says which, unless it fell behind what was recorded: then the recorded one is asked for by its id. A
    store that does not answer is no reason to refuse a project its first workspace: nothing of it can
    have been archived."""
    async with within(room.deadlines.store_s, "Reading the archives' records"):
        recorded = await room.store.archives.newest(project_id)
    try:
        async with within(room.deadlines.pointer_s, "Asking for the newest archive"):
            named = await room.engine.newest(project_id)
    except Failure as failure:
        if not first or recorded is not None:
            raise
        log.warning("opening a first workspace although the store does not answer: %s", failure.message)
        return None
    if recorded is None:
        return None if named is None else _Archive(None, named.bytes)
    if named is None:
        raise Failure(
            "archive_failed",
            "This project has an archive, but the object storage in use does not hold it.",
            hint="Point `objects` at the storage the archive is in, then try again.",
        )
    if recorded.seq > named.seq:
        log.warning("the store names archive %s of %s, not %s", named.archive_id, project_id, recorded.id)
        return _Archive(recorded.id, recorded.bytes)
    return _Archive(None, named.bytes)


async def reopen(room: Room, entry: Entry, facts: Facts, *, epoch: int) -> Acquired:
    """Connect to the files that are on this machine: through the instance that runs, the one that is
    stopped, or, where neither can be reached, a new one on the same files."""
    live, instance = facts.live, facts.instance
    if live is None:
        raise Failure("not_found", "The workspace has no files on this machine.")
    entry.generation = live
    if instance is not None:
        if (guest := await _reach(room, instance)) is not None:
            _hold(entry, instance, live, guest)
            return WAYS[instance.state]
        await room.removal.unreachable(instance, facts)
    instance = await room.machine.create(entry.project_id, live, epoch=epoch)
    entry.instance = instance
    _hold(entry, instance, live, await room.machine.reach(instance))
    return "stopped"


async def _reach(room: Room, instance: Instance) -> Guest | None:
    for connect in (room.machine.reach, room.machine.restart):
        try:
            return await connect(instance)
        except Failure as failure:
            if failure.kind not in UNREACHABLE:
                raise
            log.warning("instance %s cannot be reached: %s", instance.id, failure.message)
    return None


async def _restore(room: Room, entry: Entry, ledger: Ledger, archive: _Archive) -> None:
    room.change(entry, "restoring")
    await ledger.write(state="restoring")
    entry.tidy_at = room.clock.monotonic()  # until the directory is complete, all of it is left over
    generation, files = await room.machine.prepare(entry.project_id, needed=archive.bytes)
    reach("restore.directory_made")
    instance = await room.machine.create(entry.project_id, generation, epoch=ledger.epoch, files=files)
    reach("restore.instance_made")
    guest = await room.machine.reach(instance)
    try:
        async with within(room.deadlines.archive_s, "Restoring the archive"):
            await room.engine.restore(entry.project_id, guest, archive_id=archive.id, generation=generation)
        await room.machine.commit(entry.project_id, generation)
        reach("restore.directory_complete")
    except BaseException as error:  # half a workspace is left behind by nobody, cancelled or not
        await room.machine.hang_up(guest)
        if isinstance(error, Failure) and error.kind == "not_found" and archive.id is not None:
            raise _fell_behind() from error
        raise
    entry.tidy_at = None
    _hold(entry, instance, generation, guest)


async def _create(room: Room, entry: Entry, ledger: Ledger) -> None:
    room.change(entry, "creating")
    await ledger.write(state="creating")
    generation, files = await room.machine.prepare(entry.project_id)
    reach("create.directory_made")
    await room.machine.commit(entry.project_id, generation)
    reach("create.directory_complete")
    instance = await room.machine.create(entry.project_id, generation, epoch=ledger.epoch, files=files)
    entry.instance, entry.generation = instance, generation
    reach("create.instance_made")
    _hold(entry, instance, generation, await room.machine.reach(instance))


def _hold(entry: Entry, instance: Instance, generation: int, guest: Guest) -> None:
    entry.instance, entry.generation, entry.guest = instance, generation, guest


def _fell_behind() -> Failure:
    return Failure(
        "archive_failed",
        "The object storage names an older archive than the newest one recorded, and does not hold that one.",
        hint="Point `objects` at the storage the archive is in, or restore an older one by its id.",
    )
