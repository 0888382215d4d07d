"""A new project's first archive that is another project's: one manifest, no byte of a pack copied.

    1 read the manifest of the source            it is whole and may be restored
    2 pin the packs with whoever owns them       from now on they stay (`pins`)
    3 look whether that manifest is still there  then the pins came in time
    4 put the new manifest, read it back         from now on the pins cannot be taken for forgotten ones
    5 look at every pack and pin; create HEAD

Nothing is taken back here: what a failure or the daemon's end leaves, `forget` of the new project removes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import codec, layout, pointer
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.load import corrupt, find, load_manifest
from journeyman.workspace.archive.looking import lost_packs
from journeyman.workspace.archive.model import Manifest, PackRef
from journeyman.workspace.archive.outcomes import ArchiveOutcome
from journeyman.workspace.archive.pins import Pins
from journeyman.workspace.archive.publish import head_for, outcome_of, put_manifest, tool
from journeyman.workspace.archive.workers import Workers


@dataclass(frozen=True, slots=True)
class ForkOrder:
    """Which archive of which project (None: the newest) becomes which archive of which new project."""

    source_id: str
    source_archive_id: str | None
    project_id: str
    archive_id: str
    epoch: int
    created_at: datetime


async def fork(objects: ObjectStore, workers: Workers, limits: Limits, order: ForkOrder) -> ArchiveOutcome:
    """Raises `not_found`, `archive_corrupt`, or what the store raises."""
    key, digest = await find(objects, order.source_id, order.source_archive_id)
    source = await load_manifest(objects, workers, order.source_id, key, limits, digest=digest)
    forked = _forked(source, order)
    sizes = {pack.ref: pack.size for pack in forked.packs}
    pins = Pins(objects)
    for owner, names in sorted(_by_owner(sizes).items()):
        await pins.put(owner, order.project_id, names)
    if await objects.head(key) is None:
        raise Failure(
            "not_found",
            "The archive was removed while it was forked.",
            hint="Fork another archive of the project.",
        )
    own = layout.content_key(order.project_id)
    data = await workers.run(lambda: codec.encode(forked, own))
    new_key = layout.manifest_key(order.project_id, forked.summary.seq, order.archive_id)
    await put_manifest(objects, new_key, data)
    reach("fork.manifest_put")
    if lost := await lost_packs(objects, order.project_id, sizes):
        raise corrupt(key, f"{len(lost)} of its packs are not there")
    reach("fork.checked")
    await pointer.move(objects, head_for(forked.summary, new_key, data), None)
    reach("fork.pointer_moved")
    return outcome_of(forked.summary, new_key, forked.skipped)


def _forked(source: Manifest, order: ForkOrder) -> Manifest:
    summary = replace(
        source.summary,
        tool=tool(),
        project_id=order.project_id,
        archive_id=order.archive_id,
        seq=1,
        epoch=order.epoch,
        parent=None,
        created_at=order.created_at,
        new_bytes=0,
    )
    packs = tuple(replace(pack, owner=pack.owner or order.source_id) for pack in source.packs)
    made = replace(source, summary=summary, packs=packs, content=source.content_project)
    return replace(made, summary=replace(summary, version=made.version))


def _by_owner(refs: dict[PackRef, int]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for owner, name in refs:
        found.setdefault(owner or "", set()).add(name)
    return found
