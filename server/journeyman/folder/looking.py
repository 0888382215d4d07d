"""Every regular file of a folder as its owner left it: found without following a link, and not read.

Says of each what tells whether it may be another one than at an earlier look. Knows no workspace.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from journeyman.folder.inside import names_of, opened_folder, parent_of, read_regular

FILES_MAX = 200_000
FILE_BYTES_MAX = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    path: str
    stamp: tuple[int, int, int, int]
    """Another one where the file is another one."""
    changed_ns: int
    """When it, or a directory it is in, was changed last by the clock of the machine: nobody can set that."""


@dataclass(slots=True)
class Looked:
    files: dict[str, Seen] = field(default_factory=dict[str, Seen])
    closed: list[str] = field(default_factory=list[str])
    """Directories that may not be read: what is in them is not known."""

    def knows(self, path: str) -> bool:
        return not any(path.startswith(f"{directory}/") for directory in self.closed)


def look(root: Path, leave_out: Callable[[str], bool]) -> Looked | None:
    """None where there are too many. Raises `OSError` where the folder cannot be read, or moves meanwhile."""
    looked = Looked()

    def failed(error: OSError) -> None:
        if not isinstance(error, PermissionError) or error.filename in (None, "."):
            raise error
        looked.closed.append(str(error.filename).removeprefix("./"))

    with opened_folder(root) as top:
        changed: dict[str, int] = {".": 0}
        for directory, names, files, handle in os.fwalk(
            ".", onerror=failed, dir_fd=top, follow_symlinks=False
        ):
            since = changed[directory]
            names[:] = [name for name in names if _enters(handle, name, leave_out)]
            for name in names:
                changed[f"{directory}/{name}"] = max(since, os.stat(name, dir_fd=handle).st_ctime_ns)
            for name in files:
                seen = (
                    None if leave_out(name) else _seen(handle, f"{directory}/{name}".removeprefix("./"), name)
                )
                if seen is not None:
                    looked.files[seen.path] = Seen(seen.path, seen.stamp, max(since, seen.changed_ns))
            if len(looked.files) > FILES_MAX:
                return None
    return looked


def read(root: Path, path: str) -> tuple[bytes, bool]:
    """Content, and whether it is executable. Raises `PathRefused` and `OSError`."""
    names = names_of(path)
    with opened_folder(root) as top, parent_of(top, names) as parent:
        content, mode = read_regular(parent, names[-1], limit=FILE_BYTES_MAX)
    return content, bool(mode & 0o100)


def _enters(handle: int, name: str, leave_out: Callable[[str], bool]) -> bool:
    if leave_out(name):
        return False
    try:
        if not stat.S_ISDIR(os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode):
            return False
    except OSError:
        return False  # it went meanwhile
    return not os.access(f"{name}/pyvenv.cfg", os.F_OK, dir_fd=handle)  # a virtual environment


def _seen(handle: int, path: str, name: str) -> Seen | None:
    try:
        path.encode()
        status = os.stat(name, dir_fd=handle, follow_symlinks=False)
    except (OSError, UnicodeEncodeError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    stamp = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return Seen(path, stamp, status.st_ctime_ns)
