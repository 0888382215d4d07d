"""Step 6 of the commit protocol, and what is said of an archive once it is made. Forks do it the same way."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from blake3 import blake3

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import pointer
from journeyman.workspace.archive.collect import contradicts_itself, not_what_was_put
from journeyman.workspace.archive.model import Summary
from journeyman.workspace.archive.outcomes import ArchiveOutcome


async def put_manifest(objects: ObjectStore, key: str, data: bytes) -> None:
    """Put it and read it back. A conflict can only be our own write whose reply was lost; reading tells."""
    created = True
    try:
        await objects.create(key, data)
        reach("archive.manifest_put")
    except Failure as failure:
        if failure.kind != "conflict":
            raise
        created = False
    try:
        there = await objects.read(key)
    except Failure as failure:
        if failure.kind != "not_found":
            raise
        raise (not_what_was_put if created else contradicts_itself)(key) from failure
    if there != data:
        raise not_what_was_put(key)


def head_for(summary: Summary, key: str, data: bytes) -> pointer.Head:
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


def outcome_of(summary: Summary, key: str, skipped: tuple[str, ...]) -> ArchiveOutcome:
    return ArchiveOutcome(
        archive_id=summary.archive_id,
        seq=summary.seq,
        manifest_key=key,
        digest=summary.root.hex(),
        files=summary.files,
        bytes=summary.bytes,
        new_bytes=summary.new_bytes,
        skipped=skipped,
        created_at=summary.created_at,
    )


@cache
def tool() -> str:
    """Read from disk once: it is asked for with every archive, on the loop."""
    try:
        return f"journeyman {version('journeyman')}"
    except PackageNotFoundError:
        return "journeyman"
