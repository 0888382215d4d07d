"""Copying a folder into a workspace, in batches the daemon's frames can carry.

Links and special files are not carried: a link's target may lie outside, and the workspace has its own
idea of what is there. What stays behind is counted and named, never silent. Remembers a hash of every
file as it was copied, which is what write-back compares with later.
"""

from __future__ import annotations

import asyncio
import base64
import os
import stat
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from journeyman.failures import Failure
from journeyman.folder.change import Copied
from journeyman.folder.inside import PathRefused, names_of, opened_folder, parent_of, read_regular, sha256
from journeyman.project.excludes import Excludes

Request = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

BATCH_BYTES = 2 * 1024 * 1024
BATCH_FILES = 500
FILE_BYTES_MAX = 5 * 1024 * 1024
FILES_MAX = 50_000
TOTAL_BYTES_MAX = 1024 * 1024 * 1024


@dataclass(slots=True)
class Survey:
    """What there is to copy: path and size of every file, and what stays behind by reason."""

    files: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    left: Counter[str] = field(default_factory=Counter[str])
    too_large: list[str] = field(default_factory=list[str])

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.files)


def survey(root: Path, excludes: Excludes) -> Survey:
    """Walk the folder without following links. Raises `Failure` where it is not a folder or far too big."""
    found = Survey()
    try:
        with opened_folder(root) as root_fd:
            for directory, folders, files, fd in os.fwalk(".", dir_fd=root_fd, follow_symlinks=False):
                prefix = "" if directory == "." else directory.removeprefix("./") + "/"
                folders[:] = sorted(f for f in folders if _enter(found, fd, f, excludes))
                for name in sorted(files):
                    _note(found, fd, prefix, name, excludes)
                if len(found.files) > FILES_MAX or found.bytes > TOTAL_BYTES_MAX:
                    raise Failure(
                        "invalid",
                        f"{root} holds more than {FILES_MAX:,} files or 1 GiB.",
                        hint="Name a smaller folder, or leave parts out with --exclude NAME.",
                    )
    except OSError as error:
        raise Failure(
            "invalid",
            f"{root} cannot be read as a folder: {error.strerror}.",
            hint="Name an existing folder with --folder.",
        ) from error
    return found


def _enter(found: Survey, parent_fd: int, name: str, excludes: Excludes) -> bool:
    if excludes.name(name):
        found.left[name] += 1
        return False
    if stat.S_ISLNK(os.stat(name, dir_fd=parent_fd, follow_symlinks=False).st_mode):
        found.left["links"] += 1
        return False
    if os.access(f"{name}/pyvenv.cfg", os.F_OK, dir_fd=parent_fd):
        found.left[f"{name} (a virtual environment)"] += 1
        return False
    return True


def _note(found: Survey, fd: int, prefix: str, name: str, excludes: Excludes) -> None:
    if excludes.name(name):
        found.left[name] += 1
        return
    try:
        status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        name.encode()
    except FileNotFoundError:
        return
    except UnicodeEncodeError:
        found.left["names that are not UTF-8"] += 1
        return
    if stat.S_ISLNK(status.st_mode):
        found.left["links"] += 1
    elif not stat.S_ISREG(status.st_mode):
        found.left["special files"] += 1
    elif status.st_size > FILE_BYTES_MAX:
        found.too_large.append(prefix + name)
    else:
        found.files.append((prefix + name, status.st_size))


def batches(
    root: Path, files: list[tuple[str, int]]
) -> Iterator[tuple[list[dict[str, Any]], dict[str, Copied]]]:
    """`workspace/import` files of at most 2 MiB of content a batch, each with what was copied."""
    batch: list[dict[str, Any]] = []
    copied: dict[str, Copied] = {}
    held = 0
    with opened_folder(root) as root_fd:
        for path, _ in files:
            names = names_of(path)
            try:
                with parent_of(root_fd, names) as parent:
                    content, mode = read_regular(parent, names[-1], limit=FILE_BYTES_MAX)
            except (FileNotFoundError, PathRefused):
                continue  # it went, or became something else, since the survey
            if batch and (held + len(content) > BATCH_BYTES or len(batch) >= BATCH_FILES):
                yield batch, copied
                batch, copied, held = [], {}, 0
            executable = bool(mode & 0o100)
            batch.append(
                {"path": path, "content": base64.b64encode(content).decode(), "executable": executable}
            )
            copied[path] = Copied(sha256(content), executable)
            held += len(content)
    if batch:
        yield batch, copied


async def copy_in(
    request: Request,
    project_id: str,
    root: Path,
    found: Survey,
    *,
    on_progress: Callable[[int], None] = lambda files: None,
) -> dict[str, Copied]:
    """Copy what the survey found; answers every file with its hash. `on_progress` gets files done so far."""
    everything: dict[str, Copied] = {}
    source = batches(root, found.files)
    while (step := await asyncio.to_thread(next, source, None)) is not None:
        files, copied = step
        await request("workspace/import", {"projectId": project_id, "files": files})
        everything |= copied
        on_progress(len(everything))
    return everything
