"""Bringing an archive back into an empty workspace, and making sure that it is all there.

The manifest is checked before anything is written; every chunk is checked on its way. When the guest has
finished, the tree is scanned and every file *read back*, hashed and compared with the root hash: what the
caller is told is what a reader of the workspace will find, not what was sent. Nothing here changes the
archive; on any failure the half-written workspace is given up and the caller must not use it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

from blake3 import blake3

from journeyman.failures import Failure
from journeyman.ports.guest import Guest, Restore, RestoreEntry, TreeEntry
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import layout, tree
from journeyman.workspace.archive.frames import FrameSource
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.load import corrupt
from journeyman.workspace.archive.model import Manifest, Node
from journeyman.workspace.archive.outcomes import ArchiveProgress, OnProgress, Phase, RestoreOutcome
from journeyman.workspace.archive.workers import Workers

ROOT = "/workspace"
ABORT_WITHIN_S = 10.0
READ_AT_ONCE = 512
NO_XATTRS = "Extended attributes were not restored: this sandbox's file system does not keep them."


async def restore(
    objects: ObjectStore,
    workers: Workers,
    guest: Guest,
    manifest: Manifest,
    limits: Limits,
    on_progress: OnProgress,
) -> RestoreOutcome:
    """Write a checked manifest's tree into the guest's empty /workspace. Raises `Failure`."""
    summary = manifest.summary
    key = layout.content_key(summary.project_id)
    source = FrameSource(objects, workers, manifest, key, limits)
    target = await guest.begin_restore(ROOT)
    try:
        await _write(target, source, manifest, _counter("write", manifest, on_progress))
        await target.finish()
    except BaseException:
        await _abort(target)
        raise
    notes = await _check(guest, workers, manifest, key, _counter("check", manifest, on_progress))
    return RestoreOutcome(summary.archive_id, summary.root.hex(), summary.files, summary.bytes, notes)


async def _abort(target: Restore) -> None:
    """Best effort: what was written is given up in any case."""
    with contextlib.suppress(Failure, TimeoutError):
        async with asyncio.timeout(ABORT_WITHIN_S):
            await target.abort()


def _counter(phase: Phase, manifest: Manifest, report: OnProgress) -> Callable[[int, int], None]:
    files = size = 0

    def add(more_files: int, more_bytes: int) -> None:
        nonlocal files, size
        files, size = files + more_files, size + more_bytes
        report(ArchiveProgress(phase, files, manifest.summary.files, size, manifest.summary.bytes))

    return add


async def _write(
    target: Restore, source: FrameSource, manifest: Manifest, done: Callable[[int, int], None]
) -> None:
    """Directories, then files in the order their content is stored, then links."""
    by_kind: dict[str, list[Node]] = {"directory": [], "file": [], "hardlink": [], "symlink": []}
    for node in manifest.nodes:
        by_kind[node.kind].append(node)
    for node in by_kind["directory"]:
        await target.add(_entry(node))

    def stored_at(node: Node) -> tuple[int, int]:
        if not node.chunks:
            return (-1, 0)
        chunk = manifest.chunks[node.chunks[0]]
        return (chunk.frame, chunk.offset)

    files = sorted(by_kind["file"], key=stored_at)
    numbers = [number for node in files for number in node.chunks]
    owners = iter([node for node in files for _ in node.chunks])
    added: Node | None = None
    for node in files:
        if node.chunks:
            break
        await target.add(_entry(node))
        done(1, 0)
    for window in source.windows(numbers):
        content = await source.fetch(window)
        for number in window:
            node = next(owners)
            if node is not added:
                await target.add(_entry(node))
                done(1, 0)
                added = node
            await target.data(node.path, content[number])
            done(0, len(content[number]))
    for node in by_kind["hardlink"] + by_kind["symlink"]:
        await target.add(_entry(node))


def _entry(node: Node) -> RestoreEntry:
    return RestoreEntry(
        path=node.path,
        kind=node.kind,
        mode=node.mode,
        mtime_ns=node.mtime_ns,
        size=node.size,
        target=node.target,
        xattrs=dict(node.xattrs),
    )


async def _check(
    guest: Guest, workers: Workers, manifest: Manifest, key: bytes, done: Callable[[int, int], None]
) -> tuple[str, ...]:
    """Scan and read back; raises `archive_corrupt` when the tree is not the archived one."""
    entries: list[TreeEntry] = []
    async for entry in guest.scan(ROOT):
        entries.append(entry)
        if len(entries) > len(manifest.nodes):
            raise _not_restored("there are more entries than were archived")
    built = tree.build(entries)
    if built.skipped:
        raise _not_restored(f"{built.skipped[0]} should not be there")
    nodes, wanted = built.nodes, manifest.nodes
    notes: tuple[str, ...] = ()
    if any(node.xattrs for node in wanted) and not any(node.xattrs for node in nodes):
        wanted, notes = tree.without_xattrs(wanted), (NO_XATTRS,)
    structure = tuple(replace(node, digest=b"") for node in wanted)
    if (why := tree.difference(structure, nodes)) is not None:
        raise _not_restored(why)
    digests = await _read_back(guest, workers, nodes, key, done)
    found = tuple(
        replace(node, digest=digests.get(node.path, b"")) if node.kind == "file" else node for node in nodes
    )
    if tree.root_hash(found) != (tree.root_hash(wanted) if notes else manifest.summary.root):
        raise _not_restored(tree.difference(wanted, found) or "its root hash is another one")
    return notes


async def _read_back(
    guest: Guest, workers: Workers, nodes: tuple[Node, ...], key: bytes, done: Callable[[int, int], None]
) -> dict[bytes, bytes]:
    paths = [node.path for node in nodes if node.kind == "file"]
    digests: dict[bytes, bytes] = {}
    for start in range(0, len(paths), READ_AT_ONCE):
        hashers: dict[bytes, blake3] = {}
        batch: list[tuple[bytes, bytes]] = []
        size = 0

        def absorb(batch: list[tuple[bytes, bytes]], hashers: dict[bytes, blake3] = hashers) -> None:
            for path, data in batch:
                hashers.setdefault(path, blake3(key=key)).update(data)

        async for piece in guest.read_many(paths[start : start + READ_AT_ONCE], ROOT):
            if piece.error is not None:
                raise _not_restored(f"{tree.shown(piece.path)} cannot be read back: {piece.error}")
            batch.append((piece.path, piece.data))
            size += len(piece.data)
            done(1 if piece.last else 0, len(piece.data))
            if size >= 4 * 1024 * 1024:
                full, batch, size = batch, [], 0
                await workers.run(lambda full=full, absorb=absorb: absorb(full))
        await workers.run(lambda batch=batch, absorb=absorb: absorb(batch))
        digests |= {path: hasher.digest() for path, hasher in hashers.items()}
    return digests


def _not_restored(why: str) -> Failure:
    return corrupt("the restored workspace is not what was archived", why)
