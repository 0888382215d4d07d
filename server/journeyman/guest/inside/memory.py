"""Who goes when memory runs out: a program that was started, not the guest, with which all would go.

Left alone, the kernel ends the largest. Of many small programs none is larger than the guest.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

AHEAD = 500
"""Counts as half of the memory there is: the guest is taken only once it has more than that itself."""
MAX = 1000
INSIST_S = 2.0
"""Seconds after which a refusal is taken for final: a program that may not be read stays the kernel's."""


def expendable() -> int:
    """What a program of ours is marked with: ahead of us, wherever we are."""
    try:
        with open("/proc/self/oom_score_adj", "rb") as own:
            return min(MAX, int(own.read()) + AHEAD)
    except (OSError, ValueError):
        return AHEAD


def prefer(pid: int, mark: int, later: Callable[[Callable[[], None]], object]) -> None:
    """Whatever it starts from now on has the same mark. Where the kernel takes none, nothing is different.

    `pid` must not be reaped meanwhile. A program is told to have begun a moment before its files in /proc
    are ours again, where we are not root: then `later` gets the rest of the work.
    """
    place = "/proc/%d" % pid
    if _marked(place + "/oom_score_adj", None, mark):
        return
    try:
        process = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        later(lambda: _insist(process, mark))
    except RuntimeError:  # no thread is to be had
        os.close(process)


def _insist(process: int, mark: int) -> None:
    until = time.monotonic() + INSIST_S
    try:
        while not _marked("oom_score_adj", process, mark) and time.monotonic() < until:
            time.sleep(0.001)
    finally:
        os.close(process)


def _marked(path: str, within: int | None, mark: int) -> bool:
    """False where it was refused; a process that is gone, a kernel that has no marks: nothing more to do."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=within)
    except PermissionError:
        return False
    except OSError:
        return True
    try:
        with contextlib.suppress(OSError):
            os.write(file, b"%d" % mark)
    finally:
        os.close(file)
    return True
