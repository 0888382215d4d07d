"""A manifest as bytes, and back.

    8 bytes   "JMMANI01"
    32 bytes  keyed BLAKE3 of everything after
    4 bytes   length of the summary, little endian
    summary   canonical JSON, so that a list of archives need not read whole manifests
    body      canonical JSON in one zstd frame: packs, frames, chunks, tree, what was skipped

Version 2 says two things more, for forks: which project a pack belongs to, and whose content key is used.

Reading trusts nothing: sizes are checked before decompressing, types before using. What comes out has the
right shape; whether it makes sense is asked in `checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from blake3 import blake3

from journeyman.workspace.archive import strict
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.model import (
    FORK_VERSION,
    FORMAT_VERSION,
    Chunk,
    Frame,
    Manifest,
    Node,
    Pack,
    Summary,
)
from journeyman.workspace.archive.strict import INT64_MAX, MalformedError
from journeyman.workspace.archive.tree import MODE_BITS
from journeyman.workspace.archive.zstd import FASTER_LEVEL, compress, decompress

MAGIC = b"JMMANI01"
SUMMARY_BYTES_MAX = 4096
_FIXED = len(MAGIC) + 32 + 4
SUMMARY_READ_BYTES = _FIXED + SUMMARY_BYTES_MAX
"""How much of a manifest's beginning holds the whole summary."""
_COUNT_MAX = 10_000_000

_NONE: dict[str, str] = {}
_SUMMARY_KEYS = frozenset(Summary.__slots__)
_BODY_KEYS = frozenset({"chunker", "packs", "frames", "chunks", "nodes", "skipped"})
_FORK_KEYS = _BODY_KEYS | {"content"}


def encode(manifest: Manifest, key: bytes) -> bytes:
    """The object to store. `key` is the `layout.content_key` of the manifest's own project."""
    fields: dict[str, object] = {
        "chunker": manifest.chunker,
        "packs": [pack_row(pack) for pack in manifest.packs],
        "frames": [[frame.pack, frame.offset, frame.stored, frame.raw] for frame in manifest.frames],
        "chunks": [[chunk.id.hex(), chunk.frame, chunk.offset, chunk.length] for chunk in manifest.chunks],
        "nodes": [node_row(node) for node in manifest.nodes],
        "skipped": list(manifest.skipped),
    }
    if manifest.summary.version == FORK_VERSION:
        fields["content"] = manifest.content_project
    return with_body(manifest.summary, strict.dump(fields), key)


def with_body(summary: Summary, body: bytes, key: bytes) -> bytes:
    """The manifest with this body, which is as `encode` would make it."""
    return _with_stored_body(summary, compress(body, FASTER_LEVEL), key)


def with_summary(data: bytes, summary: Summary, key: bytes) -> bytes:
    """The manifest `data` under another summary, its body untouched."""
    return _with_stored_body(summary, _stored_body(data), key)


def _with_stored_body(summary: Summary, body: bytes, key: bytes) -> bytes:
    head = strict.dump(_summary_out(summary))
    rest = len(head).to_bytes(4, "little") + head + body
    return MAGIC + blake3(rest, key=key).digest() + rest


def body_of(data: bytes, limits: Limits) -> bytes:
    """The text of a manifest's body, not checked against its checksum. Raises `MalformedError`."""
    return decompress(_stored_body(data), limits.manifest_bytes, limits.window_bytes)


def _stored_body(data: bytes) -> bytes:
    return data[_FIXED + int.from_bytes(data[40:44], "little") :]


def decode(data: bytes, key: bytes, limits: Limits) -> Manifest:
    """Raises `MalformedError`."""
    if data[:8] != MAGIC or blake3(data[40:], key=key).digest() != data[8:40]:
        raise MalformedError("its checksum does not match")
    summary = decode_summary(data)
    body = strict.record(
        strict.parse(body_of(data, limits), limits.manifest_values),
        _FORK_KEYS if (forked := summary.version == FORK_VERSION) else _BODY_KEYS,
    )
    nodes: list[Node] = []
    linked: dict[bytes, Node] = {}
    for value in strict.rows(body["nodes"], limits.entries):
        node = _node_in(value, limits, linked)
        nodes.append(node)
        if node.kind == "file":
            linked[node.path] = node
    return Manifest(
        summary=summary,
        chunker=strict.text(body["chunker"], 64),
        packs=tuple(_pack_in(value, forked=forked) for value in strict.rows(body["packs"], _COUNT_MAX)),
        frames=tuple(_frame_in(value) for value in strict.rows(body["frames"], _COUNT_MAX)),
        chunks=tuple(_chunk_in(value) for value in strict.rows(body["chunks"], _COUNT_MAX)),
        nodes=tuple(nodes),
        skipped=tuple(strict.text(value, 8192) for value in strict.rows(body["skipped"], limits.skipped + 1)),
        content=_other(body["content"], summary) if forked else None,
    )


def decode_summary(data: bytes) -> Summary:
    """From a manifest or its beginning; not checked against its checksum. Raises `MalformedError`."""
    length = int.from_bytes(data[40:44], "little")
    if data[:8] != MAGIC or length > SUMMARY_BYTES_MAX or len(data) < _FIXED + length:
        raise MalformedError("it is not a manifest")
    fields = strict.parse(data[_FIXED : _FIXED + length], SUMMARY_BYTES_MAX)
    return _summary_in(strict.record(fields, _SUMMARY_KEYS))


