"""Looking an archive over: is everything there, and (with `read_data`) is every byte what it was?"""

from __future__ import annotations

import asyncio

from blake3 import blake3

from journeyman.failures import Failure
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import layout, packs
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.load import find, load_manifest
from journeyman.workspace.archive.model import Chunk, Manifest, Pack
from journeyman.workspace.archive.outcomes import VerifyReport
from journeyman.workspace.archive.pins import Pins
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.workers import Workers, task_group
from journeyman.workspace.archive.zstd import decompress

LOOKS_AT_ONCE = 8
READS_AT_ONCE = 1


async def verify(
    objects: ObjectStore,
    workers: Workers,
    project_id: str,
    archive_id: str | None,
    limits: Limits,
    *,
    read_data: bool,
) -> VerifyReport:
    """Damage is reported, never raised; a store that does not answer, or no such archive, is raised."""
    try:
        key, digest = await find(objects, project_id, archive_id)
        manifest = await load_manifest(objects, workers, project_id, key, limits, digest=digest)
    except Failure as failure:
        if failure.kind != "archive_corrupt":
            raise
        return VerifyReport(archive_id or "", False, 0, 0, (failure.message,))
    check = _Check(objects, workers, manifest, limits)
    await check.run(read_data=read_data)
    problems = tuple(sorted(check.problems))
    return VerifyReport(
        manifest.summary.archive_id, not problems, len(manifest.packs), check.bytes_read, problems
    )


class _Check:
    def __init__(self, objects: ObjectStore, workers: Workers, manifest: Manifest, limits: Limits) -> None:
        self._objects = objects
        self._workers = workers
        self._manifest = manifest
        self._limits = limits
        self._key = layout.content_key(manifest.content_project)
        self._held: dict[str, frozenset[str]] = {}
        """What other projects keep for this one."""
        self._needed: dict[int, dict[int, list[Chunk]]] = {}
        """Chunks by pack and frame."""
        for chunk in manifest.chunks:
            pack = self._needed.setdefault(manifest.frames[chunk.frame].pack, {})
            pack.setdefault(chunk.frame, []).append(chunk)
        self.problems: list[str] = []
        self.bytes_read = 0

    async def run(self, *, read_data: bool) -> None:
        pins, project_id = Pins(self._objects), self._manifest.summary.project_id
        for owner in {pack.owner for pack in self._manifest.packs if pack.owner is not None}:
            self._held[owner] = await pins.held(owner, project_id)
        slots = asyncio.Semaphore(READS_AT_ONCE if read_data else LOOKS_AT_ONCE)
        async with task_group() as group:
            for number, pack in enumerate(self._manifest.packs):
                await slots.acquire()
                group.create_task(self._pack(number, pack, slots, read_data=read_data))

    async def _pack(self, number: int, pack: Pack, slots: asyncio.Semaphore, *, read_data: bool) -> None:
        key = layout.stored_at(self._manifest.summary.project_id, pack.ref)
        if pack.owner is not None and pack.name not in self._held[pack.owner]:
            self.problems.append(f"Nothing keeps the pack {pack.name} of project {pack.owner} there.")
        try:
            info = await self._objects.head(key)
            if info is None:
                self.problems.append(f"The pack {pack.name} is not there.")
            elif info.size != pack.size:
                self.problems.append(f"The pack {pack.name} has {info.size} bytes, not {pack.size}.")
            elif read_data:
                data = await self._objects.read(key)
                self.bytes_read += len(data)
                self.problems += await self._workers.run(lambda: self._content(number, pack, data))
        except Failure as failure:
            if failure.kind not in ("archive_corrupt", "not_found"):
                raise
            self.problems.append(failure.message)
        finally:
            slots.release()

    def _content(self, number: int, pack: Pack, data: bytes) -> list[str]:
        if blake3(data).hexdigest() != pack.name[:64]:
            return [f"The content of the pack {pack.name} is not what was put there."]
        try:
            packs.read_index(data, self._limits)
            for frame_number, chunks in self._needed.get(number, {}).items():
                self._frame(frame_number, chunks, data)
        except MalformedError as error:
            return [f"The pack {pack.name} is damaged: {error}."]
        return []

    def _frame(self, number: int, chunks: list[Chunk], data: bytes) -> None:
        frame = self._manifest.frames[number]
        stored = data[frame.offset : frame.offset + frame.stored]
        content = decompress(stored, self._limits.frame_bytes, self._limits.window_bytes, exactly=frame.raw)
        for chunk in chunks:
            part = content[chunk.offset : chunk.offset + chunk.length]
            if blake3(part, key=self._key).digest() != chunk.id:
                raise MalformedError("a chunk does not match its hash")
