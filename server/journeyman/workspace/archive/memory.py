"""Large buffers go back to the system as soon as they are free, and small ones when an archive is done.

glibc raises its threshold for blocks of their own with every large block that is freed, so that packs of 32
MiB end up in per-thread heaps that never shrink: the daemon would keep the peak of its largest archive. A
fixed threshold above the size of a frame keeps packs apart, and few heaps make frames find freed ones. The
same fixed threshold makes glibc give back every 128 KiB at the end of a heap, only to ask for it again with
the next frame, zeroed; so a heap may keep `KEPT_BYTES` until `give_back`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Generator
from contextlib import contextmanager

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
THRESHOLD_BYTES = 9 * 1024 * 1024
KEPT_BYTES = 16 * 1024 * 1024
ARENAS = 2


def keep_packs_apart() -> None:
    """Where the C library is not glibc, nothing."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, THRESHOLD_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(M_ARENA_MAX, ARENAS)


@contextmanager
def given_back() -> Generator[None]:
    """What was freed in the block goes back to the system at its end."""
    try:
        yield
    finally:
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
