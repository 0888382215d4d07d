"""Making one archive: steps 3 to 7 of the commit protocol. Deletes nothing, whatever happens.

    3 scan, upload packs the store does not have     -> journal packs_uploaded
    4 look at every pack; new ones were read back    -> journal packs_verified
    5 scan again; anything moved: back to 3          -> journal tree_unmoved
    6 put the manifest, read it back                 -> journal manifest_verified
    7 compare-and-swap HEAD                          -> journal pointer_moved

Everything up to 6 can be cancelled and repeated; 7 runs to its end once it began. Steps 3 to 5 are in
`settling`. A tree that is just as HEAD's archive left it gets that archive's manifest under a new summary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from blake3 import blake3

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.clock import Clock
from journeyman.ports.guest import Guest
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import checks, codec, layout, pointer, tree
from journeyman.workspace.archive.assemble import Tables, assemble
from journeyman.workspace.archive.collect import Collector
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.load import load_manifest
from journeyman.workspace.archive.model import FORMAT_VERSION, Manifest, Summary
from journeyman.workspace.archive.outcomes import ArchiveOutcome, ArchiveProgress, Journal, OnProgress
from journeyman.workspace.archive.publish import head_for, outcome_of, put_manifest, tool
from journeyman.workspace.archive.scanning import Scan, too_much
from journeyman.workspace.archive.settling import Settling, racy
from journeyman.workspace.archive.statcache import Remembered, StatCache
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.workers import Workers, to_the_end

LIVE_RACY_NS = 45_000_000_000
"""Where processes still run, one may write through a mapping that is dirty already, which sets no time until
the kernel has written the page back (within 35 s). Files changed this shortly ago are not remembered."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be archived."""

    project_id: str
    archive_id: str
    epoch: int
    journal: Journal
    on_progress: OnProgress
    generation: int = 0
    """Of the files, for the stat cache; 0: use none."""
    live: bool = False
    """Processes may be running meanwhile."""


