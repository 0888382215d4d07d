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
WINDOW_BYTES = 5 * MIB


class Cutter:
    """Cuts one file larger than `WHOLE_BYTES`: `feed` it in order, then `end`."""

    def __init__(self) -> None:
        self._cdc = pyfastcdc.FastCDC(MIB, min_size=256 * KIB, max_size=MOST_BYTES)
        self._kept: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[memoryview]:
        """Chunks that are complete, whatever comes next."""
        self._kept.append(data)
        self._size += len(data)
        return self._cut(ended=False) if self._size >= WINDOW_BYTES else []

    def end(self) -> list[memoryview]:
        return self._cut(ended=True)

    def _cut(self, *, ended: bool) -> list[memoryview]:
        """All chunks but one that ends with what there is: more might have moved that cut."""
        view = memoryview(b"".join(self._kept))
        self._kept.clear()
        chunks: list[memoryview] = []
        used = 0
        for chunk in self._cdc.cut_buf(view):
            until = chunk.offset + chunk.length
            if until == len(view) and not ended:
                break
            chunks.append(view[used:until])
            used = until
        self._size = len(view) - used
        self._kept.append(bytes(view[used:]))
        return chunks
