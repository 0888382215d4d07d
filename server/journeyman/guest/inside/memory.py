"""Who goes when memory runs out: a program that was started, not the guest, with which all would go.

Left alone, the kernel ends the largest. Of many small programs none is larger than the guest.
"""

from __future__ import annotations

import contextlib
import os

AHEAD = 500
"""Counts as half of the memory there is: the guest is taken only once it has more than that itself."""
MAX = 1000


def expendable() -> int:
    """What a program of ours is marked with: ahead of us, wherever we are."""
    try:
        with open("/proc/self/oom_score_adj", "rb") as own:
            return min(MAX, int(own.read()) + AHEAD)
    except (OSError, ValueError):
        return AHEAD


def prefer(pid: int, mark: int) -> None:
    """Whatever it starts from now on has the same mark. Where the kernel takes none, nothing is different."""
    with contextlib.suppress(OSError):
        file = os.open("/proc/%d/oom_score_adj" % pid, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(file, b"%d" % mark)
        finally:
            os.close(file)