class Commit:
    """One archive in the making."""

    def __init__(
        self,
        objects: ObjectStore,
        workers: Workers,
        clock: Clock,
        limits: Limits,
        cache: StatCache,
        guest: Guest,
        order: Order,
    ) -> None:
        self._objects = objects
        self._workers = workers
        self._clock = clock
        self._limits = limits
        self._cache = cache
        self._order = order
        self._guest = guest
        self._started_ns = int(clock.now().timestamp() * 1e9)
        self._settling = Settling(
            objects, workers, limits, guest, order.project_id, order.journal, order.on_progress
        )

    async def run(self) -> ArchiveOutcome:
        order = self._order
        found = await pointer.read(self._objects, order.project_id)
        head, etag = found if found is not None else (None, None)
        if head is not None and head.epoch > order.epoch:
            raise pointer.fenced(order.project_id)
        if head is None:
            await self._refuse_to_be_read_by_all()
            await self._objects.delete(layout.gone_key(order.project_id))
        remembered = await self._workers.run(lambda: self._cache.read(order.project_id, order.generation))
        first: Scan | None = None
        if head is not None and remembered is not None:
            data, first = await self._same_again(head, remembered)
            if data is not None:
                return await self._conclude(data, remembered.skipped, etag, self._renew)
        tables = remembered.tables if remembered is not None else await self._tables(head)
        collector = Collector(
            self._objects,
            self._workers,
            order.project_id,
            tables.content_project if tables is not None else order.project_id,
            tables.catalog() if tables is not None else {},
            await self._workers.run(remembered.known) if remembered is not None else {},
            self._limits,
            order.on_progress,
        )
        seen = await self._settling.settle(collector, self._started_ns, first)
        manifest = await self._workers.run(lambda: self._manifest(collector, seen, head))
        data = await self._workers.run(lambda: self._encode(manifest))

        def remember(digest: bytes) -> None:
            self._remember(seen, collector, manifest, digest)

        return await self._conclude(data, manifest.skipped, etag, remember)

    async def _refuse_to_be_read_by_all(self) -> None:
        """Whoever encrypts a store does not see this object, and who sees it forgot to."""
        if await self._objects.head(layout.SEALED) is not None:
            raise pointer.encrypted(self._order.project_id)

    async def _same_again(
        self, head: pointer.Head, remembered: Remembered
    ) -> tuple[bytes | None, Scan | None]:
        """HEAD's own manifest for this archive, where the tree is exactly what HEAD's archive holds;
        otherwise what was seen of the tree, if that can be used."""
        if remembered.manifest_digest != head.manifest_digest or remembered.racy:
            return None, None
        data = await self._objects.read(head.manifest_key)
        if blake3(data).digest() != head.manifest_digest:
            return None, None
        since_ns = remembered.newest_ns
        same, seen = await self._settling.unmoved(remembered.records, remembered.packs, since_ns)
        if not same:
            return None, await self._workers.run(lambda: seen.completed(remembered.entries, since_ns))
        summary = replace(self._summary(head), **_counted(codec.decode_summary(data)))
        return codec.with_summary(data, summary, layout.content_key(self._order.project_id)), seen

    async def _tables(self, head: pointer.Head | None) -> Tables | None:
        """Where the newest archive has its chunks, to reuse them. An archive that cannot be read is no
        reason not to make a whole new one."""
        if head is None:
            return None
        try:
            manifest = await load_manifest(
                self._objects,
                self._workers,
                self._order.project_id,
                head.manifest_key,
                self._limits,
                digest=head.manifest_digest,
            )
        except Failure as failure:
            if failure.kind in ("archive_corrupt", "not_found"):
                return None
            raise
        return Tables(manifest.packs, manifest.frames, manifest.chunks, manifest.content_project)

    def _summary(self, head: pointer.Head | None) -> Summary:
        """Without what is counted."""
        return Summary(
            version=FORMAT_VERSION,
            tool=tool(),
            archive_id=self._order.archive_id,
            project_id=self._order.project_id,
            seq=head.seq + 1 if head is not None else 1,
            epoch=self._order.epoch,
            parent=head.archive_id if head is not None else None,
            created_at=self._clock.now(),
            root=b"",
            entries=0,
            files=0,
            bytes=0,
            new_bytes=0,
        )

    def _manifest(self, collector: Collector, seen: Scan, head: pointer.Head | None) -> Manifest:
        built = tree.build(seen.entries)
        contents = {
            entry.path: content for entry in seen.files if (content := collector.content(entry)) is not None
        }
        skipped = built.skipped[: self._limits.skipped]
        if more := len(built.skipped) - len(skipped):
            skipped += (f"and {more} more",)
        new_bytes = sum(pack.size for pack in collector.new_packs.values())
        summary = replace(self._summary(head), new_bytes=new_bytes)
        return assemble(summary, built.nodes, contents, collector.catalog, skipped, collector.content_project)

    def _encode(self, manifest: Manifest) -> bytes:
        """Never stores what a restore would refuse."""
        try:
            checks.check(manifest, self._limits)
        except MalformedError as error:
            raise too_much(str(error)) from error
        return codec.encode(manifest, layout.content_key(self._order.project_id))

    async def _conclude(
        self, data: bytes, skipped: tuple[str, ...], etag: str | None, remember: Callable[[bytes], None]
    ) -> ArchiveOutcome:
        """Steps 6 and 7."""
        order, summary = self._order, codec.decode_summary(data)
        order.on_progress(
            ArchiveProgress("commit", summary.files, summary.files, summary.bytes, summary.bytes)
        )
        key = layout.manifest_key(order.project_id, summary.seq, order.archive_id)
        await put_manifest(self._objects, key, data)
        await order.journal("manifest_verified")
        reach("archive.manifest_verified")
        head = head_for(summary, key, data)

        async def move() -> None:
            await pointer.move(self._objects, head, etag)
            reach("archive.pointer_moved")
            await order.journal("pointer_moved")
            reach("archive.pointer_journalled")
            await self._workers.run(lambda: remember(head.manifest_digest))

        await to_the_end(move())
        return outcome_of(summary, key, skipped)

    def _remember(self, seen: Scan, collector: Collector, manifest: Manifest, digest: bytes) -> None:
        started_ns, live = self._started_ns, self._order.live
        self._cache.write(
            self._order.project_id,
            self._order.generation,
            seen=seen,
            contents={
                entry.path: content
                for entry in seen.files
                if (content := collector.content(entry)) is not None
            },
            racy=[
                entry.path
                for entry in seen.files
                if racy(entry, started_ns - LIVE_RACY_NS if live else started_ns)
            ],
            manifest=manifest,
            manifest_digest=digest,
        )

    def _renew(self, digest: bytes) -> None:
        self._cache.renew(self._order.project_id, self._order.generation, digest)


def _counted(summary: Summary) -> dict[str, Any]:
    return {name: getattr(summary, name) for name in ("version", "root", "entries", "files", "bytes")}
