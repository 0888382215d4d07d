"""Making one archive: steps 3 to 7 of the commit protocol. Deletes nothing, whatever happens.

    3 scan, upload packs the store does not have     -> journal packs_uploaded
    4 look at every pack; new ones were read back    -> journal packs_verified
    5 scan again; anything moved: back to 3          -> journal tree_unmoved
    6 put the manifest, read it back                 -> journal manifest_verified
    7 compare-and-swap HEAD                          -> journal pointer_moved

Everything up to 6 can be cancelled and repeated; 7 runs to its end once it began. Steps 3 to 5 are in
`settling`. A tree that is just as HEAD's archive left it gets that archive's manifest under a new summary;
where little changed, what did not is carried over (`amending`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from blake3 import blake3

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.clock import Clock
from journeyman.ports.guest import Guest, TreeEntry
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import checks, codec, layout, pointer, tree
from journeyman.workspace.archive.amended import Amended, amended
from journeyman.workspace.archive.amending import Amendment, amendment
from journeyman.workspace.archive.assemble import Tables, assemble
from journeyman.workspace.archive.collect import Collector
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.load import load_manifest
from journeyman.workspace.archive.model import FORMAT_VERSION, Manifest, Summary
from journeyman.workspace.archive.orders import Order
from journeyman.workspace.archive.outcomes import ArchiveOutcome, ArchiveProgress
from journeyman.workspace.archive.packs import Content, Spot
from journeyman.workspace.archive.publish import head_for, outcome_of, put_manifest, tool
from journeyman.workspace.archive.remembered import Remembered
from journeyman.workspace.archive.scanning import Scan, too_much
from journeyman.workspace.archive.settling import RACY_NS, ROUNDS, Settling, racy
from journeyman.workspace.archive.statcache import StatCache
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.workers import Workers, to_the_end


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
        self._racy_since_ns = order.racy_since_ns(self._started_ns)
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
        change: Amendment | None = None
        if head is not None and remembered is not None and (data := await self._known(head, remembered)):
            same, first = await self._looked(remembered)
            if same:
                data, skipped = self._again(head, data), remembered.note.skipped
                return await self._conclude(data, skipped, etag, self._renew)
            first, change = await self._workers.run(partial(self._changed, remembered, data, first))
        collector = await self._collector(head, remembered, whole=change is None)
        rounds = ROUNDS
        if change is not None and remembered is not None and first is not None:
            collector.expect(change.cuts)
            if await self._settling.stands_still(
                collector, first, change.files, change.packs, self._started_ns
            ):
                return await self._amend(change, collector, head, etag)
            collector.know(await self._workers.run(remembered.known))
            first, rounds = None, ROUNDS - 1
        seen = await self._settling.settle(collector, self._started_ns, first, rounds)
        manifest, told = await self._workers.run(lambda: self._manifest(collector, seen, head))
        data = await self._workers.run(lambda: self._encode(manifest))

        def remember(digest: bytes) -> None:
            self._remember(seen, collector, manifest, told, digest)

        return await self._conclude(data, manifest.skipped, etag, remember)

    async def _collector(
        self, head: pointer.Head | None, remembered: Remembered | None, *, whole: bool
    ) -> Collector:
        """That knows where everything is, and with `whole` also what every file held."""
        known: Mapping[bytes, tuple[TreeEntry, Content]] = {}
        catalog: dict[bytes, Spot] = {}
        content_project = self._order.project_id
        if remembered is not None:
            content_project = remembered.note.content_project
            catalog = await self._workers.run(remembered.columns.catalog)
            known = await self._workers.run(remembered.known) if whole else {}
        elif (tables := await self._tables(head)) is not None:
            content_project = tables.content_project
            catalog = await self._workers.run(tables.catalog)
        return Collector(
            self._objects,
            self._workers,
            self._order.project_id,
            content_project,
            catalog,
            known,
            self._limits,
            self._order.on_progress,
        )

    async def _refuse_to_be_read_by_all(self) -> None:
        """Whoever encrypts a store does not see this object, and who sees it forgot to."""
        if await self._objects.head(layout.SEALED) is not None:
            raise pointer.encrypted(self._order.project_id)

    async def _known(self, head: pointer.Head, remembered: Remembered) -> bytes | None:
        """HEAD's manifest, where that is what the cache was written with."""
        if remembered.manifest_digest != head.manifest_digest:
            return None
        data = await self._objects.read(head.manifest_key)
        return data if blake3(data).digest() == head.manifest_digest else None

    async def _looked(self, remembered: Remembered) -> tuple[bool, Scan]:
        """Whether all is stored and as it was, and the scan, with the attributes of what changed since."""
        columns, since_ns = remembered.columns, remembered.note.newest_ns
        if remembered.racy:
            return False, await self._settling.look(xattrs=True, since_ns=since_ns)
        return await self._settling.unmoved(columns.records, columns.packs, since_ns)

    def _again(self, head: pointer.Head, data: bytes) -> bytes:
        """HEAD's own manifest for this archive."""
        summary = replace(self._summary(head), **_counted(codec.decode_summary(data)))
        return codec.with_summary(data, summary, layout.content_key(self._order.project_id))

    def _changed(
        self, remembered: Remembered, data: bytes, seen: Scan
    ) -> tuple[Scan | None, Amendment | None]:
        """What can be carried over of the archive with the manifest `data`; where nothing can, what was seen
        of the tree, if that can be used."""
        calm_before_ns = self._racy_since_ns - RACY_NS
        change = amendment(remembered, data, seen, calm_before_ns, self._limits)
        if change is not None:
            return seen, change
        return seen.completed(remembered.entries, remembered.note.newest_ns), None

    async def _amend(
        self, change: Amendment, collector: Collector, head: pointer.Head | None, etag: str | None
    ) -> ArchiveOutcome:
        contents = _contents(collector, change.files)
        again = self._racy(change.files)
        base = replace(self._summary(head), new_bytes=_added(collector))

        def make() -> tuple[Amended, bytes]:
            try:
                made = amended(change, base, contents, collector.catalog, again, self._limits)
            except MalformedError as error:
                raise too_much(str(error)) from error
            return made, codec.with_body(made.summary, made.body, layout.content_key(base.project_id))

        made, data = await self._workers.run(make)

        def remember(digest: bytes) -> None:
            self._cache.put(base.project_id, self._order.generation, made.columns, made.note, digest)

        return await self._conclude(data, (), etag, remember)

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

    def _manifest(
        self, collector: Collector, seen: Scan, head: pointer.Head | None
    ) -> tuple[Manifest, list[bytes]]:
        built = tree.build(seen.entries)
        contents = _contents(collector, seen.files)
        skipped = built.skipped[: self._limits.skipped]
        if more := len(built.skipped) - len(skipped):
            skipped += (f"and {more} more",)
        summary = replace(self._summary(head), new_bytes=_added(collector))
        return assemble(summary, built.nodes, contents, collector.catalog, skipped, collector.content_project)

    def _encode(self, manifest: Manifest) -> bytes:
        """Never stores what a restore would refuse."""
        try:
            checks.check_made(manifest, self._limits)
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

    def _remember(
        self, seen: Scan, collector: Collector, manifest: Manifest, told: list[bytes], digest: bytes
    ) -> None:
        self._cache.write(
            self._order.project_id,
            self._order.generation,
            seen=seen,
            contents=_contents(collector, seen.files),
            racy=self._racy(seen.files),
            manifest=manifest,
            manifest_digest=digest,
            told=told,
        )

    def _racy(self, files: Iterable[TreeEntry]) -> list[bytes]:
        return [entry.path for entry in files if racy(entry, self._racy_since_ns)]

    def _renew(self, digest: bytes) -> None:
        self._cache.renew(self._order.project_id, self._order.generation, digest)


def _counted(summary: Summary) -> dict[str, Any]:
    return {name: getattr(summary, name) for name in ("version", "root", "entries", "files", "bytes")}


def _contents(collector: Collector, files: Iterable[TreeEntry]) -> dict[bytes, Content]:
    return {entry.path: content for entry in files if (content := collector.content(entry)) is not None}


def _added(collector: Collector) -> int:
    return sum(pack.size for pack in collector.new_packs.values())
