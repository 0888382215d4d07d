"""Cutting a file into chunks. The manifest names the way, so that another may come later."""

from __future__ import annotations

from collections.abc import Iterator

CHUNKER = "fixed-1m"
CHUNK_BYTES = 1024 * 1024


class Cutter:
    """Cuts one file: `feed` it in order, then `end`. Up to a MiB is one chunk, an empty file has none."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Chunks that are complete and not the last."""
        self._kept += data
        start = 0
        while len(self._kept) - start > CHUNK_BYTES:
            yield bytes(self._kept[start : start + CHUNK_BYTES])
            start += CHUNK_BYTES
        del self._kept[:start]

    def end(self) -> bytes:
        """The last chunk; empty only for an empty file."""
        last = bytes(self._kept)
        self._kept.clear()
        return last
