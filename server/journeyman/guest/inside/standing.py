"""Whether a tree is still as a look showed it, for two thirds of what another look costs.

Every entry is looked at again; directories are not listed. That names came or went there their own times
tell, as those of a file tell that it was written to. Where these were set so shortly before the look that
they may have been set again without looking different, and for the root, of which a look tells nothing, the
names are compared.
"""

from __future__ import annotations

import os
from typing import Dict, List, Optional

from .paths import Walker
from .scan import KINDS_OF
from .wire import DIRECTORY, ENTRY, OTHER, SYMLINK, Refusal, check_relative


def stands(base: int, records: bytes, listed_since: int) -> bool:
    """Directories with times of `listed_since` or later are listed. What cannot be looked at does not
    stand."""
    try:
        names = _entries_stand(base, records, listed_since)
        return names is not None and _names_stand(base, names)
    except (OSError, ValueError):  # the latter: a path that nothing can have
        return False


def _entries_stand(base: int, records: bytes, listed_since: int) -> Optional[Dict[bytes, List[bytes]]]:
    """The names there must be in each directory to be listed; None where an entry moved."""
    unpack, head, lstat, kinds = ENTRY.unpack_from, ENTRY.size, os.stat, KINDS_OF
    names: Dict[bytes, List[bytes]] = {b"": []}
    top, at, end = names[b""], 0, len(records)
    while at < end:
        if end - at < head:
            raise Refusal("invalid", "The records are cut.")
        kind, size, mode, mtime, ctime, inode, nlink, long, target, _ = unpack(records, at)
        path = records[at + head : at + head + long]
        at += head + long + target
        if b".." in path or path[:1] == b"/":
            check_relative(path)
        info = lstat(path, dir_fd=base, follow_symlinks=False)
        if (
            info.st_ctime_ns != ctime
            or info.st_mtime_ns != mtime
            or info.st_size != size
            or info.st_ino != inode
            or info.st_nlink != nlink
            or info.st_mode & 0o7777 != mode
            or kinds.get(info.st_mode & 0o170000, OTHER) != kind
        ):
            return None
        if kind == SYMLINK and os.readlink(path, dir_fd=base) != records[at - target : at]:
            return None
        if b"/" not in path:
            top.append(path)
        elif len(names) > 1:
            parent, _, name = path.rpartition(b"/")
            if parent in names:
                names[parent].append(name)
        if kind == DIRECTORY and (ctime >= listed_since or mtime >= listed_since):
            names[path] = []
    return names


def _names_stand(base: int, names: Dict[bytes, List[bytes]]) -> bool:
    walker = Walker(base)
    try:
        for path, wanted in names.items():
            handle = walker.parent([*path.split(b"/"), b""]) if path else base
            if sorted(map(os.fsencode, os.listdir(handle))) != sorted(wanted):
                return False
        return True
    finally:
        walker.close()
