"""What the stat cache holds of one project, as bytes and back. Knows nothing of files on disk."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from blake3 import blake3

from journeyman.guest.frames import tree_entries
from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive import strict
from journeyman.workspace.archive.columns import NOT_KNOWN, Columns
from journeyman.workspace.archive.model import Pack
from journeyman.workspace.archive.packs import Content
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.zstd import compress, decompress

MAGIC = b"JMSTAT04"
LEVEL = -3
"""A tenth larger than at 1, for a third less time; it is written and read with every archive."""
BYTES_MAX = 1 << 30
Header = Mapping[str, object]
_KEYS = frozenset(
    {"content", "generation", "manifest", "newest", "project", "quiet", "skipped", "body", "told"}
)
_COUNTS = frozenset(
    {
        "order",
        "records",
        "attributes",
        "entries",
        "racy",
        "files",
        "numbers",
        "chunks",
        "frames",
        "packs",
        "told",
    }
)


@dataclass(frozen=True, slots=True)
class Note:
    """What there is to say of a tree as a whole."""

    content_project: str
    """Whose content key made the chunks' ids."""
    skipped: tuple[str, ...]
    """Entries its archive left out."""
    newest_ns: int
    """No ctime in the scan is later: what changes after it has one that is not earlier."""
    quiet_ns: int
    """No mtime or ctime of a file that is not racy is later."""


@dataclass(frozen=True, repr=False)
class Remembered:
    """One project's cache, read. Taken apart only as far as somebody needs it."""

    manifest_digest: bytes
    """BLAKE3 of the manifest object this was written with."""
    note: Note
    columns: Columns
    """Without `told`, which `whole` has."""
    _told: bytes
    _told_lengths: array[int]

    @property
    def racy(self) -> bool:
        return bool(self.columns.racy)

    @cached_property
    def entries(self) -> list[TreeEntry]:
        return list(tree_entries(self.columns.records, self.columns.attributes))

    def whole(self) -> Columns:
        """Raises `MalformedError`."""
        told = decompress(self._told, BYTES_MAX, BYTES_MAX)
        if len(told) != sum(self._told_lengths):
            raise MalformedError("it is cut")
        return replace(self.columns, told=told, told_lengths=self._told_lengths)

    def known(self) -> dict[bytes, tuple[TreeEntry, Content]]:
        """Files whose content is known while they look exactly so."""
        columns, found = self.columns, dict[bytes, tuple[TreeEntry, Content]]()
        ids, racy = columns.idents, frozenset(columns.racy)
        files = at = 0
        for number, entry in enumerate(self.entries):
            if entry.kind != "file":
                continue
            count, digest = columns.counts[files], columns.digests[files * 32 : files * 32 + 32]
            files += 1
            if count == NOT_KNOWN:
                continue
            numbers, at = columns.numbers[at : at + count], at + count
            if number not in racy:
                content = Content(tuple([ids[each] for each in numbers]), entry.size, digest)
                found[entry.path] = (entry, content)
        return found


def header_of(project_id: str, generation: int, note: Note, told: bytes) -> Header:
    """`told`: as it is packed."""
    return {
        "project": project_id,
        "content": note.content_project,
        "generation": generation,
        "skipped": list(note.skipped),
        "newest": note.newest_ns,
        "quiet": note.quiet_ns,
        "told": len(told),
    }


def packed(columns: Columns) -> tuple[bytes, bytes]:
    """The columns, and what is told of them apart: only who changes a tree needs that."""
    head = strict.dump(
        {
            "order": sys.byteorder,
            "records": len(columns.records),
            "attributes": len(columns.attributes),
            "entries": len(columns.lengths),
            "racy": len(columns.racy),
            "files": len(columns.counts),
            "numbers": len(columns.numbers),
            "chunks": len(columns.ids) // 32,
            "frames": len(columns.frames[0]),
            "packs": [[pack.name, pack.size, pack.owner] for pack in columns.packs],
            "told": len(columns.told_lengths),
        }
    )
    arrays = (
        *(columns.lengths, columns.racy, columns.counts, columns.numbers),
        *(*columns.chunks, *columns.frames, columns.told_lengths),
    )
    parts = [head, b"\n", columns.records, columns.attributes, columns.digests, columns.ids]
    body = b"".join([*parts, *[each.tobytes() for each in arrays]])
    return compress(body, LEVEL), compress(columns.told, LEVEL)


