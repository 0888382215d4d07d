"""Cutting a file into chunks. The manifest names the way, so that another may come later.

Files up to a MiB are one chunk. Larger ones are cut by FastCDC (Xia et al., "The Design of Fast
Content-Defined Chunking", IEEE TPDS 2020) at 256 KiB to 4 MiB, about 1.25 MiB on average, so that an
insertion moves few cuts. A cut depends only on the content since the cut before it, never on how the
content came in; so where a chunk of an earlier version is there again, as its id tells, that cut need not be
looked for. The library holds the interpreter's lock: it sees at most `WINDOW_BYTES` at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType

import pyfastcdc

KIB, MIB = 1024, 1024 * 1024
CHUNKER = "fastcdc2020-256k-1m-4m"
FIXED = "fixed-1m"
"""Of earlier archives: 1 MiB chunks. They are restored, and their files reused while unchanged."""
CHUNKERS = frozenset({CHUNKER, FIXED})

WHOLE_BYTES = MIB
LEAST_BYTES = 256 * KIB
MOST_BYTES = 4 * MIB
WINDOW_BYTES = 5 * MIB


Cut = tuple[int, bytes]
"""Length and id of a chunk."""
NONE: Cut = 0, b""
NOTHING: Mapping[int, Cut] = MappingProxyType({})


def by_offset(cuts: Sequence[Cut]) -> dict[int, Cut]:
    """The chunks of an earlier version of a file that content alone has cut: neither the last one, nor any
    where they are of one fixed size."""
    if all(length == MIB for length, _ in cuts[:-1]):
        return {}
    offsets = accumulate([length for length, _ in cuts], initial=0)
    listed = zip(offsets, cuts[:-1], strict=False)
    return {offset: cut for offset, cut in listed if LEAST_BYTES <= cut[0] <= MOST_BYTES}


class Cutter:
    """Cuts one file larger than `WHOLE_BYTES`: `feed` it in order, then `end`. A chunk is good until the next
    is asked for; with it comes its id where that is known. `room`: where the content is gathered,
    `WINDOW_BYTES` or more of it. `before`: as `by_offset` tells, with what makes ids."""

    def __init__(
        self,
        room: memoryview | None = None,
        before: Mapping[int, Cut] = NOTHING,
        ident_of: Callable[[memoryview], bytes] = bytes,
    ) -> None:
        self._cdc = pyfastcdc.FastCDC(MIB, min_size=LEAST_BYTES, max_size=MOST_BYTES)
        self._window = (memoryview(bytearray(WINDOW_BYTES)) if room is None else room)[:WINDOW_BYTES]
        self._size = 0
        self._at = 0
        """Where in the file the window begins."""
        self._before = before
        self._ident_of = ident_of

    def feed(self, data: bytes | memoryview) -> Iterator[tuple[memoryview, bytes | None]]:
        """Chunks that are complete, whatever comes next."""
        left = memoryview(data)
        while left:
            taken = min(len(left), WINDOW_BYTES - self._size)
            self._window[self._size : self._size + taken] = left[:taken]
            self._size += taken
            left = left[taken:]
            if self._size == WINDOW_BYTES:
                yield from self._cut(ended=False)

    def end(self) -> Iterator[tuple[memoryview, bytes | None]]:
        return self._cut(ended=True)

    def _cut(self, *, ended: bool) -> Iterator[tuple[memoryview, bytes | None]]:
        """All chunks but one that ends with what there is: more might have moved that cut."""
        view = self._window[: self._size]
        used = 0
        while used < len(view):
            length, ident = self._next(view[used:], ended=ended)
            if not length:
                break
            yield view[used : used + length], ident
            used += length
            self._at += length
        self._size = len(view) - used
        self._window[: self._size] = view[used:]

    def _next(self, view: memoryview, *, ended: bool) -> tuple[int, bytes | None]:
        """Length of the chunk `view` begins with, and its id where it is an earlier one; 0 where more must
        come."""
        length, ident = self._before.get(self._at, NONE)
        if len(view) < length and not ended:
            return 0, None
        if 0 < length <= len(view) and self._ident_of(view[:length]) == ident:
            return length, ident
        length = next(iter(self._cdc.cut_buf(view))).length
        return (0 if length == len(view) and not ended else length), None
