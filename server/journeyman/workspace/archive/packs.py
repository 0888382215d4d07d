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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from blake3 import blake3

from journeyman.ports.objects import Data
from journeyman.rooms import Recycled, Rooms
from journeyman.workspace.archive import strict
from journeyman.workspace.archive.chunker import MOST_BYTES, NOTHING, WHOLE_BYTES, Cut, Cutter, by_offset
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


@dataclass(slots=True)
class _Open:
    """A file of which more is to come. Up to `WHOLE_BYTES` it is only gathered."""

    gathered: list[bytes] = field(default_factory=list[bytes])
    room: memoryview | None = None
    cutter: Cutter | None = None
    ids: list[bytes] = field(default_factory=list[bytes])
    size: int = 0
    hasher: blake3 | None = None


class Framer:
    """Cuts files, one after the other, into chunks and gathers the new ones in frames.

    `catalog` says where every chunk known so far is; it starts with what earlier archives hold.
    """

    def __init__(self, key: bytes, catalog: dict[bytes, Spot]) -> None:
        self._key = key
        self.catalog = catalog
        self._open: _Open | None = None
        self._before: Mapping[int, Cut] = NOTHING
        self._rooms = Rooms(FRAME_BYTES + MOST_BYTES)
        self._full: list[FullFrame] = []
        self._start_frame()

    def _start_frame(self) -> None:
        self._frame = FrameSpot(PackSpot())
        self._room = self._rooms.take()
        self._size = 0
        self._index: list[list[object]] = []

    def expect(self, cuts: Sequence[Cut]) -> None:
        """How an earlier version of the file was cut that comes next: an aid, not a promise."""
        self._before = by_offset(cuts)

    def full(self) -> list[FullFrame]:
        """The frames that became full."""
        full, self._full = self._full, []
        return full

    def rest(self) -> list[FullFrame]:
        """The frame that is not full yet, or nothing where there is none."""
        if not self._index:
            return []
        self._frame.raw = self._size
        frame = FullFrame(self._frame, self._room[: self._size], self._index)
        self._start_frame()
        return [frame]

    def pressed(self, frame: FullFrame) -> None:
        """Nobody looks at its content any more. For any thread."""
        if isinstance(frame.raw, memoryview):
            self._rooms.give(memoryview(frame.raw.obj))

    def take(self, data: bytes | memoryview, *, last: bool) -> Content | None:
        """The next piece of a file; what that holds, where it is the `last`."""
        state = self._open
        if state is None:
            if last and len(data) <= WHOLE_BYTES:
                ident = self._chunk(data)
                return Content((ident,) if data else (), len(data), ident)
            state = self._open = _Open()
        state.size += len(data)
        if state.cutter is None:
            state.gathered.append(bytes(data))
            if state.size > WHOLE_BYTES:
                state.room = self._rooms.take()
                state.cutter = Cutter(state.room, self._before, self._ident)
                state.hasher = blake3(key=self._key)
                data, state.gathered = b"".join(state.gathered), []
        if state.cutter is not None and state.hasher is not None:
            state.hasher.update(data)
            state.ids += [self._chunk(chunk, ident) for chunk, ident in state.cutter.feed(data)]
        if not last:
            return None
        content = self._end(state)
        self.forget_file()
        return content

    def _end(self, state: _Open) -> Content:
        if state.cutter is None or state.hasher is None:
            ident = self._chunk(b"".join(state.gathered))
            return Content((ident,) if state.size else (), state.size, ident)
        state.ids += [self._chunk(chunk, ident) for chunk, ident in state.cutter.end()]
        return Content(tuple(state.ids), state.size, state.hasher.digest())

    def _ident(self, data: bytes | memoryview) -> bytes:
        return blake3(data, key=self._key).digest()

    def _chunk(self, data: bytes | memoryview, ident: bytes | None = None) -> bytes:
        if ident is None:
            ident = self._ident(data)
        if data and ident not in self.catalog:
            self.catalog[ident] = Spot(self._frame, self._size, len(data))
            self._room[self._size : self._size + len(data)] = data
            self._size += len(data)
            self._index.append([ident.hex(), len(data)])
            if self._size >= FRAME_BYTES or len(self._index) >= FRAME_CHUNKS:
                self._full += self.rest()
        return ident

    def forget_file(self) -> None:
        """No more of this file comes; its chunks stay."""
        if self._open is not None and self._open.room is not None:
            self._rooms.give(self._open.room)
        self._open, self._before = None, NOTHING


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
