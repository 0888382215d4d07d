"""Packs, frames and chunks as the tables of a manifest number them, for reading some of what is kept."""

from __future__ import annotations

from collections.abc import Mapping

from journeyman.workspace.archive.model import Chunk, Frame, Pack
from journeyman.workspace.archive.packs import FrameSpot, Spot


class Numbering:
    """In the order of their first use."""

    def __init__(self, catalog: Mapping[bytes, Spot]) -> None:
        self._catalog = catalog
        self._packs: dict[int, tuple[int, Pack]] = {}
        self._frames: dict[int, tuple[int, Frame]] = {}
        self._chunks: dict[bytes, tuple[int, Chunk]] = {}

    def number(self, ident: bytes) -> int:
        """Of this chunk, which the catalog has."""
        if ident not in self._chunks:
            spot = self._catalog[ident]
            chunk = Chunk(ident, self._frame(spot.frame), spot.offset, spot.length)
            self._chunks[ident] = (len(self._chunks), chunk)
        return self._chunks[ident][0]

    def _frame(self, spot: FrameSpot) -> int:
        if id(spot) not in self._frames:
            fresh = (len(self._packs), Pack(spot.pack.name, spot.pack.size))
            pack, _ = self._packs.setdefault(id(spot.pack), fresh)
            frame = Frame(pack, spot.offset, spot.stored, spot.raw)
            self._frames[id(spot)] = (len(self._frames), frame)
        return self._frames[id(spot)][0]

    @property
    def packs(self) -> tuple[Pack, ...]:
        return tuple(pack for _, pack in self._packs.values())

    @property
    def frames(self) -> tuple[Frame, ...]:
        return tuple(frame for _, frame in self._frames.values())

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        return tuple(chunk for _, chunk in self._chunks.values())
