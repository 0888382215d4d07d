"""A tree and where its content is, one column for each thing there is to say of it.

Thousands of entries are copied, compared and renumbered as bytes and arrays here; nothing is made of an entry
that nobody asks for. Of files only, and in their order: `digests`, `counts`, `numbers`.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from journeyman.guest.frames import RECORD_HEAD_BYTES, entry_at
from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive.chunker import Cut
from journeyman.workspace.archive.model import Manifest, Pack
from journeyman.workspace.archive.packs import Content, FrameSpot, PackSpot, Spot
from journeyman.workspace.archive.scanning import Scan

NOT_KNOWN = 0xFFFFFFFF
FILE = 0
"""What a file is called in `Columns.kinds`."""


@dataclass(frozen=True, repr=False)
class Columns:
    records: bytes
    """The scan, as the guest wrote it."""
    attributes: bytes
    lengths: array[int]
    """Of the record of each entry."""
    racy: array[int]
    """Numbers of entries that may have changed again without looking different."""
    digests: bytes
    counts: array[int]
    """How many chunks each file has, or `NOT_KNOWN`."""
    numbers: array[int]
    """Which, one file after the other."""
    packs: tuple[Pack, ...]
    frames: tuple[array[int], ...]
    """Pack, offset, stored, raw."""
    ids: bytes
    chunks: tuple[array[int], ...]
    """Frame, offset, length."""
    told: bytes
    """`tree.told` of every entry, one after the other. Empty where the tree is not told entry by entry: the
    scan has something that is not archived, or is in another order."""
    told_lengths: array[int]

    @cached_property
    def offsets(self) -> list[int]:
        """Where each record begins, and where the last one ends."""
        return [0, *accumulate(self.lengths)]

    def entry(self, number: int) -> TreeEntry:
        """Without its attributes."""
        return entry_at(self.records, self.offsets[number])[0]

    @cached_property
    def told_offsets(self) -> list[int]:
        return [0, *accumulate(self.told_lengths)]

    @cached_property
    def kinds(self) -> bytes:
        """Of each entry, as on the wire."""
        return bytes(map(self.records.__getitem__, self.offsets[:-1]))

    @cached_property
    def number_offsets(self) -> list[int]:
        """Where the numbers of each file begin, and where the last ones end."""
        return [0, *accumulate([0 if count == NOT_KNOWN else count for count in self.counts])]

    def files_before(self, entry: int, known: tuple[int, int] = (0, 0)) -> int:
        """How many files there are before that entry; `known`: an earlier entry and its answer."""
        return known[1] + self.kinds.count(FILE, known[0], entry)

    def cuts(self, entry: int) -> list[Cut]:
        """Length and id of each chunk of that entry, where it is a file."""
        if self.kinds[entry] != FILE:
            return []
        file = self.files_before(entry)
        numbers = self.numbers[self.number_offsets[file] : self.number_offsets[file + 1]]
        return [(self.chunks[2][number], self.idents[number]) for number in numbers]

    @cached_property
    def idents(self) -> list[bytes]:
        """Of the chunks."""
        return [ident for (ident,) in struct.iter_unpack("32s", self.ids)]

    def catalog(self) -> dict[bytes, Spot]:
        packs = [PackSpot(pack.name, pack.size, pack.owner) for pack in self.packs]
        of_frames, *sizes = self.frames
        frames = list(map(FrameSpot, [packs[each] for each in of_frames], *sizes))
        of, offsets, lengths = self.chunks
        return dict(zip(self.idents, map(Spot, [frames[each] for each in of], offsets, lengths), strict=True))


def columns_of(
    seen: Scan,
    contents: Mapping[bytes, Content],
    racy: Iterable[bytes],
    manifest: Manifest,
    told: Sequence[bytes],
) -> Columns:
    """`contents` by path, of files in `seen`, made of `manifest`'s chunks; `told` of its entries."""
    number = {chunk.id: index for index, chunk in enumerate(manifest.chunks)}
    again = frozenset(racy)
    digests: list[bytes] = []
    counts, numbers = array("I"), array("I")
    for entry in seen.told:
        if entry.kind != "file":
            continue
        content = contents.get(entry.path)
        if content is None or not all(ident in number for ident in content.ids):
            counts.append(NOT_KNOWN)
            digests.append(bytes(32))
            continue
        counts.append(len(content.ids))
        numbers.extend([number[ident] for ident in content.ids])
        digests.append(content.digest)
    alike = [entry.path for entry in seen.told] == [node.path for node in manifest.nodes]
    return Columns(
        records=seen.records,
        attributes=seen.attributes,
        lengths=array("I", [RECORD_HEAD_BYTES + len(e.path) + len(e.target) for e in seen.told]),
        racy=array("I", [at for at, entry in enumerate(seen.told) if entry.path in again] if again else []),
        digests=b"".join(digests),
        counts=counts,
        numbers=numbers,
        packs=manifest.packs,
        frames=tuple(
            array("I", [getattr(frame, name) for frame in manifest.frames])
            for name in ("pack", "offset", "stored", "raw")
        ),
        ids=b"".join([chunk.id for chunk in manifest.chunks]),
        chunks=tuple(
            array("I", [getattr(chunk, name) for chunk in manifest.chunks])
            for name in ("frame", "offset", "length")
        ),
        told=b"".join(told) if alike else b"",
        told_lengths=array("I", map(len, told) if alike else []),
    )
