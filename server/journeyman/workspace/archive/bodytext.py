"""The body of a manifest as text, taken apart into the rows of its tree and put together, without reading it.

Only for bodies that were checked already: that of the very object the stat cache was written with. Strings in
JSON have no bare quotation mark, so what is searched for here cannot be part of a name.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from journeyman.workspace.archive import strict
from journeyman.workspace.archive.strict import MalformedError

_NODES, _PACKS = b'"nodes":[', b'],"packs":['
_BETWEEN = b'],["'


def node_rows(body: bytes) -> list[bytes]:
    """Each without the `["` it begins with and the `]` it ends with. Raises `MalformedError`."""
    start, end = body.find(_NODES), body.rfind(_PACKS)
    if not 0 <= start < end:
        raise MalformedError("its body is not one")
    rows = body[start + len(_NODES) : end]
    return rows[2:-1].split(_BETWEEN) if rows else []


def node_row(value: object) -> bytes:
    return strict.dump(value)[2:-1]


def is_file(row: bytes) -> bool:
    return row.startswith(b"f")


def with_chunks(row: bytes, numbers: Iterable[int]) -> bytes:
    """The row of a file with other numbers of chunks."""
    return b"%b[%b]" % (row.rpartition(b"[")[0], b",".join([b"%d" % number for number in numbers]))


def body_of(
    rows: Sequence[bytes],
    *,
    chunker: str,
    content: str | None,
    packs: Sequence[Sequence[object]],
    frames: Iterable[array[int]],
    ids: bytes,
    chunks: Iterable[array[int]],
) -> bytes:
    """The whole body of an archive that left nothing out."""
    places = zip(ids.hex(",", 32).split(","), *chunks, strict=True) if ids else ()
    listed = ",".join([f'["{ident}",{frame},{offset},{length}]' for ident, frame, offset, length in places])
    parts = [
        b'{"chunker":%b' % strict.dump(chunker),
        b'"chunks":[%b]' % listed.encode(),
        *([b'"content":%b' % strict.dump(content)] if content is not None else []),
        b'"frames":%b' % strict.dump(list(zip(*frames, strict=True))),
        b'"nodes":%b' % (b'[["%b]]' % _BETWEEN.join(rows) if rows else b"[]"),
        b'"packs":%b' % strict.dump(packs),
        b'"skipped":[]}',
    ]
    return b",".join(parts)
