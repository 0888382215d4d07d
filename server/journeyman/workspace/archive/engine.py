"""The face of this room: archive a workspace, restore one, list, verify and forget archives.

One engine serves all projects. It holds no state between calls and takes no lease: that one project is
archived or restored by one caller at a time is the workspace manager's business; the epoch in HEAD catches
the caller who lost its lease.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.guest import Guest
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import codec, layout, pointer, tree
from journeyman.workspace.archive.assemble import contents_of
from journeyman.workspace.archive.commit import Commit
from journeyman.workspace.archive.compare import (
    Comparison,
    content_of,
    differences,
    sides,
    to_read,
)
from journeyman.workspace.archive.fork import ForkOrder, fork
from journeyman.workspace.archive.frames import FrameSource
from journeyman.workspace.archive.keeping import Keeping
from journeyman.workspace.archive.limits import LIMITS, Limits
from journeyman.workspace.archive.load import find, load
from journeyman.workspace.archive.memory import given_back, keep_packs_apart
from journeyman.workspace.archive.model import Manifest, Summary
from journeyman.workspace.archive.orders import Order
from journeyman.workspace.archive.outcomes import (
    ArchiveOutcome,
    ArchiveProgress,
    ArchiveSummary,
    RestoreOutcome,
    VerifyReport,
)
from journeyman.workspace.archive.pins import Pins
from journeyman.workspace.archive.rereading import reread
from journeyman.workspace.archive.restore import restore
from journeyman.workspace.archive.scanning import Scan, scan
from journeyman.workspace.archive.selection import only
from journeyman.workspace.archive.statcache import StatCache
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.verify import verify
from journeyman.workspace.archive.workers import Workers

log = logging.getLogger(__name__)

TICK_NS = 100_000_000
"""Longer than the tick of any file system's clock."""


def _quiet(_: ArchiveProgress) -> None:
    pass


