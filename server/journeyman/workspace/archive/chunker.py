"""Cutting a file into chunks. The manifest names the way, so that another may come later.

Files up to a MiB are one chunk. Larger ones are cut by FastCDC (Xia et al., "The Design of Fast
Content-Defined Chunking", IEEE TPDS 2020) at 256 KiB to 4 MiB, about 1.25 MiB on average, so that an
insertion moves few cuts. A cut depends only on the content since the cut before it, never on how the
content came in. The library holds the interpreter's lock: it sees at most `WINDOW_BYTES` at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyfastcdc

KIB, MIB = 1024, 1024 * 1024
CHUNKER = "fastcdc2020-256k-1m-4m"
FIXED = "fixed-1m"
"""Of earlier archives: 1 MiB chunks. They are restored, and their files reused while unchanged."""
CHUNKERS = frozenset({CHUNKER, FIXED})

WHOLE_BYTES = MIB
MOST_BYTES = 4 * MIB
WINDOW_BYTES = 5 * MIB


class Cutter:
    """Cuts one file larger than `WHOLE_BYTES`: `feed` it in order, then `end`. A chunk is good until the next
    is asked for. `room`: where the content is gathered, `WINDOW_BYTES` or more of it."""

    def __init__(self, room: memoryview | None = None) -> None:
        self._cdc = pyfastcdc.FastCDC(MIB, min_size=256 * KIB, max_size=MOST_BYTES)
        self._window = (memoryview(bytearray(WINDOW_BYTES)) if room is None else room)[:WINDOW_BYTES]
        self._size = 0

    def feed(self, data: bytes) -> Iterator[memoryview]:
        """Chunks that are complete, whatever comes next."""
        left = memoryview(data)
        while left:
            taken = min(len(left), WINDOW_BYTES - self._size)
            self._window[self._size : self._size + taken] = left[:taken]
            self._size += taken
            left = left[taken:]
            if self._size == WINDOW_BYTES:
                yield from self._cut(ended=False)

    def end(self) -> Iterator[memoryview]:
        return self._cut(ended=True)

    def _cut(self, *, ended: bool) -> Iterator[memoryview]:
        """All chunks but one that ends with what there is: more might have moved that cut."""
        view = self._window[: self._size]
        used = 0
        for chunk in self._cdc.cut_buf(view):
            until = chunk.offset + chunk.length
            if until == len(view) and not ended:
                break
            yield view[used:until]
            used = until
        self._size = len(view) - used
        self._window[: self._size] = view[used:]
