"""Opening files below a folder without ever following a link: every step is taken by directory descriptor.

What a workspace calls a path is not to be trusted. This module turns it into names that can only lead
downwards, and refuses where a name on the way is a link. It knows nothing of workspaces.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

NAME_BYTES_MAX = 255
PATH_BYTES_MAX = 4096


class PathRefused(Exception):  # noqa: N818 - a refusal, not a fault
    """The path leads, or could lead, out of the folder. `str()` is a reason for people."""


def names_of(path: str) -> tuple[str, ...]:
    """The names of a relative, `/`-separated path; `PathRefused` where it is anything else."""
    if not path or path.startswith("/") or "\0" in path or len(os.fsencode(path)) > PATH_BYTES_MAX:
        raise PathRefused("not a path inside the folder")
    names = tuple(path.split("/"))
    if any(name in ("", ".", "..") or len(os.fsencode(name)) > NAME_BYTES_MAX for name in names):
        raise PathRefused("not a path inside the folder")
    return names


@contextmanager
def opened_folder(root: Path) -> Generator[int, None, None]:
    """A descriptor of the folder itself. The folder may be named through a link; what is below may not."""
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def parent_of(root_fd: int, names: tuple[str, ...], *, create: bool = False) -> Generator[int, None, None]:
    """A descriptor of the directory that holds the last name. With `create` missing ones are made.

    Raises `PathRefused` where a name on the way is a link or no directory, `FileNotFoundError` where one
    is missing and may not be made.
    """
    fd = os.dup(root_fd)
    try:
        for name in names[:-1]:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=fd)
            try:
                deeper = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
            except FileNotFoundError:
                raise
            except OSError as error:
                raise PathRefused(f"{name!r} on the way is a link or no directory") from error
            os.close(fd)
            fd = deeper
        yield fd
    finally:
        os.close(fd)


def read_regular(parent_fd: int, name: str, *, limit: int | None = None) -> tuple[bytes, int]:
    """Content and mode of a regular file. `PathRefused`: a link, a special file, more than `limit` bytes."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent_fd)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise PathRefused(f"{name!r} cannot be opened: {error.strerror}") from error
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise PathRefused(f"{name!r} is no regular file")
        content = file.read() if limit is None else file.read(limit + 1)
        if limit is not None and len(content) > limit:
            raise PathRefused(f"{name!r} has more than {limit} bytes")
        return content, stat.S_IMODE(status.st_mode)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
