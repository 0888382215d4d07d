"""HEAD: the small object that names a project's newest verified archive.

It moves by compare-and-swap. The epoch in it fences: whoever holds an older lease than the one that wrote
it may not move it any more. It carries a hash of itself, so a flipped bit is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from blake3 import blake3

from journeyman.failures import Failure
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import codec, layout, strict
from journeyman.workspace.archive.limits import LIMITS
from journeyman.workspace.archive.strict import MalformedError

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Head:
    project_id: str
    seq: int
    epoch: int
    archive_id: str
    manifest_key: str
    manifest_digest: bytes
    """BLAKE3 of the manifest object."""
    root: bytes
    files: int
    bytes: int
    new_bytes: int
    created_at: datetime


_KEYS = frozenset({*Head.__slots__, "version"})


def encode(head: Head) -> bytes:
    values: dict[str, object] = {name: getattr(head, name) for name in Head.__slots__}
    values |= {
        "version": _VERSION,
        "manifest_digest": head.manifest_digest.hex(),
        "root": head.root.hex(),
        "created_at": head.created_at.astimezone(UTC).isoformat(),
    }
    content = strict.dump(values)
    return content + b"\n" + blake3(content).hexdigest().encode() + b"\n"


def decode(data: bytes, project_id: str) -> Head:
    """Raises `MalformedError`."""
    content, _, rest = data.partition(b"\n")
    if len(data) > LIMITS.head_bytes or rest != blake3(content).hexdigest().encode() + b"\n":
        raise MalformedError("its checksum does not match")
    fields = strict.record(strict.parse(content, LIMITS.head_bytes), _KEYS)
    if fields["version"] != _VERSION:
        raise MalformedError("it was written by another version of Journeyman")
    head = Head(
        project_id=strict.text(fields["project_id"], 64),
        seq=strict.whole(fields["seq"], 1, layout.SEQ_MAX),
        epoch=strict.whole(fields["epoch"], 0, strict.INT64_MAX),
        archive_id=strict.text(fields["archive_id"], 64),
        manifest_key=strict.text(fields["manifest_key"], 200),
        manifest_digest=strict.digest(fields["manifest_digest"]),
        root=strict.digest(fields["root"]),
        files=strict.whole(fields["files"], 0, strict.INT64_MAX),
        bytes=strict.whole(fields["bytes"], 0, strict.INT64_MAX),
        new_bytes=strict.whole(fields["new_bytes"], 0, strict.INT64_MAX),
        created_at=codec.instant(fields["created_at"]),
    )
    if (
        head.project_id != project_id
        or layout.parse_manifest_key(head.manifest_key) is None
        or head.manifest_key != layout.manifest_key(project_id, head.seq, head.archive_id)
    ):
        raise MalformedError("it names an archive of something else")
    return head


async def read(objects: ObjectStore, project_id: str) -> tuple[Head, str] | None:
    """HEAD and its version mark; None where there is none. A damaged one raises `archive_corrupt`."""
    try:
        data, info = await objects.read_with_info(layout.head_key(project_id), length=LIMITS.head_bytes + 1)
    except Failure as failure:
        if failure.kind == "not_found":
            return None
        raise
    if data.startswith(layout.SEALED_MAGIC):
        raise encrypted(project_id)
    try:
        return decode(data, project_id), info.etag
    except MalformedError as error:
        raise Failure(
            "archive_corrupt",
            f"The pointer to the newest archive of project {project_id} is damaged: {error}.",
            hint="Restore an archive by its id; nothing was changed.",
        ) from error


async def move(objects: ObjectStore, head: Head, etag: str | None) -> None:
    """Make HEAD say `head`, if it still is what `etag` marks. Otherwise `conflict`."""
    try:
        await objects.replace(layout.head_key(head.project_id), encode(head), etag=etag)
    except Failure as failure:
        if failure.kind not in ("conflict", "store_unavailable", "timeout"):
            raise
        # The reply may have been lost after the pointer moved: then it is ours.
        if not await _is(objects, head):
            raise fenced(head.project_id) if failure.kind == "conflict" else failure from failure


async def _is(objects: ObjectStore, head: Head) -> bool:
    try:
        found = await read(objects, head.project_id)
    except Failure:
        return False
    return found is not None and found[0] == head


def encrypted(project_id: str) -> Failure:
    return Failure(
        "store_refused",
        f"The store of project {project_id} is encrypted, and no key is set.",
        hint="Point `archive_key_file` to the key file the store was begun with.",
    )


def fenced(project_id: str) -> Failure:
    return Failure(
        "conflict",
        f"Somebody else archived project {project_id} meanwhile.",
        hint="Look whether a second daemon uses the same store; the workspace was kept as it is.",
    )
