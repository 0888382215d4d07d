"""Cutting a file into chunks. The manifest names the way, so that another may come later.

Files up to a MiB are one chunk. Larger ones are cut by FastCDC (Xia et al., "The Design of Fast
Content-Defined Chunking", IEEE TPDS 2020) at 256 KiB to 4 MiB, about 1.25 MiB on average, so that an
insertion moves few cuts. A cut depends only on the content since the cut before it, never on how the
content came in; so where a chunk of an earlier version is there again, as its id tells, that cut need not be
looked for. The library holds the interpreter's lock: it should see few MiB at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    """Where the chunks of one file larger than `WHOLE_BYTES` end, one after the other. `before`: as
    `by_offset` tells, with what makes ids."""

    def __init__(
        self, before: Mapping[int, Cut] = NOTHING, ident_of: Callable[[memoryview], bytes] = bytes
    ) -> None:
        self._cdc = pyfastcdc.FastCDC(MIB, min_size=LEAST_BYTES, max_size=MOST_BYTES)
        self._at = 0
        """Where in the file the next chunk begins."""
        self._before = before
        self._ident_of = ident_of

    def next(self, view: memoryview, *, ended: bool) -> tuple[int, bytes | None]:
        """Length of the chunk `view` begins with, and its id where it is an earlier one; 0 where more must
        come, never with more than `MOST_BYTES`. Each chunk is told once. `ended`: `view` ends the file."""
        length, ident = self._before.get(self._at, NONE)
        if len(view) < length and not ended:
            return 0, None
        if not 0 < length <= len(view) or self._ident_of(view[:length]) != ident:
            length, ident = next(iter(self._cdc.cut_buf(view))).length, None
            if length == len(view) and not ended:
                return 0, None
        self._at += length
        return length, ident
