"""The tables of a manifest made of those of the one before: what is needed, in the order of first use."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from itertools import count
from typing import NamedTuple

from journeyman.workspace.archive.columns import Columns
from journeyman.workspace.archive.model import Chunk, Frame, Pack
from journeyman.workspace.archive.packs import Spot


class Tables(NamedTuple):
    """As in `Columns`."""

    numbers: array[int]
    packs: tuple[Pack, ...]
    frames: tuple[array[int], ...]
    ids: bytes
    chunks: tuple[array[int], ...]


class Added(NamedTuple):
    """What the archive before did not need, numbered as in a manifest of its own."""

    packs: list[Pack]
    frames: list[Frame]
    chunks: list[Chunk]


class Store:
    """Counts chunks on from those of the archive before."""

    def __init__(self, before: Columns, catalog: Mapping[bytes, Spot]) -> None:
        self._before = before
        self._catalog = catalog
        self._number = dict(zip(before.idents, count()))
        self._new: list[bytes] = []

    def numbers(self, ids: Iterable[bytes]) -> list[int]:
        found: list[int] = []
        for ident in ids:
            if (number := self._number.get(ident)) is None:
                number = self._number[ident] = len(self._number)
                self._new.append(ident)
            found.append(number)
        return found

    def chunks(self, numbers: Iterable[int]) -> dict[int, Chunk]:
        """By number; where they are is left out."""
        idents, (_, _, lengths) = self._before.idents, self._before.chunks
        found: dict[int, Chunk] = {}
        for number in numbers:
            if number < len(idents):
                found[number] = Chunk(idents[number], 0, 0, lengths[number])
            else:
                ident = self._new[number - len(idents)]
                found[number] = Chunk(ident, 0, 0, self._catalog[ident].length)
        return found

    def added(self) -> Added:
        spots = [self._catalog[ident] for ident in self._new]
        frames = list({id(spot.frame): spot.frame for spot in spots}.values())
        packs = list({id(frame.pack): frame.pack for frame in frames}.values())
        frame_of = {id(frame): number for number, frame in enumerate(frames)}
        pack_of = {id(pack): number for number, pack in enumerate(packs)}
        return Added(
            [Pack(pack.name, pack.size, pack.owner) for pack in packs],
            [Frame(pack_of[id(each.pack)], each.offset, each.stored, each.raw) for each in frames],
            [
                Chunk(ident, frame_of[id(spot.frame)], spot.offset, spot.length)
                for ident, spot in zip(self._new, spots, strict=True)
            ],
        )

    def tables(self, used: Iterable[int]) -> Tables:
        """`used`: the chunks of every file, one after the other, as they are counted here."""
        before, added = self._before, self.added()
        frames_before, packs = len(before.frames[0]), (*before.packs, *added.packs)
        in_frame = [*before.chunks[0], *[chunk.frame + frames_before for chunk in added.chunks]]
        in_pack = [*before.frames[0], *[frame.pack + len(before.packs) for frame in added.frames]]
        idents = [*before.idents, *self._new]
        used = list(used)
        chunks = _first_uses(used)
        frames = _first_uses([in_frame[chunk] for chunk in chunks])
        needed = _first_uses([in_pack[frame] for frame in frames])

        def column(old: array[int], new: Iterable[int], chosen: Iterable[int]) -> array[int]:
            return array("I", map([*old, *new].__getitem__, chosen))

        return Tables(
            numbers=array("I", map(chunks.__getitem__, used)),
            packs=tuple([packs[pack] for pack in needed]),
            frames=(
                array("I", [needed[in_pack[frame]] for frame in frames]),
                column(before.frames[1], [frame.offset for frame in added.frames], frames),
                column(before.frames[2], [frame.stored for frame in added.frames], frames),
                column(before.frames[3], [frame.raw for frame in added.frames], frames),
            ),
            ids=b"".join(map(idents.__getitem__, chunks)),
            chunks=(
                array("I", [frames[in_frame[chunk]] for chunk in chunks]),
                column(before.chunks[1], [chunk.offset for chunk in added.chunks], chunks),
                column(before.chunks[2], [chunk.length for chunk in added.chunks], chunks),
            ),
        )


def _first_uses(used: Iterable[int]) -> dict[int, int]:
    """What is used, in the order of its first use, with its number in that order."""
    return dict(zip(dict.fromkeys(used), count()))
