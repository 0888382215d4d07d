"""Packs of which little is needed, and packs that are very small, written anew; then the old ones go.

New ones are there before old ones go: a daemon that ends in between leaves some content twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from journeyman.checkpoint.parts import Parts
from journeyman.checkpoint.vault import Vault
from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.workspace.archive import layout
from journeyman.workspace.archive.packs import (
    FRAME_BYTES,
    FrameSpot,
    FullFrame,
    Index,
    Packer,
    PackSpot,
    SealedPack,
)
from journeyman.workspace.archive.zstd import LEVEL, compress_adaptively

SMALL_BYTES = 1024 * 1024
SMALL_PACKS_MAX = 32
"""So many small packs stay as they are."""


async def repack(parts: Parts, project_id: str, needed: Collection[bytes]) -> None:
    vault = parts.vault(project_id)
    found = await vault.packs()
    small = [info.key for info, _ in found if info.size < SMALL_BYTES]
    crowded = set(small) if len(small) > SMALL_PACKS_MAX else set[str]()
    gone: list[str] = []
    moved: list[bytes] = []
    taken: set[bytes] = set()
    for info, index in found:
        here = [ident for ident, _ in _chunks(index) if ident in needed and ident not in taken]
        wanted = sum(length for ident, length in _chunks(index) if ident in needed)
        if here and info.key not in crowded and 2 * wanted >= sum(frame.raw for frame, _ in index):
            taken.update(here)
            continue
        gone.append(info.key)
        moved += here
        taken.update(here)
    written: set[str] = set()
    if moved:
        written = await _write(parts, project_id, vault, moved)
        reach("checkpoint.repacked")
    for key in gone:
        if key not in written:
            await parts.objects.delete(key)


def _chunks(index: Index) -> list[tuple[bytes, int]]:
    return [(ident, spot.length) for _, chunks in index for ident, spot in chunks]


async def _write(parts: Parts, project_id: str, vault: Vault, ids: Sequence[bytes]) -> set[str]:
    """Answers the keys of the packs that hold these chunks now."""
    await vault.open()
    reader = vault.reader([ids])
    packer = Packer()
    raw: list[bytes] = []
    index: list[list[object]] = []
    size = 0
    written: set[str] = set()

    async def frame() -> None:
        full = FullFrame(FrameSpot(PackSpot(), raw=size), b"".join(raw), list(index))
        stored = await parts.workers.run(lambda: compress_adaptively(full.raw, LEVEL))
        if packer.place(full, stored):
            await put(await parts.workers.run(packer.seal))

    async def put(packs: Sequence[SealedPack]) -> None:
        for pack in packs:
            key = layout.pack_key(project_id, pack.spot.name)
            written.add(key)
            try:
                await parts.objects.create(key, pack.data)
            except Failure as failure:
                if failure.kind != "conflict":  # the same pack is there
                    raise

    for ident in ids:
        data = b"".join([chunk async for chunk in reader.read([ident])])
        raw.append(data)
        index.append([ident.hex(), len(data)])
        size += len(data)
        if size >= FRAME_BYTES:
            await frame()
            raw.clear()
            index.clear()
            size = 0
    if index:
        await frame()
    await put(await parts.workers.run(packer.seal))
    return written
