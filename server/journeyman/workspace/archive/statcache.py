"""What a workspace's files held when they were last looked at, so that files that did not move are not read.

One file per project, beside the data, bound to one generation of the workspace's files. A file counts as
unchanged when everything a scan tells of it is as it was: kind, size, mode, mtime, ctime, inode, links.
Entries that changed shortly before they were read are *racy* (git's word): they may change again without
looking different, so they are remembered as such and read again. The cache is only ever a short cut: one
that is damaged, of another generation or missing costs time, and whatever it names is looked for in the
store before an archive relies on it.
"""

from __future__ import annotations

import logging
import os
import sys
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from blake3 import blake3

from journeyman.guest.frames import tree_entries
from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive import strict
from journeyman.workspace.archive.assemble import Tables
from journeyman.workspace.archive.model import Chunk, Frame, Manifest, Pack
from journeyman.workspace.archive.packs import Content
from journeyman.workspace.archive.scanning import Scan
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.zstd import compress, decompress

log = logging.getLogger(__name__)

MAGIC = b"JMSTAT03"
LEVEL = 1
BYTES_MAX = 1 << 30
_NOT_KNOWN = 0xFFFFFFFF
_KEYS = frozenset({"content", "generation", "manifest", "newest", "project", "racy", "skipped", "body"})
_COUNTS = frozenset({"records", "attributes", "files", "numbers", "chunks", "frames", "packs", "order"})


@dataclass(frozen=True)
class Remembered:
    """One project's cache, read. Taken apart only as far as somebody needs it."""

    manifest_digest: bytes
    """BLAKE3 of the manifest object this was written with."""
    racy: frozenset[bytes]
    skipped: tuple[str, ...]
    """Entries that archive left out."""
    newest_ns: int
    """The latest ctime in the scan: what changes after it has one that is not earlier."""
    records: bytes
    """The scan, as the guest wrote it."""
    attributes: bytes
    content_project: str
    """Whose content key made the chunks' ids."""
    packs: tuple[Pack, ...]
    _ids: bytes
    _frames: tuple[array[int], ...]
    _chunks: tuple[array[int], ...]
    _digests: bytes
    _counts: array[int]
    _numbers: array[int]

    @cached_property
    def entries(self) -> list[TreeEntry]:
        return list(tree_entries(self.records, self.attributes))

    @cached_property
    def tables(self) -> Tables:
        frames = tuple(Frame(*row) for row in zip(*self._frames, strict=True))
        chunks = enumerate(zip(*self._chunks, strict=True))
        ids = self._ids
        return Tables(
            self.packs,
            frames,
            tuple(Chunk(ids[32 * at : 32 * at + 32], *row) for at, row in chunks),
            self.content_project,
        )

    def known(self) -> dict[bytes, tuple[TreeEntry, Content]]:
        """Files whose content is known while they look exactly so."""
        found: dict[bytes, tuple[TreeEntry, Content]] = {}
        ids = [chunk.id for chunk in self.tables.chunks]
        files = at = 0
        for entry in self.entries:
            if entry.kind != "file":
                continue
            count, digest = self._counts[files], self._digests[files * 32 : files * 32 + 32]
            files += 1
            if count == _NOT_KNOWN:
                continue
            numbers, at = self._numbers[at : at + count], at + count
            if entry.path not in self.racy:
                content = Content(tuple([ids[number] for number in numbers]), entry.size, digest)
                found[entry.path] = (entry, content)
        return found


