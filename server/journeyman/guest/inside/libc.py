"""The few system calls Python does not offer."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from collections.abc import Generator
from typing import Any

_libc: Any = None
with contextlib.suppress(OSError):
    _libc = ctypes.CDLL(None, use_errno=True)

CLONE_FS = 0x200
PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 24, 36, 38


def prctl(option: int, value: int) -> bool:
    return _libc is not None and _libc.prctl(option, value, 0, 0, 0) == 0


@contextlib.contextmanager
def own_directory() -> Generator[bool]:
    """Whether this thread may go to another directory, which no other one notices, until the block ends."""
    if _libc is None or _libc.unshare(CLONE_FS) != 0:
        yield False
        return
    was = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield True
    finally:
        os.fchdir(was)
        os.close(was)


def drop_capabilities() -> None:
    """Empty the permitted, effective and inheritable sets: capset(2), third version of its header."""
    if _libc is not None:
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        _libc.capset(header, (ctypes.c_uint32 * 6)())


def sync_filesystem(fd: int) -> None:
    """Wait until everything written to the file system of `fd` is on disk."""
    if _libc is None or _libc.syncfs(fd) != 0:
        os.sync()


def renameat2(old_fd: int, old: bytes, new_fd: int, new: bytes, flags: int) -> int:
    """0, or the error's number; ENOSYS where the C library does not have it."""
    try:
        call = _libc.renameat2
    except AttributeError:
        return errno.ENOSYS
    return 0 if call(old_fd, old, new_fd, new, flags) == 0 else ctypes.get_errno()


def inotify_init(flags: int) -> int:
    """A descriptor, or -1."""
    return -1 if _libc is None else int(_libc.inotify_init1(flags))


def inotify_add(fd: int, path: bytes, mask: int) -> tuple[int, int]:
    """The watch and 0, or -1 and the error's number."""
    found = int(_libc.inotify_add_watch(fd, path, ctypes.c_uint32(mask)))
    return found, 0 if found >= 0 else ctypes.get_errno()


def inotify_remove(fd: int, watch: int) -> None:
    _libc.inotify_rm_watch(fd, watch)
