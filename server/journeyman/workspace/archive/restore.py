"""Bringing an archive back into an empty workspace, and making sure that it is all there.

The manifest is checked before anything is written; every chunk is checked on its way. When the guest has
finished, the tree is scanned and every file *read back* and compared with what was sent: what the caller is
told is what a reader of the workspace will find. Nothing here changes the
archive; on any failure the half-written workspace is given up and the caller must not use it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence

from blake3 import blake3

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.guest import Guest, ReadBack, Restore, RestoreEntry
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import layout, tree
from journeyman.workspace.archive.frames import FrameSource
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.load import corrupt
from journeyman.workspace.archive.model import Manifest, Node
from journeyman.workspace.archive.outcomes import (
    FILE_COUNTS_AS,
    REPORT_BYTES,
    ArchiveProgress,
    OnProgress,
    Phase,
    RestoreOutcome,
)
from journeyman.workspace.archive.rereading import reread
from journeyman.workspace.archive.scanning import ROOT, Scan, scan
from journeyman.workspace.archive.workers import Workers

ABORT_WITHIN_S = 10.0
_NO_ATTRIBUTES: Mapping[str, bytes] = {}
NO_XATTRS = "Extended attributes were not restored: this sandbox's file system does not keep them."


async def restore(
    objects: ObjectStore,
    workers: Workers,
    guest: Guest,
    manifest: Manifest,
    limits: Limits,
    on_progress: OnProgress,
) -> tuple[RestoreOutcome, Scan, Sequence[bytes] | None]:
    """Write a checked manifest's tree into the guest's empty /workspace; answers what was done, the scan of
    what is there now, and what `tree.told` tells of the manifest where that is the same of both. Raises
    `Failure`."""
    summary = manifest.summary
    source = FrameSource(objects, workers, manifest, limits)
    plan = _Plan(manifest)
    cost = await workers.run(lambda: source.cost(plan.numbers))
    once = sum(frame.raw for frame in manifest.frames)
    if cost > limits.fetch_free_bytes + once + limits.fetch_ratio * summary.bytes:
        raise corrupt("its manifest", "restoring it would take far more work than it holds")
    hasher = blake3(key=layout.content_key(manifest.content_project))
    lent = await guest.lend_restore(ROOT, hasher)
    target = await guest.begin_restore(ROOT) if lent is None else lent
    try:
        await _write(target, source, plan, _counter("write", manifest, on_progress))
        await target.finish()
        reach("restore.written")
    except BaseException:  # the guest is told, whatever ended it
        await _abort(target)
        raise
    read_back: Mapping[bytes, ReadBack] = {} if lent is None else lent.read_back
    counter = _counter("check", manifest, on_progress)
    seen, told, notes = await _check(guest, workers, manifest, limits, read_back, counter)
    reach("restore.verified")
    outcome = RestoreOutcome(summary.archive_id, summary.root.hex(), summary.files, summary.bytes, notes)
    return outcome, seen, None if notes else told


async def _abort(target: Restore) -> None:
    """Best effort: what was written is given up in any case."""
    with contextlib.suppress(Failure, TimeoutError):
        async with asyncio.timeout(ABORT_WITHIN_S):
            await target.abort()


def _counter(phase: Phase, manifest: Manifest, report: OnProgress) -> Callable[[int, int], None]:
    files = size = told = 0
    all_files, all_bytes = manifest.summary.files, manifest.summary.bytes

    def add(more_files: int, more_bytes: int) -> None:
        nonlocal files, size, told
        files, size = files + more_files, size + more_bytes
        if size + files * FILE_COUNTS_AS >= told or (files == all_files and size == all_bytes):
            told = size + files * FILE_COUNTS_AS + REPORT_BYTES
            report(ArchiveProgress(phase, files, all_files, size, all_bytes))

    return add


class _Plan:
    """In which order to write: directories, files as their content is stored, links."""

    def __init__(self, manifest: Manifest) -> None:
        by_kind: dict[str, list[Node]] = {"directory": [], "file": [], "hardlink": [], "symlink": []}
        for node in manifest.nodes:
            by_kind[node.kind].append(node)

        def stored_at(node: Node) -> tuple[int, int]:
            if not node.chunks:
                return (-1, 0)
            chunk = manifest.chunks[node.chunks[0]]
            return (chunk.frame, chunk.offset)

        self.directories = by_kind["directory"]
        self.files = sorted(by_kind["file"], key=stored_at)
        self.links = by_kind["hardlink"] + by_kind["symlink"]
        self.numbers = [number for node in self.files for number in node.chunks]
        """Of the chunks of `files`, in order."""


async def _write(target: Restore, source: FrameSource, plan: _Plan, done: Callable[[int, int], None]) -> None:
    for node in plan.directories:
        await target.add(_entry(node))
    owners = iter([node for node in plan.files for _ in node.chunks])
    added: Node | None = None
    for node in plan.files:
        if node.chunks:
            break
        await target.add(_entry(node))
        done(1, 0)
    for window in source.windows(plan.numbers):
        content = await source.fetch(window)
        files = size = 0
        for number in window:
            node = next(owners)
            if node is not added:
                await target.add(_entry(node))
                files += 1
                added = node
            await target.data(node.path, content[number])
            size += len(content[number])
        done(files, size)
    for node in plan.links:
        await target.add(_entry(node))


def _entry(node: Node) -> RestoreEntry:
    xattrs = dict(node.xattrs) if node.xattrs else _NO_ATTRIBUTES
    return RestoreEntry(node.path, node.kind, node.mode, node.mtime_ns, node.size, node.target, xattrs)


async def _check(
    guest: Guest,
    workers: Workers,
    manifest: Manifest,
    limits: Limits,
    read_back: Mapping[bytes, ReadBack],
    done: Callable[[int, int], None],
) -> tuple[Scan, Sequence[bytes], tuple[str, ...]]:
    """Scan, and read back what was not; answers also what `tree.told` tells of what is there. Raises
    `archive_corrupt` when the tree is not the archived one."""
    seen = await scan(guest, limits, lambda _: None, xattrs=True)
    built = tree.build(seen.entries)
    if built.skipped:
        raise _not_restored(f"{built.skipped[0]} should not be there")
    nodes, wanted = built.nodes, manifest.nodes
    notes: tuple[str, ...] = ()
    if any(node.xattrs for node in wanted) and not any(node.xattrs for node in nodes):
        wanted, notes = tree.without_xattrs(wanted), (NO_XATTRS,)
    if (why := tree.difference(wanted, nodes, content=False)) is not None:
        raise _not_restored(why)
    digests = {
        entry.path: read_back[entry.path].digest
        for entry in seen.told
        if entry.path in read_back and read_back[entry.path].inode == entry.inode
    }
    files = [node for node in nodes if node.kind == "file"]
    left = [node.path for node in files if node.path not in digests]
    done(len(digests), sum(node.size for node in files if node.path in digests))
    again = await reread(guest, layout.content_key(manifest.content_project), left, done)
    digests.update(again.digests)
    for path, why in again.unread.items():
        raise _not_restored(f"{tree.shown(path)} cannot be read back ({why})")
    if len(digests) != len(files):
        raise _not_restored("not every file could be read back")
    wrong = next((node.path for node in wanted if digests.get(node.path, node.digest) != node.digest), None)
    if wrong is not None:
        raise _not_restored(f"{tree.shown(wrong)} reads back as something else")
    told = tree.told(nodes, digests)
    if tree.root_of(b"".join(told)) != (tree.root_hash(wanted) if notes else manifest.summary.root):
        raise _not_restored("its root hash is another one")
    return seen, told, notes


def _not_restored(why: str) -> Failure:
    return corrupt("the restored workspace is not what was archived", why)
