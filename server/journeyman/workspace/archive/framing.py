"""From the content of files to frames: what is new of it, chunk by chunk, where it will be compressed.

Content is read into the frame that is being filled, behind what it holds already, or copied there once. A
chunk that is new stays where it is; only what follows a known one is moved, and what is not cut yet where the
next frame begins. Everything here is plain computing, in whatever thread has the content.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blake3 import blake3

from journeyman.rooms import Rooms
from journeyman.workspace.archive.chunker import (
    MIB,
    MOST_BYTES,
    NOTHING,
    WHOLE_BYTES,
    Cut,
    Cutter,
    by_offset,
)
from journeyman.workspace.archive.packs import (
    FRAME_BYTES,
    FRAME_CHUNKS,
    Content,
    FrameSpot,
    FullFrame,
    PackSpot,
    Spot,
)

SPARE_BYTES = MIB
"""What there is always more room than, as `ports.guest.Room` has it."""
ROOM_BYTES = FRAME_BYTES + MOST_BYTES + SPARE_BYTES
"""A frame that is not full, and behind it as much of a file as may not have a cut yet."""
LEAST_TO_CUT = 2 * MIB
"""Looking for cuts in less would look at most bytes twice."""


class _Open:
    """A file of which more is to come."""

    def __init__(self) -> None:
        self.size = 0
        self.ids: list[bytes] = []
        self.cutter: Cutter | None = None
        self.hasher: blake3 | None = None
        """Both once it is larger than one chunk."""
        self.enough = 0
        """With how much of it that is not cut yet the next cuts are looked for."""


class Framer:
    """Cuts files, one after the other, into chunks and gathers the new ones in frames.

    `catalog` says where every chunk known so far is; it starts with what earlier archives hold.
    """

    def __init__(self, key: bytes, catalog: dict[bytes, Spot]) -> None:
        self._key = key
        self.catalog = catalog
        self._open: _Open | None = None
        self._before: Mapping[int, Cut] = NOTHING
        self._rooms = Rooms(ROOM_BYTES)
        self._full: list[FullFrame] = []
        self._uncut = 0
        """Bytes of the open file that lie behind the frame's."""
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

    def room(self) -> memoryview:
        """Where the next piece may be read to, more than `SPARE_BYTES`; `take` then gets a view of the
        beginning of it."""
        return self._room[self._size + self._uncut :]

    def take(self, data: bytes | memoryview, *, last: bool) -> Content | None:
        """The next piece of a file; what that holds, where it is the `last`."""
        state = self._open
        if state is None:
            if last and len(data) <= WHOLE_BYTES:
                ident = self._whole(data)
                return Content((ident,) if data else (), len(data), ident)
            state = self._open = _Open()
        state.size += len(data)
        if state.size <= WHOLE_BYTES:
            self._lay(data)
        else:
            self._cut_up(state, data)
        if not last:
            return None
        content = self._end(state)
        self.forget_file()
        return content

    def _whole(self, data: bytes | memoryview) -> bytes:
        """A chunk that came as one piece."""
        ident = self._ident(data)
        if data and ident not in self.catalog:
            self._lay(data)
            self._keep(ident, self._size, len(data))
            self._uncut = 0
        return ident

    def _lay(self, data: bytes | memoryview) -> None:
        """Behind what is there, unless it was read to there."""
        if not isinstance(data, memoryview) or data.obj is not self._room.obj:
            self.room()[: len(data)] = data
        self._uncut += len(data)

    def _cut_up(self, state: _Open, data: bytes | memoryview) -> None:
        """A piece of a file that is more than one chunk."""
        if state.cutter is None or state.hasher is None:
            state.cutter = Cutter(self._before, self._ident)
            state.hasher = blake3(self._room[self._size : self._size + self._uncut], key=self._key)
            state.enough = self._enough()
        state.hasher.update(data)
        while data:
            fits = len(self.room())
            self._lay(data[:fits])
            data = data[fits:]
            if self._uncut >= state.enough:
                found = self._cut(state.cutter, state.ids, ended=False)
                state.enough = self._enough() if found else min(self._uncut + MIB, self._most())

    def _most(self) -> int:
        """How much that is not cut leaves room for what comes next. More than the longest chunk."""
        return ROOM_BYTES - SPARE_BYTES - self._size

    def _enough(self) -> int:
        """As much as should fill the frame, with what is left behind the last cut."""
        return min(max(LEAST_TO_CUT, FRAME_BYTES + MIB - self._size), self._most())

    def _cut(self, cutter: Cutter, ids: list[bytes], *, ended: bool) -> bool:
        """Keep all chunks but one that ends with what there is: more might have moved that cut. Answers
        whether there were any."""
        at, before = self._size, len(ids)
        while self._uncut:
            length, ident = cutter.next(self._room[at : at + self._uncut], ended=ended)
            if not length:
                break
            ids.append(ident or self._ident(self._room[at : at + length]))
            self._uncut -= length
            room, after = self._room, at + length
            if ids[-1] not in self.catalog:
                self._keep(ids[-1], at, length)
            at = after
            if self._room is not room:
                self._room[: self._uncut] = room[at : at + self._uncut]
                at = 0
        if at != self._size:
            self._room[self._size : self._size + self._uncut] = self._room[at : at + self._uncut]
        return len(ids) > before

    def _end(self, state: _Open) -> Content:
        if state.cutter is None or state.hasher is None:
            ident = self._ident(self._room[self._size : self._size + self._uncut])
            if self._uncut and ident not in self.catalog:
                self._keep(ident, self._size, self._uncut)
            return Content((ident,) if state.size else (), state.size, ident)
        self._cut(state.cutter, state.ids, ended=True)
        return Content(tuple(state.ids), state.size, state.hasher.digest())

    def _ident(self, data: bytes | memoryview) -> bytes:
        return blake3(data, key=self._key).digest()

    def _keep(self, ident: bytes, at: int, length: int) -> None:
        """A new chunk that lies at `at`. The frame may be full with it; then another one begins."""
        if at != self._size:
            self._room[self._size : self._size + length] = self._room[at : at + length]
        self.catalog[ident] = Spot(self._frame, self._size, length)
        self._size += length
        self._index.append([ident.hex(), length])
        if self._size >= FRAME_BYTES or len(self._index) >= FRAME_CHUNKS:
            self._full += self.rest()

    def forget_file(self) -> None:
        """No more of this file comes; its chunks stay."""
        self._open, self._before, self._uncut = None, NOTHING, 0