class ArchiveEngine:
    def __init__(
        self,
        objects: ObjectStore,
        *,
        clock: Clock,
        ids: Ids,
        limits: Limits = LIMITS,
        cache: Path | None = None,
    ) -> None:
        """`cache`: a folder to remember what files held; None reads every file each time."""
        keep_packs_apart()
        self._objects = objects
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self._workers = Workers()
        self._cache = StatCache(cache)
        self._pins = Pins(objects)
        self.keeping = Keeping(objects, self._workers, limits)
        """What stays in the store, and what goes."""

    async def archive(
        self,
        project_id: str,
        guest: Guest,
        *,
        epoch: int,
        journal: Callable[[str], Awaitable[None]],
        on_progress: Callable[[ArchiveProgress], None] | None = None,
        generation: int = 0,
        live: bool = False,
    ) -> ArchiveOutcome:
        """Steps 3 to 7 of the commit protocol; `journal` is awaited after each (`outcomes.JournalStep`).
        `generation` names the files on this machine, for what is remembered of them (0: nothing is);
        `live` says that processes may be writing to them.

        Can be cancelled until the pointer begins to move; a cancellation after that is used up and the
        outcome returned. Raises `Failure`: `archive_failed` (files keep changing, or cannot be read),
        `conflict` (a newer epoch), `archive_corrupt` (the store lies), or what store and guest raise.
        Nothing is ever deleted, and HEAD never names an archive that was not verified.
        """
        layout.prefix(project_id)
        order = Order(project_id, self._ids.new(), epoch, journal, on_progress or _quiet, generation, live)
        commit = Commit(self._objects, self._workers, self._clock, self._limits, self._cache, guest, order)
        with given_back():
            return await commit.run()

    async def fork(
        self, source_id: str, archive_id: str | None, *, project_id: str, epoch: int
    ) -> ArchiveOutcome:
        """Make an archive of another project (the newest without `archive_id`) the first archive of the
        new project `project_id`. Copies no content. Raises `not_found`, `archive_corrupt`, or what the
        store raises; then `forget` of the new project removes what there is of it."""
        layout.prefix(project_id)
        order = ForkOrder(source_id, archive_id, project_id, self._ids.new(), epoch, self._clock.now())
        return await fork(self._objects, self._workers, self._limits, order)

    async def restore(
        self,
        project_id: str,
        guest: Guest,
        *,
        archive_id: str | None = None,
        on_progress: Callable[[ArchiveProgress], None] | None = None,
        generation: int = 0,
        path: bytes | None = None,
    ) -> RestoreOutcome:
        """Bring an archive (the newest without `archive_id`) back into the guest's empty /workspace and
        compare the result; with `path` only that part of it. Raises `not_found`, `archive_corrupt`, or what
        store and guest raise; the workspace must then be thrown away, the archive is as it was."""
        key, digest = await find(self._objects, project_id, archive_id)
        manifest, digest = await load(
            self._objects, self._workers, project_id, key, self._limits, digest=digest
        )
        if path is not None:
            part = only(manifest, path)
            return (
                await restore(self._objects, self._workers, guest, part, self._limits, on_progress or _quiet)
            )[0]
        with given_back():
            outcome, seen, told = await restore(
                self._objects, self._workers, guest, manifest, self._limits, on_progress or _quiet
            )
            await self._workers.run(lambda: self._remember(generation, manifest, digest, seen, told))
            return outcome

    def _remember(
        self, generation: int, manifest: Manifest, digest: bytes, seen: Scan, told: Sequence[bytes] | None
    ) -> None:
        """So that the next archive after a restore reads nothing. What was written within a tick of the
        clock could be written again and look the same."""
        since = int(self._clock.now().timestamp() * 1e9) - TICK_NS
        self._cache.write(
            manifest.summary.project_id,
            generation,
            seen=seen,
            contents=contents_of(manifest),
            racy=[entry.path for entry in seen.files if entry.ctime_ns >= since],
            manifest=manifest,
            manifest_digest=digest,
            told=told,
        )

    async def compare(
        self,
        project_id: str,
        *,
        before: str | None = None,
        after: str | None = None,
        guest: Guest | None = None,
        generation: int = 0,
    ) -> Comparison:
        """What differs between archive `before` (None: the newest) and the guest's workspace, or between
        it and archive `after` without a guest. `generation` as for `archive`."""
        old = await self.manifest(project_id, before)
        was = sides(old.nodes)
        if guest is None:
            new = await self.manifest(project_id, after)
            if new.content_project != old.content_project:
                raise _not_comparable()
            now, ident = sides(new.nodes), new.summary.archive_id
        else:
            seen = await scan(guest, self._limits, _quiet, xattrs=False)
            remembered = await self._workers.run(lambda: self._cache.read(project_id, generation))
            usable = remembered is not None and remembered.note.content_project == old.content_project
            needed = to_read(seen, was, remembered.known() if usable and remembered is not None else {})
            # One that cannot be read has no digest, and so counts as changed.
            key = layout.content_key(old.content_project)
            digests = (await reread(guest, key, needed.read)).digests
            now, ident = sides(tree.build(seen.entries).nodes, {**needed.digests, **digests}), None
        found = await self._workers.run(lambda: tuple(differences(was, now)))
        return Comparison(old.summary.archive_id, ident, found)

    async def content(
        self, project_id: str, archive_id: str | None, path: bytes, *, limit: int
    ) -> bytes | None:
        """A file of an archive (None: the newest); None where it holds none of that name. `invalid` when
        it is larger than `limit` bytes."""
        manifest = await self.manifest(project_id, archive_id)
        source = FrameSource(self._objects, self._workers, manifest, self._limits)
        return await content_of(source, manifest, path, limit)

    async def manifest(self, project_id: str, archive_id: str | None) -> Manifest:
        """An archive's (None: the newest) tree and index, checked. Raises `not_found`, `archive_corrupt`."""
        key, digest = await find(self._objects, project_id, archive_id)
        return (await load(self._objects, self._workers, project_id, key, self._limits, digest=digest))[0]

    async def newest(self, project_id: str) -> ArchiveSummary | None:
        """What HEAD names; None where the project has no archive."""
        found = await pointer.read(self._objects, project_id)
        if found is None:
            return None
        head = found[0]
        return ArchiveSummary(
            archive_id=head.archive_id,
            seq=head.seq,
            manifest_key=head.manifest_key,
            digest=head.root.hex(),
            files=head.files,
            bytes=head.bytes,
            new_bytes=head.new_bytes,
            epoch=head.epoch,
            created_at=head.created_at,
        )

    async def list(self, project_id: str) -> tuple[ArchiveSummary, ...]:
        """Every archive HEAD has named that is still there, newest first. Manifests of attempts that
        never moved the pointer are left out, as far as the archives after them tell."""
        found = await pointer.read(self._objects, project_id)
        if found is None:
            return ()
        head = found[0]
        by_seq: dict[int, list[tuple[str, Summary]]] = {}
        async for info in self._objects.list(layout.manifests_prefix(project_id)):
            parsed = layout.parse_manifest_key(info.key)
            if parsed is None or parsed[0] > head.seq:
                continue
            data = await self._objects.read(info.key, length=codec.SUMMARY_READ_BYTES)
            try:
                summary = codec.decode_summary(data)
                if (summary.project_id, summary.seq, summary.archive_id) != (project_id, *parsed):
                    raise MalformedError("it is of another archive")
                by_seq.setdefault(parsed[0], []).append((info.key, summary))
            except MalformedError as error:
                log.warning("the manifest %s is left out of the list: %s", info.key, error)
        listed: list[ArchiveSummary] = []
        named: str | None = head.archive_id
        for seq in sorted(by_seq, reverse=True):
            rows = [row for row in by_seq[seq] if row[1].archive_id == named] or by_seq[seq]
            listed += [_summary(key, summary) for key, summary in rows]
            named = rows[0][1].parent if len(rows) == 1 else None
        return tuple(listed)

    async def verify(
        self, project_id: str, archive_id: str | None = None, *, read_data: bool = False
    ) -> VerifyReport:
        """Whether the archive is whole. Without `read_data`: the manifest, and that every pack is there
        with its size; with it, every byte. Damage is in the report; `not_found` is raised."""
        return await verify(
            self._objects, self._workers, project_id, archive_id, self._limits, read_data=read_data
        )

    async def forget(self, project_id: str) -> None:
        """Delete every object of the project, HEAD first, but what forks of it need. Only for a project
        the user deleted."""
        await self._workers.run(lambda: self._cache.forget(project_id))
        await self._objects.delete(layout.head_key(project_id))
        reach("delete.pointer_removed")
        keys = [info.key async for info in self._objects.list(layout.manifests_prefix(project_id))]
        for key in keys:
            await self._objects.delete(key)
        reach("delete.manifests_removed")
        for owner in await self._pins.owners(project_id):
            await self._pins.release(owner, project_id)
        await self._pins.sweep(project_id)


def _not_comparable() -> Failure:
    return Failure(
        "invalid",
        "These two archives cannot be compared: their hashes are made with different keys.",
        hint="Restore one of them, and compare the workspace with the other.",
    )


def _summary(key: str, summary: Summary) -> ArchiveSummary:
    return ArchiveSummary(
        archive_id=summary.archive_id,
        seq=summary.seq,
        manifest_key=key,
        digest=summary.root.hex(),
        files=summary.files,
        bytes=summary.bytes,
        new_bytes=summary.new_bytes,
        epoch=summary.epoch,
        created_at=summary.created_at,
    )
