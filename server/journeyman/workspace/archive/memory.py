"""Large buffers go back to the system as soon as they are free.

glibc raises its threshold for blocks of their own with every large block that is freed, so that packs of 32
MiB end up in per-thread heaps that never shrink: the daemon would keep the peak of its largest archive. A
fixed threshold above the size of a frame keeps packs apart, and few heaps make frames find freed ones.
"""

from __future__ import annotations

import ctypes

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
THRESHOLD_BYTES = 9 * 1024 * 1024
ARENAS = 2


def keep_packs_apart() -> None:
    """Where the C library is not glibc, nothing."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, THRESHOLD_BYTES)
        mallopt(M_ARENA_MAX, ARENAS)
