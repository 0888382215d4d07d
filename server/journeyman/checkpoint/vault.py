"""The content of a project's files as checkpoints need it: packs of the archive's format, on this machine.

What a pack holds is written in its footer, so nothing else has to be remembered of where things are. A pack
that is damaged counts as not there: then the files it held are read again, or said to be lost.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from journeyman.checkpoint.numbering import Numbering
from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.guest import Room, Take, TreeEntry
from journeyman.ports.objects import ObjectInfo, ObjectStore
from journeyman.workspace.archive import layout, tree
from journeyman.workspace.archive.chunker import CHUNKER
from journeyman.workspace.archive.collect import Collector, Reads
from journeyman.workspace.archive.frames import FrameSource
from journeyman.workspace.archive.limits import LIMITS
from journeyman.workspace.archive.model import FORMAT_VERSION, Manifest, Summary
from journeyman.workspace.archive.outcomes import ArchiveProgress
from journeyman.workspace.archive.packs import (
    TAIL_BYTES,
    Content,
    Index,
    PackSpot,
    Spot,
    footer_bytes,
    index_in,
)
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.workers import Workers

log = logging.getLogger(__name__)

LIKELY_FOOTER_BYTES = 16 * 1024


def quiet(_: ArchiveProgress) -> None:
    """Nobody watches."""


class Vault:
    def __init__(self, objects: ObjectStore, workers: Workers, project_id: str) -> None:
        self._objects = objects
        self.workers = workers
        self._project_id = project_id
        self._catalog: dict[bytes, Spot] | None = None

    async def open(self) -> None:
        """Learn what is here. Once is enough; after a failed `keep` it is done again."""
        if self._catalog is None:
            catalog: dict[bytes, Spot] = {}
            for _, index in await self.packs():
                for _, chunks in index:
                    catalog.update(chunks)
            self._catalog = catalog

    async def packs(self) -> list[tuple[ObjectInfo, Index]]:
        found: list[tuple[ObjectInfo, Index]] = []
        prefix = layout.pack_key(self._project_id, "")
        async for info in self._objects.list(prefix):
            try:
                found.append((info, await self._index(info, info.key.removeprefix(prefix))))
            except MalformedError as error:
                log.warning("the pack %s is left out: %s", info.key, error)
        return found

    async def _index(self, info: ObjectInfo, name: str) -> Index:
        size = info.size
        begin = max(0, size - LIKELY_FOOTER_BYTES)
        data = await self._objects.read(info.key, offset=begin, length=size - begin)
        length = footer_bytes(data[-TAIL_BYTES:], size)
        if length + TAIL_BYTES > len(data):
            begin = size - length - TAIL_BYTES
            data = await self._objects.read(info.key, offset=begin, length=length + TAIL_BYTES)
        footer = data[-TAIL_BYTES - length : -TAIL_BYTES]
        return await self.workers.run(lambda: index_in(footer, PackSpot(name, size)))

    def holds(self, ids: Iterable[bytes]) -> bool:
        catalog = self._catalog
        return catalog is not None and all(ident in catalog for ident in ids)

    async def keep(self, guest: Reads, entries: Sequence[TreeEntry]) -> dict[bytes, Content]:
        """Read these files and keep what they hold; one that could not be read, or changed meanwhile, is
        left out of the answer."""
        if not entries:
            return {}
        await self.open()
        assert self._catalog is not None
        collector = Collector(
            self._objects,
            self.workers,
            self._project_id,
            self._project_id,
            self._catalog,
            {},
            LIMITS,
            quiet,
        )
        try:
            await collector.collect(guest, entries)
        except BaseException:  # the catalog names packs that were never stored
            self._catalog = None
            raise
        reach("checkpoint.content_kept")
        contents = ((entry.path, collector.content(entry)) for entry in entries)
        return {path: content for path, content in contents if content is not None}

    async def keep_made(self, made: Mapping[bytes, bytes]) -> dict[bytes, Content]:
        """Keep what no file holds yet, by path."""
        entries = [
            TreeEntry(path, "file", len(made[path]), 0, 0, 0, 0, 1) for path in sorted(made, key=tree.order)
        ]
        return await self.keep(_Made(made, self.workers), entries)

    async def read(self, ids: Sequence[bytes]) -> AsyncIterator[bytes]:
        """These chunks, in order. Raises `archive_corrupt` where one is not here or damaged."""
        async for chunk in self.reader([ids]).read(ids):
            yield chunk

    def reader(self, wanted: Iterable[Sequence[bytes]]) -> Reader:
        """For many files, one after the other: what they have in common is read once."""
        assert self._catalog is not None, "the vault is open"
        return Reader(self._objects, self.workers, self._project_id, self._catalog, wanted)


class _Made:
    """As a guest would send it."""

    def __init__(self, made: Mapping[bytes, bytes], workers: Workers) -> None:
        self._made = made
        self._workers = workers

    async def feed(
        self, paths: Sequence[bytes], take: Take, root: str = "/workspace", room: Room | None = None
    ) -> AsyncGenerator[None, None]:
        for path in paths:
            await self._workers.run(lambda path=path: take(path, self._made[path], True, None))
            yield


class Reader:
    def __init__(
        self,
        objects: ObjectStore,
        workers: Workers,
        project_id: str,
        catalog: dict[bytes, Spot],
        wanted: Iterable[Sequence[bytes]],
    ) -> None:
        self._numbering = Numbering(catalog)
        self._catalog = catalog
        for ids in wanted:
            for ident in ids:
                if ident in catalog:
                    self._numbering.number(ident)
        manifest = _manifest(project_id, self._numbering)
        self._source = FrameSource(objects, workers, manifest, LIMITS)

    async def read(self, ids: Sequence[bytes]) -> AsyncIterator[bytes]:
        if not all(ident in self._catalog for ident in ids):
            raise Failure(
                "archive_corrupt",
                "What a checkpoint kept of a file is not there any more.",
                hint="Take another checkpoint.",
            )
        numbers = [self._numbering.number(ident) for ident in ids]
        for window in self._source.windows(numbers):
            chunks = await self._source.fetch(window)
            for number in window:
                yield bytes(chunks[number])


def _manifest(project_id: str, numbering: Numbering) -> Manifest:
    """Just the tables, which is all that reading needs."""
    summary = Summary(
        FORMAT_VERSION, "", "", project_id, 0, 0, None, datetime.fromtimestamp(0, UTC), b"", 0, 0, 0, 0
    )
    return Manifest(summary, CHUNKER, numbering.packs, numbering.frames, numbering.chunks, (), ())
