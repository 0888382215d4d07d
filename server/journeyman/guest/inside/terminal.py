"""Pseudo-terminals, and everything that lives in one: the session's processes and their descendants."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import termios
import time
from collections.abc import Callable

SIDE_MAX = 65535
_LOOK_S = 0.02
MARK = "JM_TERMINAL"
"""The variable by which what was started for a person is found again."""


def open_terminal(cols: int, rows: int) -> tuple[int, int]:
    """The two ends of a new terminal: ours, and the one its processes get."""
    ours, theirs = os.openpty()
    set_size(ours, cols, rows)
    return ours, theirs


def set_size(fd: int, cols: int, rows: int) -> None:
    """The processes in the terminal's foreground hear of it (SIGWINCH)."""
    if not (0 < cols <= SIDE_MAX and 0 < rows <= SIDE_MAX):
        raise ValueError("not a terminal's size")
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def take_terminal() -> None:
    """In the child, between fork and exec: its standard input is its session's terminal from now on."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def tree_of(leader: int, mark: bytes) -> list[int]:
    """Living processes that came of what `leader` started: members of its session, their descendants, and
    whoever carries `mark` in its environment, however far it went. The mark alone tells once the leader was
    reaped (`leader` 0), for its number may be another's by then."""
    parents: dict[int, int] = {}
    found: set[int] = set()
    dead: set[int] = set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        pid = int(name)
        try:
            with open("/proc/%s/stat" % name, "rb") as source:
                fields = source.read().rsplit(b")", 1)[1].split()
            parents[pid] = int(fields[1])
            if fields[0] in (b"Z", b"X"):
                dead.add(pid)
            elif leader and (pid == leader or int(fields[3]) == leader):
                found.add(pid)
            else:
                with open("/proc/%s/environ" % name, "rb") as source:
                    if mark and mark in source.read(1 << 20):
                        found.add(pid)
        except (OSError, IndexError):
            continue
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in found and pid not in found}
        grown = bool(more)
        found |= more
    return sorted(found - dead - {os.getpid()})


def signal_tree(number: int, tree: Callable[[], list[int]]) -> int:
    """Send it to everybody in the tree; answers how many there were."""
    members = tree()
    for pid in members:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    return len(members)


def end_tree(tree: Callable[[], list[int]], grace_s: float) -> None:
    """As a terminal that is closed: hang up, and kill what is left after `grace_s` seconds. What was
    stopped is woken to hear it. Blocks."""
    signal_tree(signal.SIGHUP, tree)
    signal_tree(signal.SIGCONT, tree)
    until = time.monotonic() + grace_s
    while time.monotonic() < until:
        if not tree():
            return
        time.sleep(_LOOK_S)
    for _ in range(100):
        if not signal_tree(signal.SIGKILL, tree):
            return
        time.sleep(_LOOK_S)
