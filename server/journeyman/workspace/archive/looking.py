"""Whether the packs a manifest needs are where it says, and stay there. Asked of the store each time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import layout
from journeyman.workspace.archive.model import PackRef
from journeyman.workspace.archive.pins import Pins
from journeyman.workspace.archive.workers import task_group

HEADS_AT_ONCE = 8


async def lost_packs(objects: ObjectStore, project_id: str, sizes: Mapping[PackRef, int]) -> set[PackRef]:
    """Those a manifest of this project cannot rely on: they are not there with their size, or belong to
    another project that does not keep them for this one."""
    pins = Pins(objects)
    owners = {owner for owner, _ in sizes if owner is not None}
    held = {owner: await pins.held(owner, project_id) for owner in sorted(owners)}
    lost = {ref for ref in sizes if ref[0] is not None and ref[1] not in held[ref[0]]}
    heads = asyncio.Semaphore(HEADS_AT_ONCE)

    async def look(ref: PackRef) -> None:
        async with heads:
            info = await objects.head(layout.stored_at(project_id, ref))
        if info is None or info.size != sizes[ref]:
            lost.add(ref)

    async with task_group() as group:
        for ref in sorted(sizes.keys() - lost, key=lambda ref: (ref[0] or "", ref[1])):
            group.create_task(look(ref))
    return lost
