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

from dataclasses import dataclass
from typing import NamedTuple

from blake3 import blake3

from journeyman.ports.objects import Data
from journeyman.rooms import Recycled
from journeyman.workspace.archive import strict
from journeyman.workspace.archive.limits import LIMITS, Limits
from journeyman.workspace.archive.model import PackRef
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.zstd import FASTER_LEVEL, compress, decompress

MAGIC = b"JMPACK01"
END = b"JMPKEND1"
FRAME_BYTES = 4 * 1024 * 1024
PACK_BYTES = 32 * 1024 * 1024
FRAME_CHUNKS = 8192
PACK_CHUNKS = 65536
"""Very many very small files end a frame and a pack by count, so that footers stay small."""
ROOM_BYTES = PACK_BYTES + 16 * 1024 * 1024
"""A pack may be fuller by the frame that fills it, and by its footer: less than a hundred bytes for each
of at most `PACK_CHUNKS + FRAME_CHUNKS` chunks, before it is compressed."""
NO_ROOM = memoryview(b"")


@dataclass(slots=True, eq=False)
class PackSpot:
    """A pack, stored or still being filled; then `name` is empty."""

    name: str = ""
    size: int = 0
    owner: str | None = None
    """As of `model.Pack`; what is filled here is the project's own."""

    @property
    def ref(self) -> PackRef:
        return self.owner, self.name


@dataclass(slots=True, eq=False)
class FrameSpot:
    pack: PackSpot
    offset: int = 0
    stored: int = 0
    raw: int = 0


class Spot(NamedTuple):
    """Where a chunk is."""

    frame: FrameSpot
    offset: int
    length: int


@dataclass(slots=True)
class SealedPack:
    spot: PackSpot
    data: Data
    """Empty once the store has it."""


class Content(NamedTuple):
    """What a file turned out to hold."""

    ids: tuple[bytes, ...]
    size: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class FullFrame:
    """Chunks that will be compressed together; `Packer.place` says where they ended up."""

    spot: FrameSpot
    raw: bytes | memoryview
    """Until `Framer.pressed`."""
    index: list[list[object]]


class Packer:
    """Lays compressed frames one after the other into packs. A pack is in memory once."""

    def __init__(self) -> None:
        self._rooms = Recycled(ROOM_BYTES)
        self._start_pack()

    def _start_pack(self) -> None:
        self._pack = PackSpot()
        self._room = NO_ROOM
        self._size = 0
        self._index: list[object] = []
        self._count = 0

    def place(self, frame: FullFrame, stored: bytes) -> bool:
        """Take a compressed frame; answers whether the pack is full now and must be sealed."""
        if not self._index:
            self._room = self._rooms.take()
            self._write(MAGIC)
        spot = frame.spot
        spot.pack, spot.offset, spot.stored = self._pack, self._size, len(stored)
        self._write(stored)
        self._count += len(frame.index)
        self._index.append([spot.offset, spot.stored, spot.raw, frame.index])
        return self._size >= PACK_BYTES - FRAME_BYTES or self._count >= PACK_CHUNKS

    def seal(self) -> list[SealedPack]:
        """End the pack that is being filled; answers it, or nothing where there is none."""
        if not self._index:
            return []
        footer = compress(strict.dump(self._index), FASTER_LEVEL)
        self._write(footer + len(footer).to_bytes(4, "little") + END)
        data = self._room[: self._size]
        self._pack.name, self._pack.size = blake3(data).hexdigest(), len(data)
        sealed = SealedPack(self._pack, data)
        self._start_pack()
        return [sealed]

    def rest(self) -> None:
        """No more comes soon: keep no memory for it."""
        self._rooms.drop()

    def _write(self, data: bytes) -> None:
        end = self._size + len(data)
        self._room[self._size : end] = data
        self._size = end


Index = list[tuple[FrameSpot, list[tuple[bytes, Spot]]]]
"""Frames, and the chunks in each."""
TAIL_BYTES = 12


def read_index(data: bytes, limits: Limits = LIMITS) -> Index:
    """The index a pack carries in its footer. Raises `MalformedError`."""
    length = footer_bytes(data[-TAIL_BYTES:], len(data))
    if data[:8] != MAGIC:
        raise MalformedError("it is not a pack")
    footer = data[-TAIL_BYTES - length : -TAIL_BYTES]
    return index_in(footer, PackSpot(blake3(data).hexdigest(), len(data)), limits)


def footer_bytes(tail: bytes, size: int) -> int:
    """How many bytes before its last `TAIL_BYTES` are the footer of a pack of `size` bytes."""
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != END or not 0 < length <= size - 20:
        raise MalformedError("it is not a pack")
    return length


def index_in(stored: bytes, pack: PackSpot, limits: Limits = LIMITS) -> Index:
    """The index that is the footer of `pack`."""
    footer = decompress(stored, limits.footer_bytes, limits.window_bytes)
    index: Index = []
    for value in strict.rows(strict.parse(footer, len(footer) // 8), pack.size):
        offset, length, raw, chunks = strict.row(value, 4)
        frame = FrameSpot(
            pack,
            strict.whole(offset, len(MAGIC), pack.size),
            strict.whole(length, 1, pack.size),
            strict.whole(raw, 1, limits.frame_bytes),
        )
        at = 0
        inside: list[tuple[bytes, Spot]] = []
        for chunk in strict.rows(chunks, limits.frame_bytes):
            ident, size = strict.row(chunk, 2)
            spot = Spot(frame, at, strict.whole(size, 1, limits.chunk_bytes))
            inside.append((strict.digest(ident), spot))
            at += spot.length
        if at != frame.raw or frame.offset + frame.stored > pack.size:
            raise MalformedError("its index does not fit its frames")
        index.append((frame, inside))
    return index