def _summary_out(summary: Summary) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(summary, name) for name in _SUMMARY_KEYS}
    values["root"] = summary.root.hex()
    values["created_at"] = summary.created_at.astimezone(UTC).isoformat()
    return values


def _summary_in(fields: Mapping[str, Any]) -> Summary:
    parent = fields["parent"]
    return Summary(
        version=strict.whole(fields["version"], FORMAT_VERSION, FORK_VERSION),
        tool=strict.text(fields["tool"], 200),
        archive_id=strict.text(fields["archive_id"], 64),
        project_id=strict.text(fields["project_id"], 64),
        seq=strict.whole(fields["seq"], 1, 10**12 - 1),
        epoch=strict.whole(fields["epoch"], 0, INT64_MAX),
        parent=None if parent is None else strict.text(parent, 64),
        created_at=instant(fields["created_at"]),
        root=strict.digest(fields["root"]),
        entries=strict.whole(fields["entries"], 0, INT64_MAX),
        files=strict.whole(fields["files"], 0, INT64_MAX),
        bytes=strict.whole(fields["bytes"], 0, INT64_MAX),
        new_bytes=strict.whole(fields["new_bytes"], 0, INT64_MAX),
    )


def instant(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(strict.text(value, 64))
    except ValueError:
        raise MalformedError("a time is not one") from None
    if found.utcoffset() is None:
        raise MalformedError("a time has no zone")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise MalformedError("a time is beyond the calendar") from None


def _other(value: Any, summary: Summary) -> str | None:
    project_id = strict.text(value, 64)
    return None if project_id == summary.project_id else project_id


def pack_row(pack: Pack) -> list[object]:
    return [pack.name, pack.size] if pack.owner is None else [pack.name, pack.size, pack.owner]


def _pack_in(value: Any, *, forked: bool) -> Pack:
    fields = strict.rows(value, 3)
    name, size, *owner = fields if forked and len(fields) == 3 else strict.row(value, 2)
    return Pack(
        strict.text(name, 80), strict.whole(size, 0, INT64_MAX), strict.text(owner[0], 64) if owner else None
    )


def _frame_in(value: Any) -> Frame:
    return Frame(*[strict.whole(number, 0, INT64_MAX) for number in strict.row(value, 4)])


def _chunk_in(value: Any) -> Chunk:
    ident, frame, offset, length = strict.row(value, 4)
    whole = strict.whole
    return Chunk(
        strict.digest(ident),
        whole(frame, 0, INT64_MAX),
        whole(offset, 0, INT64_MAX),
        whole(length, 0, INT64_MAX),
    )


def node_row(node: Node) -> list[object]:
    raw, kind, mode, mtime_ns, size, target, attributes, digest, chunks = node
    path = raw.decode("latin-1")
    xattrs = {name: value.decode("latin-1") for name, value in attributes} if attributes else _NONE
    match kind:
        case "file":
            return ["f", path, mode, mtime_ns, xattrs, size, digest.hex(), chunks]
        case "directory":
            return ["d", path, mode, mtime_ns, xattrs]
        case "symlink":
            return ["l", path, mode, mtime_ns, target.decode("latin-1")]
        case "hardlink":
            return ["h", path, target.decode("latin-1")]


def _node_in(value: Any, limits: Limits, linked: Mapping[bytes, Node]) -> Node:
    fields = strict.rows(value, 8)
    kind = fields[0] if fields else None
    if kind == "h":
        _, path, target = strict.row(fields, 3)
        joined = linked.get(found := strict.raw(target, limits.path_bytes))
        if joined is None:
            raise MalformedError("a hard link joins what is no earlier file")
        return Node(
            strict.raw(path, limits.path_bytes), "hardlink", joined.mode, joined.mtime_ns, target=found
        )
    if kind == "l":
        _, path, mode, mtime, target = strict.row(fields, 5)
        path, mode, mtime = _common(path, mode, mtime, limits)
        return Node(path, "symlink", mode, mtime, target=strict.raw(target, limits.target_bytes))
    if kind == "d":
        _, path, mode, mtime, xattrs = strict.row(fields, 5)
        path, mode, mtime = _common(path, mode, mtime, limits)
        return Node(path, "directory", mode, mtime, xattrs=_xattrs(xattrs, limits))
    if kind == "f":
        _, path, mode, mtime, xattrs, size, content, chunks = strict.row(fields, 8)
        path, mode, mtime = _common(path, mode, mtime, limits)
        return Node(
            path,
            "file",
            mode,
            mtime,
            strict.whole(size, 0, INT64_MAX),
            b"",
            _xattrs(xattrs, limits),
            strict.digest(content),
            tuple([strict.whole(number, 0, INT64_MAX) for number in strict.rows(chunks, _COUNT_MAX)]),
        )
    raise MalformedError("an entry is of no known kind")


def _common(path: Any, mode: Any, mtime: Any, limits: Limits) -> tuple[bytes, int, int]:
    return (
        strict.raw(path, limits.path_bytes),
        strict.whole(mode, 0, MODE_BITS),
        strict.whole(mtime, -INT64_MAX, INT64_MAX),
    )


def _xattrs(value: Any, limits: Limits) -> tuple[tuple[str, bytes], ...]:
    attributes = strict.mapping(value, limits.xattrs_per_entry)
    if not attributes:
        return ()
    return tuple(
        sorted(
            (strict.text(name, limits.xattr_name_bytes), strict.raw(content, limits.xattr_value_bytes))
            for name, content in attributes.items()
        )
    )
