"""Whether a tree that came back is the tree that was put away. Shares no code with who did it."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path


def differs(wanted: Path, found: Path, *, tick_ns: int = 1) -> str | None:
    """The first path in which they differ, in names, kinds, modes, times (as finely as `tick_ns`), links or
    content."""
    left, right = _entries(wanted, tick_ns), _entries(found, tick_ns)
    for path in sorted(left.keys() | right.keys()):
        if left.get(path) != right.get(path):
            return path
    return None


def _entries(root: Path, tick_ns: int) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, names in os.walk(root):
        for name in folders + names:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            common = (
                stat.S_IFMT(status.st_mode),
                stat.S_IMODE(status.st_mode),
                status.st_mtime_ns // tick_ns,
            )
            if stat.S_ISLNK(status.st_mode):
                entry: tuple[object, ...] = (*common[::2], os.readlink(path))
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    entry = (*common, hashlib.file_digest(file, "blake2b").digest())
            else:
                entry = common
            found[os.path.relpath(path, root)] = entry
    return found
