"""Making one archive: steps 3 to 7 of the commit protocol. Deletes nothing, whatever happens.

    3 scan, upload packs the store does not have     -> journal packs_uploaded
    4 look at every pack, read the new ones back     -> journal packs_verified
    5 scan again; anything moved: back to 3          -> journal tree_unmoved
    6 put the manifest, read it back                 -> journal manifest_verified
    7 compare-and-swap HEAD                          -> journal pointer_moved

Everything up to 6 can be cancelled and repeated; 7 runs to its end once it began.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from blake3 import blake3

from journeyman.failures import Failure
from journeyman.ports.clock import Clock
from journeyman.ports.guest import Guest, TreeEntry
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import checks, codec, layout, pointer, tree
from journeyman.workspace.archive.assemble import assemble, catalog_of
from journeyman.workspace.archive.collect import Collector
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.load import load_manifest
from journeyman.workspace.archive.model import FORMAT_VERSION, Manifest, Summary
from journeyman.workspace.archive.outcomes import ArchiveOutcome, ArchiveProgress, Journal, OnProgress
from journeyman.workspace.archive.readback import hash_object
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.workers import Workers, task_group, to_the_end

ROUNDS = 3
HEADS_AT_ONCE = 8
READS_AT_ONCE = 2
RACY_NS = 2_000_000_000
"""A file written this shortly before the scan may have been written again without looking different; it is
read a second time. (The idea is git's "racily clean" entry.)"""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be archived."""

    project_id: str
    archive_id: str
    epoch: int
    journal: Journal
    on_progress: OnProgress


class Commit:
    """One archive in the making."""

    def __init__(
        self, objects: ObjectStore, workers: Workers, clock: Clock, limits: Limits, guest: Guest, order: Order
    ) -> None:
        self._objects = objects
        self._workers = workers
        self._clock = clock
        self._limits = limits
        self._guest = guest
        self._order = order
        self._verified: set[str] = set()

    async def run(self) -> ArchiveOutcome:
        order = self._order
        found = await pointer.read(self._objects, order.project_id)
        head, etag = found if found is not None else (None, None)
        if head is not None and head.epoch > order.epoch:
            raise pointer.fenced(order.project_id)
        previous = await self._previous(head)
        collector = Collector(
            self._objects,
            self._workers,
            order.project_id,
            catalog_of(previous) if previous is not None else {},
            self._limits,
            order.on_progress,
        )
        entries = await self._settle(collector)
        manifest = await self._workers.run(lambda: self._manifest(collector, entries, head))
        files, size = manifest.summary.files, manifest.summary.bytes
        order.on_progress(ArchiveProgress("commit", files, files, size, size))
        data = await self._workers.run(lambda: self._encode(manifest))
        key = layout.manifest_key(order.project_id, manifest.summary.seq, order.archive_id)
        await self._put_manifest(key, data)
        await order.journal("manifest_verified")
        await to_the_end(self._move(_head_for(manifest.summary, key, data), etag))
        return _outcome(manifest, key)

    async def _previous(self, head: pointer.Head | None) -> Manifest | None:
        """The newest archive, to reuse what it stored. One that cannot be read is no reason not to make
        a whole new one."""
        if head is None:
            return None
        try:
            return await load_manifest(
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

    async def _settle(self, collector: Collector) -> list[TreeEntry]:
        """Steps 3 to 5, until the tree stood still for a whole round."""
        started_ns = int(self._clock.now().timestamp() * 1e9)
        for _ in range(ROUNDS):
            entries = await self._scan()
            files = [entry for entry in entries if entry.kind == "file"]
            await collector.collect(self._guest, files)
            await self._order.journal("packs_uploaded")
            if lost := await self._verify_packs(collector, files):
                collector.drop_packs(lost)
                continue
            await self._order.journal("packs_verified")
            if tree.moved(entries, await self._scan()) or collector.unread:
                continue
            if await self._racy_changed(collector, files, started_ns):
                continue
            await self._order.journal("tree_unmoved")
            return entries
        collector.refuse_unread()
        raise Failure(
            "archive_failed",
            f"The files keep changing: {ROUNDS} times something moved while they were archived.",
            hint="Stop what writes to the workspace, then archive again; nothing was removed.",
            retryable=True,
        )

    async def _scan(self) -> list[TreeEntry]:
        entries: list[TreeEntry] = []
        async for entry in self._guest.scan():
            entries.append(entry)
            if len(entries) > self._limits.entries:
                raise _too_much(f"it has more than {self._limits.entries} entries")
        self._order.on_progress(ArchiveProgress("scan", len(entries), 0, 0, 0))
        return sorted(entries, key=lambda entry: tree.order(entry.path))

    async def _racy_changed(self, collector: Collector, files: list[TreeEntry], started_ns: int) -> bool:
        racy = [entry for entry in files if max(entry.mtime_ns, entry.ctime_ns) >= started_ns - RACY_NS]
        before = collector.forget({entry.path for entry in racy})
        await collector.collect(self._guest, racy)
        if collector.unread:
            return True
        after = {entry.path: collector.content(entry) for entry in racy}
        return any(content != before.get(path) for path, content in after.items())

    async def _verify_packs(self, collector: Collector, files: list[TreeEntry]) -> set[str]:
        """Step 4. Answers packs of earlier archives that are gone or have another size."""
        sizes: dict[str, int] = {}
        for entry in files:
            content = collector.content(entry)
            for ident in content.ids if content is not None else ():
                pack = collector.catalog[ident].frame.pack
                sizes[pack.name] = pack.size
        lost: set[str] = set()
        heads, reads = asyncio.Semaphore(HEADS_AT_ONCE), asyncio.Semaphore(READS_AT_ONCE)

        async def look(name: str, size: int) -> None:
            key = layout.pack_key(self._order.project_id, name)
            async with heads:
                info = await self._objects.head(key)
            if info is None or info.size != size:
                lost.add(name)
            elif name in collector.new_packs and name not in self._verified:
                async with reads:
                    digest = await hash_object(self._objects, self._workers, key, size)
                if digest != name[:64]:
                    raise _not_what_was_put(key)
                self._verified.add(name)

        async with task_group() as group:
            for name, size in sorted(sizes.items()):
                group.create_task(look(name, size))
        return lost

    def _manifest(
        self, collector: Collector, entries: list[TreeEntry], head: pointer.Head | None
    ) -> Manifest:
        built = tree.build(entries)
        by_path = {entry.path: entry for entry in entries}
        contents = {
            node.path: content
            for node in built.nodes
            if node.kind == "file" and (content := collector.content(by_path[node.path])) is not None
        }
        summary = Summary(
            version=FORMAT_VERSION,
            tool=_tool(),
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
            new_bytes=sum(pack.size for pack in collector.new_packs.values()),
        )
        skipped = built.skipped[: self._limits.skipped]
        if more := len(built.skipped) - len(skipped):
            skipped += (f"and {more} more",)
        return assemble(summary, built.nodes, contents, collector.catalog, skipped)

    def _encode(self, manifest: Manifest) -> bytes:
        """Never stores what a restore would refuse."""
        try:
            checks.check(manifest, self._limits)
        except MalformedError as error:
            raise _too_much(str(error)) from error
        return codec.encode(manifest, layout.content_key(self._order.project_id))

    async def _put_manifest(self, key: str, data: bytes) -> None:
        """Step 6. A conflict can only be our own write whose reply was lost; reading back tells."""
        try:
            await self._objects.create(key, data)
        except Failure as failure:
            if failure.kind != "conflict":
                raise
        if await self._objects.read(key) != data:
            raise _not_what_was_put(key)

    async def _move(self, head: pointer.Head, etag: str | None) -> None:
        await pointer.move(self._objects, head, etag)
        await self._order.journal("pointer_moved")


def _head_for(summary: Summary, key: str, data: bytes) -> pointer.Head:
    return pointer.Head(
        project_id=summary.project_id,
        seq=summary.seq,
        epoch=summary.epoch,
        archive_id=summary.archive_id,
        manifest_key=key,
        manifest_digest=blake3(data).digest(),
        root=summary.root,
        files=summary.files,
        bytes=summary.bytes,
        new_bytes=summary.new_bytes,
        created_at=summary.created_at,
    )


def _outcome(manifest: Manifest, key: str) -> ArchiveOutcome:
    summary = manifest.summary
    return ArchiveOutcome(
        archive_id=summary.archive_id,
        seq=summary.seq,
        manifest_key=key,
        digest=summary.root.hex(),
        files=summary.files,
        bytes=summary.bytes,
        new_bytes=summary.new_bytes,
        skipped=manifest.skipped,
        created_at=summary.created_at,
    )


def _tool() -> str:
    try:
        return f"journeyman {version('journeyman')}"
    except PackageNotFoundError:
        return "journeyman"


def _not_what_was_put(key: str) -> Failure:
    return Failure(
        "archive_corrupt",
        f"Object storage gave back something else than was put at {key}.",
        hint="Check the store; the workspace and the earlier archives were kept.",
    )


def _too_much(why: str) -> Failure:
    return Failure(
        "archive_failed",
        f"This workspace cannot be archived: {why}.",
        hint="Remove or move what is named, then archive again; the workspace was kept.",
    )
