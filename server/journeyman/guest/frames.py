"""The wire between daemon and guest, in the daemon's own types. What bytes mean is said once, in
`inside/wire.py`, which also runs in the workspace; here its raw tuples become the values of `ports.guest`.

Whatever a guest sends is untrusted: what cannot be read is `workspace_failed`, never an exception of ours.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, cast

from journeyman.failures import FAILURE_KINDS, Failure, FailureKind
from journeyman.guest.inside import wire
from journeyman.ports.guest import EntryKind, RestoreEntry, Stat, TreeEntry

RECORD_HEAD_BYTES = wire.ENTRY.size
"""What a scan's record of an entry has beside the path and, of a link, the target."""
_NO_XATTRS: dict[str, bytes] = {}
B = TypeVar("B", bytes, memoryview)

HINTS: dict[str, str] = {
    "path_refused": "Use a path inside /workspace that no link leads out of.",
    "not_found": "List the directory to see what is there.",
    "conflict": "Read it again and repeat the change on what is there now.",
    "invalid": "Look at what is there, and name something else.",
    "overloaded": "End processes of the workspace that are not needed, then try again.",
    "workspace_failed": "Try again; if it stays so, close the workspace and open it again.",
    "disk_full": "Remove files from the workspace, or free space on the disk that holds it.",
}


def lost(why: str) -> Failure:
    """The workspace does not answer any more."""
    return Failure(
        "workspace_failed",
        f"The workspace went away: {why}.",
        hint="Try again; the workspace is started anew and its files are kept.",
        retryable=True,
    )


def failure_of(answer: dict[str, Any]) -> Failure:
    kind, message = answer.get("kind"), answer.get("message")
    if kind not in FAILURE_KINDS or not isinstance(message, str):
        return lost("the guest's refusal cannot be read")
    return Failure(
        cast(FailureKind, kind),
        message[:2000],
        hint=HINTS.get(kind, ""),
        retryable=kind in ("overloaded", "workspace_failed", "disk_full"),
    )


def refused(refusal: wire.Refusal) -> Failure:
    return failure_of({"kind": refusal.kind, "message": refusal.message})


def stat_from(answer: dict[str, Any]) -> Stat:
    return Stat(
        kind=cast(EntryKind, str(answer["kind"])),
        size=int(answer["size"]),
        mode=int(answer["mode"]),
        mtime_ns=int(answer["mtime_ns"]),
        sha256=cast("str | None", answer["sha256"]),
        etag=str(answer.get("etag", "")),
        target=cast("str | None", answer.get("target")),
        target_kind=cast("EntryKind | None", answer.get("target_kind")),
    )


def tree_entries(data: bytes, attributes: bytes = b"") -> Iterator[TreeEntry]:
    """The entries of a scan's records, with their extended attributes where those are given."""
    try:
        apart = wire.unpack_attributes(attributes)
        kinds, check = cast("tuple[EntryKind, ...]", wire.KINDS), wire.check_relative
        for kind, size, mode, mtime, ctime, inode, nlink, path, target, xattrs in wire.unpack_entries(data):
            check(path)
            if apart:
                xattrs = apart.get(path, xattrs)
            yield TreeEntry(path, kinds[kind], size, mode, mtime, ctime, inode, nlink, target, xattrs)
    except (struct.error, ValueError, wire.Refusal):
        raise lost("its list of files cannot be read") from None


def entry_at(data: bytes, at: int) -> tuple[TreeEntry, int]:
    """The entry whose record begins at `at` in a scan's records, and where the next one begins."""
    try:
        *_, path, target, _ = wire.ENTRY.unpack_from(data, at)
    except struct.error:
        raise lost("its list of files cannot be read") from None
    end = at + wire.ENTRY.size + path + target
    found = list(tree_entries(data[at:end]))
    if len(found) != 1:
        raise lost("its list of files cannot be read")
    return found[0], end


def attribute_records(entries: Iterable[TreeEntry]) -> bytes:
    """Their extended attributes as a scan has them."""
    return b"".join(
        [wire.pack_attributes(entry.path, dict(entry.xattrs)) for entry in entries if entry.xattrs]
    )


def pack_restore_entry(entry: RestoreEntry) -> bytes:
    return restore_entries(restore_record(entry))


def restore_entries(records: bytes) -> bytes:
    return wire.RESTORE_HEAD.pack(wire.ADD, len(records)) + records


def restore_record(entry: RestoreEntry) -> bytes:
    path, kind, mode, mtime_ns, size, target, xattrs = entry
    number, size = wire.KINDS.index(kind), size if kind == "file" else 0
    return wire.pack_entry(
        (number, size, mode, mtime_ns, 0, 0, 0, path, target, dict(xattrs) if xattrs else _NO_XATTRS)
    )


def restore_written(count: int) -> bytes:
    """So many of the files that were lent first have all their content."""
    return wire.RESTORE_HEAD.pack(wire.WRITTEN, 4) + struct.pack("!I", count)


def restore_data_head(path: bytes, length: int) -> bytes:
    """What comes before `length` bytes of a file's content."""
    head = wire.RESTORE_HEAD.pack(wire.APPEND, 4 + len(path) + length)
    return head + struct.pack("!I", len(path)) + path


def file_pieces(data: B) -> Iterator[tuple[int, int, B]]:
    """(index, flags, bytes) of each record in one frame of a bulk read."""
    at = 0
    while at < len(data):
        try:
            index, flags, length = wire.PIECE_HEAD.unpack_from(data, at)
        except struct.error:
            raise lost("a file's data cannot be read") from None
        at += wire.PIECE_HEAD.size
        if at + length > len(data):
            raise lost("a file's data is cut")
        yield index, flags, data[at : at + length]
        at += length