def encode(header: Header, manifest_digest: bytes, body: bytes) -> list[bytes]:
    full = {**header, "manifest": manifest_digest.hex(), "body": blake3(body).hexdigest()}
    text = strict.dump(full)
    return [MAGIC, blake3(text).digest(), len(text).to_bytes(4, "little"), text, body]


def split(data: bytes) -> tuple[Header, bytes]:
    """Raises `MalformedError`."""
    end = 44 + int.from_bytes(data[40:44], "little")
    if data[:8] != MAGIC or blake3(data[44:end]).digest() != data[8:40]:
        raise MalformedError("its header is damaged")
    header = strict.record(strict.parse(data[44:end], end), _KEYS)
    if blake3(data[end:]).hexdigest() != header["body"]:
        raise MalformedError("it is damaged")
    return header, data[end:]


def decode(data: bytes, project_id: str, generation: int) -> Remembered | None:
    """Raises `MalformedError`, `ValueError`, `IndexError`."""
    header, both = split(data)
    if header["project"] != project_id or header["generation"] != generation:
        return None
    told = len(both) - strict.whole(header["told"], 0, len(both))
    body = decompress(both[:told], BYTES_MAX, BYTES_MAX)
    line, _, _ = body.partition(b"\n")
    counts = strict.record(strict.parse(line, len(line)), _COUNTS)
    if counts["order"] != sys.byteorder:
        return None
    reader = _Reader(body, len(line) + 1)

    def many(name: str) -> int:
        return strict.whole(counts[name], 0, BYTES_MAX)

    records, attributes = reader.take(many("records")), reader.take(many("attributes"))
    digests, ids = reader.take(32 * many("files")), reader.take(32 * many("chunks"))
    lengths, racy = reader.column(many("entries")), reader.column(many("racy"))
    per_file, numbers = reader.column(many("files")), reader.column(many("numbers"))
    chunks = tuple([reader.column(many("chunks")) for _ in range(3)])
    frames = tuple([reader.column(many("frames")) for _ in range(4)])
    return Remembered(
        manifest_digest=strict.digest(header["manifest"]),
        note=Note(
            content_project=strict.text(header["content"], 64),
            skipped=tuple(strict.text(each, 8192) for each in strict.rows(header["skipped"], 10_000)),
            newest_ns=strict.whole(header["newest"], -strict.INT64_MAX, strict.INT64_MAX),
            quiet_ns=strict.whole(header["quiet"], -strict.INT64_MAX, strict.INT64_MAX),
        ),
        columns=Columns(
            records=records,
            attributes=attributes,
            lengths=lengths,
            racy=racy,
            digests=digests,
            counts=per_file,
            numbers=numbers,
            packs=tuple(
                Pack(name, size, owner) for name, size, owner in strict.rows(counts["packs"], 10_000_000)
            ),
            frames=frames,
            ids=ids,
            chunks=chunks,
            told=b"",
            told_lengths=array("I"),
        ),
        _told=both[told:],
        _told_lengths=reader.column(many("told")),
    )


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def take(self, size: int) -> bytes:
        part = self._data[self._at : self._at + size]
        if len(part) != size:
            raise MalformedError("it is cut")
        self._at += size
        return part

    def column(self, count: int) -> array[int]:
        numbers = array("I")
        numbers.frombytes(self.take(count * numbers.itemsize))
        return numbers
