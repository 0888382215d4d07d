"""Packs: immutable objects that hold compressed chunks, and know their own index.

    8 bytes  "JMPACK01"
    frames   zstd frames back to back, each holding whole chunks one after the other
    footer   canonical JSON in a zstd frame: [[offset, stored, raw, [[chunk id, length], ...]], ...]
    4 bytes  length of the footer, little endian
    8 bytes  "JMPKEND1"

The name of a pack is the BLAKE3 of all of it. A manifest carries the index of what it needs, so the footer
is only read to rebuild an index from packs alone. Everything here is plain computing, run in threads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from blake3 import blake3

from journeyman.workspace.archive import strict
from journeyman.workspace.archive.limits import LIMITS, Limits
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.zstd import compress, decompress

MAGIC = b"JMPACK01"
END = b"JMPKEND1"
FRAME_BYTES = 4 * 1024 * 1024
PACK_BYTES = 32 * 1024 * 1024
FRAME_CHUNKS = 8192
PACK_CHUNKS = 65536
"""Very many very small files end a frame and a pack by count, so that footers stay small."""


@dataclass(slots=True, eq=False)
class PackSpot:
    """A pack, stored or still being filled; then `name` is empty."""

    name: str = ""
    size: int = 0


@dataclass(slots=True, eq=False)
class FrameSpot:
    pack: PackSpot
    offset: int = 0
    stored: int = 0
    raw: int = 0


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a chunk is."""

    frame: FrameSpot
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class SealedPack:
    spot: PackSpot
    data: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """One chunk on its way in. `file` is any number; `last` ends that file."""

    file: int
    data: bytes
    last: bool


@dataclass(frozen=True, slots=True)
class Content:
    """What a file turned out to hold."""

    ids: tuple[bytes, ...]
    size: int
    digest: bytes


@dataclass(slots=True)
class _Open:
    """A file of which more chunks are to come."""

    ids: list[bytes] = field(default_factory=list[bytes])
    size: int = 0
    hasher: blake3 | None = None


class PackWriter:
    """Takes chunks in, keeps the new ones, hands out full packs.

    `catalog` says where every chunk known so far is; it starts with what earlier archives hold.
    """

    def __init__(self, key: bytes, catalog: dict[bytes, Spot]) -> None:
        self._key = key
        self.catalog = catalog
        self.contents: dict[int, Content] = {}
        self._open: dict[int, _Open] = {}
        self._start_pack()
        self._start_frame()

    def _start_pack(self) -> None:
        self._pack = PackSpot()
        self._data = bytearray(MAGIC)
        self._index: list[object] = []
        self._count = 0

    def _start_frame(self) -> None:
        self._frame = FrameSpot(self._pack)
        self._raw = bytearray()
        self._ids: list[list[object]] = []

    def absorb(self, pieces: Iterable[Piece]) -> list[SealedPack]:
        """Take chunks; answers the packs that became full."""
        sealed: list[SealedPack] = []
        for piece in pieces:
            self._note(piece)
            if len(self._raw) >= FRAME_BYTES or len(self._ids) >= FRAME_CHUNKS:
                self._close_frame()
                if len(self._data) >= PACK_BYTES - FRAME_BYTES or self._count >= PACK_CHUNKS:
                    sealed.append(self._close_pack())
        return sealed

    def seal(self) -> list[SealedPack]:
        """End the pack that is being filled; answers it, or nothing where there is none."""
        if self._raw:
            self._close_frame()
        return [self._close_pack()] if self._index else []

    def _note(self, piece: Piece) -> None:
        ident = blake3(piece.data, key=self._key).digest()
        if piece.data and ident not in self.catalog:
            self.catalog[ident] = Spot(self._frame, len(self._raw), len(piece.data))
            self._raw += piece.data
            self._ids.append([ident.hex(), len(piece.data)])
        state = self._open.get(piece.file)
        if state is None and piece.last:
            self.contents[piece.file] = Content((ident,) if piece.data else (), len(piece.data), ident)
            return
        if state is None:
            state = self._open[piece.file] = _Open(hasher=blake3(key=self._key))
        assert state.hasher is not None
        state.hasher.update(piece.data)
        state.ids.append(ident)
        state.size += len(piece.data)
        if piece.last:
            del self._open[piece.file]
            self.contents[piece.file] = Content(tuple(state.ids), state.size, state.hasher.digest())

    def forget_file(self, file: int) -> None:
        """Give up on a file that broke off; its chunks stay."""
        self._open.pop(file, None)
        self.contents.pop(file, None)

    def _close_frame(self) -> None:
        stored = compress(bytes(self._raw))
        frame = self._frame
        frame.offset, frame.stored, frame.raw = len(self._data), len(stored), len(self._raw)
        self._data += stored
        self._count += len(self._ids)
        self._index.append([frame.offset, frame.stored, frame.raw, self._ids])
        self._start_frame()

    def _close_pack(self) -> SealedPack:
        footer = compress(strict.dump(self._index))
        self._data += footer + len(footer).to_bytes(4, "little") + END
        data = bytes(self._data)
        self._data.clear()
        self._pack.name, self._pack.size = blake3(data).hexdigest(), len(data)
        sealed = SealedPack(self._pack, data)
        self._start_pack()
        self._start_frame()
        return sealed


def read_index(data: bytes, limits: Limits = LIMITS) -> list[tuple[FrameSpot, list[tuple[bytes, Spot]]]]:
    """The index a pack carries in its footer: frames, and the chunks in each. Raises `MalformedError`."""
    length = int.from_bytes(data[-12:-8], "little")
    if data[:8] != MAGIC or data[-8:] != END or not 0 < length <= len(data) - 20:
        raise MalformedError("it is not a pack")
    footer = decompress(data[-12 - length : -12], limits.footer_bytes, limits.window_bytes)
    pack = PackSpot(blake3(data).hexdigest(), len(data))
    index: list[tuple[FrameSpot, list[tuple[bytes, Spot]]]] = []
    for value in strict.rows(strict.parse(footer), len(data)):
        offset, stored, raw, chunks = strict.row(value, 4)
        frame = FrameSpot(
            pack,
            strict.whole(offset, len(MAGIC), len(data)),
            strict.whole(stored, 1, len(data)),
            strict.whole(raw, 1, limits.frame_bytes),
        )
        at = 0
        inside: list[tuple[bytes, Spot]] = []
        for chunk in strict.rows(chunks, limits.frame_bytes):
            ident, size = strict.row(chunk, 2)
            spot = Spot(frame, at, strict.whole(size, 1, limits.chunk_bytes))
            inside.append((strict.digest(ident), spot))
            at += spot.length
        if at != frame.raw or frame.offset + frame.stored > len(data):
            raise MalformedError("its index does not fit its frames")
        index.append((frame, inside))
    return index
