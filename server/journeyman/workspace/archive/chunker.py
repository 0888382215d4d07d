"""Cutting a file into chunks. The manifest names the way, so that another may come later.

Files up to a MiB are one chunk. Larger ones are cut by FastCDC (Xia et al., "The Design of Fast
Content-Defined Chunking", IEEE TPDS 2020) at 256 KiB to 4 MiB, about 1.25 MiB on average, so that an
insertion moves few cuts. A cut depends only on the content since the cut before it, never on how the
content came in. The library holds the interpreter's lock: it sees at most `WINDOW_BYTES` at a time.
"""

from __future__ import annotations

import pyfastcdc

KIB, MIB = 1024, 1024 * 1024
CHUNKER = "fastcdc2020-256k-1m-4m"
FIXED = "fixed-1m"
"""Of earlier archives: 1 MiB chunks. They are restored, and their files reused while unchanged."""
CHUNKERS = frozenset({CHUNKER, FIXED})

WHOLE_BYTES = MIB
MOST_BYTES = 4 * MIB
WINDOW_BYTES = 8 * MIB


class Cutter:
    """Cuts one file larger than `WHOLE_BYTES`: `feed` it in order, then `end`."""

    def __init__(self) -> None:
        self._cdc = pyfastcdc.FastCDC(MIB, min_size=256 * KIB, max_size=MOST_BYTES)
        self._kept = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Chunks that are complete, whatever comes next."""
        self._kept += data
        return self._cut(MOST_BYTES) if len(self._kept) >= WINDOW_BYTES else []

    def end(self) -> list[bytes]:
        return self._cut(0)

    def _cut(self, leave: int) -> list[bytes]:
        """Chunks that begin where at least `leave` bytes follow: then they end where they end."""
        chunks: list[bytes] = []
        used, view = 0, memoryview(self._kept)
        for chunk in self._cdc.cut_buf(view):
            if len(view) - chunk.offset < leave:
                break
            used = chunk.offset + chunk.length
            chunks.append(bytes(view[chunk.offset : used]))
        self._kept = self._kept[used:]
        return chunks