class StatCache:
    """The files of all projects. `folder` is made when needed; with None nothing is remembered."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def read(self, project_id: str, generation: int) -> Remembered | None:
        if self._folder is None or generation <= 0:
            return None
        try:
            data = self._path(project_id).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.info("what is remembered of %s cannot be read: %s", project_id, error)
            return None
        try:
            return _decode(data, project_id, generation)
        except (MalformedError, ValueError, IndexError) as error:
            log.info("what is remembered of %s is not used: %s", project_id, error)
            return None

    def write(
        self,
        project_id: str,
        generation: int,
        *,
        seen: Scan,
        contents: Mapping[bytes, Content],
        racy: Iterable[bytes],
        manifest: Manifest,
        manifest_digest: bytes,
    ) -> None:
        """Remember. `contents` by path, of every file in `seen`, made of `manifest`'s chunks."""
        if self._folder is not None and generation > 0:
            header = {
                "project": project_id,
                "content": manifest.content_project,
                "generation": generation,
                "racy": sorted(path.decode("latin-1") for path in racy),
                "skipped": list(manifest.skipped),
                "newest": max((entry.ctime_ns for entry in seen.told), default=0),
            }
            self._put(project_id, _encode(header, manifest_digest, _body(seen, contents, manifest)))

    def renew(self, project_id: str, generation: int, manifest_digest: bytes) -> None:
        """The same again under a newer manifest."""
        if self._folder is None or generation <= 0:
            return
        header, body = _split(self._path(project_id).read_bytes())
        self._put(project_id, _encode(header, manifest_digest, body))

    def chunk_ids(self, project_id: str) -> set[bytes]:
        """Of whatever generation it is bound to."""
        if self._folder is None:
            return set()
        try:
            data = self._path(project_id).read_bytes()
            generation = _split(data)[0]["generation"]
            remembered = _decode(data, project_id, generation) if isinstance(generation, int) else None
        except FileNotFoundError:
            return set()
        except (OSError, MalformedError, ValueError, IndexError) as error:
            log.info("what is remembered of %s is not used: %s", project_id, error)
            return set()
        return {chunk.id for chunk in remembered.tables.chunks} if remembered is not None else set()

    def forget(self, project_id: str) -> None:
        if self._folder is not None:
            self._path(project_id).unlink(missing_ok=True)

    def _path(self, project_id: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{project_id}.stat"

    def _put(self, project_id: str, parts: list[bytes]) -> None:
        path = self._path(project_id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            half = path.with_suffix(".half")
            with open(half, "wb") as file:
                file.writelines(parts)
            os.replace(half, path)
        except OSError as error:
            log.info("nothing is remembered of %s: %s", project_id, error)


def _body(seen: Scan, contents: Mapping[bytes, Content], manifest: Manifest) -> bytes:
    number = {chunk.id: index for index, chunk in enumerate(manifest.chunks)}
    digests: list[bytes] = []
    counts, numbers = array("I"), array("I")
    for entry in seen.told:
        if entry.kind != "file":
            continue
        content = contents.get(entry.path)
        if content is None or not all(ident in number for ident in content.ids):
            counts.append(_NOT_KNOWN)
            digests.append(bytes(32))
            continue
        counts.append(len(content.ids))
        numbers.extend([number[ident] for ident in content.ids])
        digests.append(content.digest)
    head = strict.dump(
        {
            "order": sys.byteorder,
            "records": len(seen.records),
            "attributes": len(seen.attributes),
            "files": len(digests),
            "numbers": len(numbers),
            "chunks": len(manifest.chunks),
            "frames": len(manifest.frames),
            "packs": [[pack.name, pack.size, pack.owner] for pack in manifest.packs],
        }
    )
    parts = [
        head,
        b"\n",
        seen.records,
        seen.attributes,
        *digests,
        counts.tobytes(),
        numbers.tobytes(),
        *(chunk.id for chunk in manifest.chunks),
        _column(chunk.frame for chunk in manifest.chunks),
        _column(chunk.offset for chunk in manifest.chunks),
        _column(chunk.length for chunk in manifest.chunks),
        _column(frame.pack for frame in manifest.frames),
        _column(frame.offset for frame in manifest.frames),
        _column(frame.stored for frame in manifest.frames),
        _column(frame.raw for frame in manifest.frames),
    ]
    return compress(b"".join(parts), LEVEL)


def _column(numbers: Iterable[int]) -> bytes:
    return array("I", numbers).tobytes()


def _encode(header: Mapping[str, object], manifest_digest: bytes, body: bytes) -> list[bytes]:
    full = {**header, "manifest": manifest_digest.hex(), "body": blake3(body).hexdigest()}
    text = strict.dump(full)
    return [MAGIC, blake3(text).digest(), len(text).to_bytes(4, "little"), text, body]


def _split(data: bytes) -> tuple[Mapping[str, object], bytes]:
    end = 44 + int.from_bytes(data[40:44], "little")
    if data[:8] != MAGIC or blake3(data[44:end]).digest() != data[8:40]:
        raise MalformedError("its header is damaged")
    header = strict.record(strict.parse(data[44:end], end), _KEYS)
    if blake3(data[end:]).hexdigest() != header["body"]:
        raise MalformedError("it is damaged")
    return header, data[end:]


def _decode(data: bytes, project_id: str, generation: int) -> Remembered | None:
    header, packed = _split(data)
    if header["project"] != project_id or header["generation"] != generation:
        return None
    racy = frozenset(strict.raw(path, 4096) for path in strict.rows(header["racy"], 10_000_000))
    body = decompress(packed, BYTES_MAX, BYTES_MAX)
    line, _, rest = body.partition(b"\n")
    counts = strict.record(strict.parse(line, len(line)), _COUNTS)
    if counts["order"] != sys.byteorder:
        return None
    reader = _Reader(rest)
    records = reader.take(strict.whole(counts["records"], 0, BYTES_MAX))
    attributes = reader.take(strict.whole(counts["attributes"], 0, BYTES_MAX))
    files = strict.whole(counts["files"], 0, BYTES_MAX)
    digests = reader.take(32 * files)
    per_file = reader.column(files)
    numbers = reader.column(strict.whole(counts["numbers"], 0, BYTES_MAX))
    many = strict.whole(counts["chunks"], 0, BYTES_MAX)
    ids = reader.take(32 * many)
    chunk_columns = tuple([reader.column(many) for _ in range(3)])
    frame_columns = tuple([reader.column(strict.whole(counts["frames"], 0, BYTES_MAX)) for _ in range(4)])
    return Remembered(
        manifest_digest=strict.digest(header["manifest"]),
        racy=racy,
        skipped=tuple(strict.text(each, 8192) for each in strict.rows(header["skipped"], 10_000)),
        newest_ns=strict.whole(header["newest"], -strict.INT64_MAX, strict.INT64_MAX),
        records=records,
        attributes=attributes,
        content_project=strict.text(header["content"], 64),
        packs=tuple(
            Pack(name, size, owner) for name, size, owner in strict.rows(counts["packs"], 10_000_000)
        ),
        _ids=ids,
        _frames=frame_columns,
        _chunks=chunk_columns,
        _digests=digests,
        _counts=per_file,
        _numbers=numbers,
    )


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

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
