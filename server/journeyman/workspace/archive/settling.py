"""Steps 3 to 5 of the commit protocol: everything is in the store, was looked at there, and stood still."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.guest import Guest, TreeEntry
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import layout
from journeyman.workspace.archive.collect import Collector, not_what_was_put
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.looking import lost_packs
from journeyman.workspace.archive.model import Pack, PackRef
from journeyman.workspace.archive.outcomes import Journal, JournalStep, OnProgress
from journeyman.workspace.archive.readback import hash_object
from journeyman.workspace.archive.scanning import ROOT, Scan, scan
from journeyman.workspace.archive.workers import Workers, task_group

ROUNDS = 3
READS_AT_ONCE = 2
RACY_NS = 2_000_000_000
"""A file written this shortly before the scan may have been written again without looking different; it is
read a second time. (The idea is git's "racily clean" entry.)"""
FINE_RACY_NS = 100_000_000
"""The same where the file system tells times finer than milliseconds: its clock then ticks with the kernel's,
at least every 10 ms."""
MILLISECOND_NS = 1_000_000


def racy(entry: TreeEntry, at_ns: int) -> bool:
    """Whether a file, read after `at_ns`, may change once more and look as it does."""
    within = FINE_RACY_NS if entry.ctime_ns % MILLISECOND_NS else RACY_NS
    return max(entry.mtime_ns, entry.ctime_ns) >= at_ns - within


class Settling:
    def __init__(
        self,
        objects: ObjectStore,
        workers: Workers,
        limits: Limits,
        guest: Guest,
        project_id: str,
        journal: Journal,
        on_progress: OnProgress,
    ) -> None:
        self._objects = objects
        self._workers = workers
        self._limits = limits
        self._guest = guest
        self._project_id = project_id
        self._journal = journal
        self._on_progress = on_progress

    async def look(self, *, xattrs: bool, since_ns: int | None = None) -> Scan:
        return await scan(self._guest, self._limits, self._on_progress, xattrs=xattrs, since_ns=since_ns)

    async def unmoved(
        self, records: bytes, packs: Iterable[Pack], changed_since_ns: int
    ) -> tuple[bool, Scan]:
        """Whether a tree that is stored already is still stored, and then looks as it did when it was: every
        step at once. The scan has the attributes of what changed at `changed_since_ns` or later."""
        lost = await lost_packs(self._objects, self._project_id, {pack.ref: pack.size for pack in packs})
        seen = await self.look(xattrs=True, since_ns=changed_since_ns)
        if lost or seen.records != records:
            return False, seen
        await self._passed("packs_uploaded")
        await self._passed("packs_verified")
        await self._passed("tree_unmoved")
        return True, seen

    async def settle(
        self, collector: Collector, started_ns: int, first: Scan | None = None, rounds: int = ROUNDS
    ) -> Scan:
        """Until the tree stood still for a whole round; `first` is a scan made just now. Raises
        `archive_failed` when it does not."""
        for _ in range(rounds):
            seen, first = first or await self.look(xattrs=True), None
            if await self.stands_still(collector, seen, seen.files, {}, started_ns):
                return seen
        collector.refuse_unread()
        raise Failure(
            "archive_failed",
            f"The files keep changing: {ROUNDS} times something moved while they were archived.",
            hint="Stop what writes to the workspace, then archive again; nothing was removed.",
            retryable=True,
        )

    async def stands_still(
        self,
        collector: Collector,
        seen: Scan,
        files: list[TreeEntry],
        others: Mapping[PackRef, int],
        started_ns: int,
    ) -> bool:
        """One round: whether `files` of `seen` are stored, and nothing at all moved meanwhile. `others`:
        sizes of packs that further files rely on, which are not racy."""
        await collector.collect(self._guest, files)
        await self._passed("packs_uploaded")
        if lost := await self._verify(collector, files, others):
            collector.drop_packs(lost)
            return False
        await self._passed("packs_verified")
        if collector.unread or await self._moved(seen, started_ns):
            return False
        if await self._racy_changed(collector, files, started_ns):
            return False
        await self._passed("tree_unmoved")
        return True

    async def _moved(self, seen: Scan, started_ns: int) -> bool:
        """Step 5: whether a second look shows another tree."""
        stands = await self._guest.stands(seen.records, ROOT, since_ns=started_ns - RACY_NS)
        if stands or (stands is False and not seen.opened):
            return not stands
        return seen.moved_to(await self.look(xattrs=False))

    async def _passed(self, step: JournalStep) -> None:
        await self._journal(step)
        reach(f"archive.{step}")

    async def _racy_changed(self, collector: Collector, files: list[TreeEntry], started_ns: int) -> bool:
        again = [entry for entry in files if racy(entry, started_ns)]
        before = collector.forget({entry.path for entry in again})
        await collector.collect(self._guest, again)
        if collector.unread:
            return True
        after = {entry.path: collector.content(entry) for entry in again}
        return any(content != before.get(path) for path, content in after.items())

    async def _verify(
        self, collector: Collector, files: list[TreeEntry], others: Mapping[PackRef, int]
    ) -> set[PackRef]:
        """Step 4. Answers packs of earlier archives that are gone or have another size."""
        contents = [content for entry in files if (content := collector.content(entry)) is not None]
        frames = {collector.catalog[ident].frame for content in contents for ident in content.ids}
        sizes = {**others, **{frame.pack.ref: frame.pack.size for frame in frames}}
        lost = await lost_packs(self._objects, self._project_id, sizes)
        reads = asyncio.Semaphore(READS_AT_ONCE)

        async def read(name: str, size: int) -> None:
            key = layout.pack_key(self._project_id, name)
            async with reads:
                if await hash_object(self._objects, self._workers, key, size) != name[:64]:
                    raise not_what_was_put(key)
            collector.verified.add(name)

        async with task_group() as group:
            for name in collector.new_packs.keys() - collector.verified:
                if (ref := (None, name)) in sizes and ref not in lost:
                    group.create_task(read(name, sizes[ref]))
        return lost
