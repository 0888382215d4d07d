"""The next archive of a tree of which little changed, made of the columns and the manifest of the one before.

What did not move is carried over as bytes: rows of the manifest, what the root hash is made of, numbers of
chunks. Only what a look shows otherwise is taken apart, read and checked. The manifest comes out byte for
byte as `assemble` and `codec` would make it of the whole tree. Where that cannot be promised there is no
amendment, and the whole tree is taken apart: among what changed are hard links, anything has extended
attributes or is not archived, entries are out of order or below what is no directory, or very much changed.

What is carried over was checked when it was first stored or restored: the cache names the digest of that very
manifest, and of what is listed without overlap and once, a part is too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property

from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive import bodytext, codec
from journeyman.workspace.archive.chunker import WHOLE_BYTES, Cut
from journeyman.workspace.archive.columns import NOT_KNOWN, Columns
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.model import PackRef, Summary
from journeyman.workspace.archive.remembered import Note, Remembered
from journeyman.workspace.archive.scanning import Scan
from journeyman.workspace.archive.spans import Fresh, Run, Spans, compare
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.tree import order

CHANGED_LEAST = 1000
"""That many entries may always differ; beyond, a quarter of them."""


@dataclass(frozen=True)
class Amendment:
    """Which entries of the tree are carried over, and which are not."""

    columns: Columns
    """Of the tree before."""
    rows: list[bytes]
    """Of its entries, in the manifest (`bodytext`)."""
    counted: Summary
    """Of its archive."""
    note: Note
    """Of the tree before."""
    records: bytes
    """The scan of the tree now."""
    parts: list[Run | Fresh]
    gone: list[int]
    """Entries of the tree before that are not carried over."""

    @cached_property
    def fresh(self) -> list[TreeEntry]:
        return [part.entry for part in self.parts if isinstance(part, Fresh)]

    @cached_property
    def files(self) -> list[TreeEntry]:
        """Whose content must be known anew."""
        return [entry for entry in self.fresh if entry.kind == "file"]

    @property
    def cuts(self) -> dict[bytes, list[Cut]]:
        """How files were cut that were large and are otherwise now, by path."""
        columns, found = self.columns, dict[bytes, list[Cut]]()
        for part in self.parts:
            if isinstance(part, Fresh) and part.was is not None and part.entry.size > WHOLE_BYTES:
                found[part.entry.path] = columns.cuts(part.was)
        return found

    @property
    def packs(self) -> dict[PackRef, int]:
        """Sizes of what the tree before relies on."""
        return {pack.ref: pack.size for pack in self.columns.packs}


def amendment(
    remembered: Remembered, manifest: bytes, seen: Scan, calm_before_ns: int, limits: Limits
) -> Amendment | None:
    """`manifest`: the object the cache was written with. `seen` has the attributes of what changed since.
    `calm_before_ns`: what has no later times is not racy now."""
    columns = remembered.columns
    if (
        remembered.note.skipped
        or remembered.note.quiet_ns >= calm_before_ns
        or columns.attributes
        or seen.attributes
        or NOT_KNOWN in columns.counts
    ):
        return None
    most = max(CHANGED_LEAST, len(columns.lengths) // 4)
    if (
        len(columns.racy) > most
        or (spans := compare(columns.records, columns.offsets, seen.records, most)) is None
    ):
        return None
    try:
        columns, rows = remembered.whole(), bodytext.node_rows(codec.body_of(manifest, limits))
    except MalformedError:
        return None
    if not len(columns.lengths) == len(columns.told_lengths) == len(rows):
        return None
    if not _is_plain(columns, spans, remembered.note.newest_ns) or not _in_place(columns, spans):
        return None
    parts, gone = _without(spans, columns)
    return Amendment(
        columns=columns,
        rows=rows,
        counted=codec.decode_summary(manifest),
        note=remembered.note,
        records=seen.records,
        parts=parts,
        gone=gone,
    )


def _is_plain(columns: Columns, spans: Spans, newest_ns: int) -> bool:
    """What differs, before and now, stands for itself; what its attributes are was asked."""
    changed = [part.entry for part in spans.parts if isinstance(part, Fresh)]
    if any(entry.kind == "other" or entry.ctime_ns < newest_ns for entry in changed):
        return False
    before = [columns.entry(number) for number in {*spans.gone, *columns.racy}]
    return all(entry.nlink == 1 for entry in (*changed, *before) if entry.kind == "file")


def _in_place(columns: Columns, spans: Spans) -> bool:
    """The tree is in canonical order, and every entry is in a directory. What was so before is not asked."""
    last: bytes | None = None
    for part in spans.parts:
        begins = part.entry.path if isinstance(part, Fresh) else columns.entry(part.start).path
        if last is not None and order(begins) <= order(last):
            return False
        last = begins if isinstance(part, Fresh) else columns.entry(part.stop - 1).path
    gone = frozenset(spans.gone)
    made = {p.entry.path for p in spans.parts if isinstance(p, Fresh) and p.entry.kind == "directory"}
    lost = {e.path for e in map(columns.entry, spans.gone) if e.kind == "directory"} - made
    starts = [part.start for part in spans.parts if isinstance(part, Run)]
    stops = [part.stop for part in spans.parts if isinstance(part, Run)]
    for number in spans.gone:
        path = columns.entry(number).path
        after = bisect_right(stops, number)
        if path in lost and after < len(starts) and columns.entry(starts[after]).path.startswith(path + b"/"):
            return False
    there: dict[bytes, bool] = {b"": True}

    def is_directory(path: bytes) -> bool:
        if path in made:
            return True
        at = bisect_left(range(len(columns.lengths)), order(path), key=lambda n: order(columns.entry(n).path))
        if at == len(columns.lengths) or at in gone:
            return False
        entry = columns.entry(at)
        return entry.path == path and entry.kind == "directory"

    for part in spans.parts:
        if isinstance(part, Fresh) and (part.was is None or lost):
            parent = part.entry.path.rpartition(b"/")[0]
            if parent not in there:
                there[parent] = is_directory(parent)
            if not there[parent]:
                return False
    return True


def _without(spans: Spans, columns: Columns) -> tuple[list[Run | Fresh], list[int]]:
    """The same, where racy entries are fresh ones."""
    parts: list[Run | Fresh] = []
    racy = sorted(columns.racy)
    for part in spans.parts:
        if isinstance(part, Fresh):
            parts.append(part)
            continue
        at = part.start
        for number in racy[bisect_left(racy, part.start) : bisect_left(racy, part.stop)]:
            if number > at:
                parts.append(Run(at, number))
            parts.append(Fresh(columns.entry(number), number))
            at = number + 1
        if at < part.stop:
            parts.append(Run(at, part.stop))
    return parts, sorted({*spans.gone, *racy})
