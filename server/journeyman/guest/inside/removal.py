"""Removing a tree that somebody hostile may have made. The daemon uses it for its trash too."""

from __future__ import annotations

import contextlib
import errno
import os
import stat

from .paths import OPEN_DIRECTORY, OPEN_PATH


def remove_tree(name: bytes, dir_fd: int) -> None:
    """Remove whatever `name` is, never following a link, at any depth and in spite of modes.

    Directories found below are moved up into the one being removed, so that neither recursion nor the
    number of open files grows with the depth of a hostile tree."""
    info = os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    if not stat.S_ISDIR(info.st_mode):
        os.unlink(name, dir_fd=dir_fd)
        return
    top = _open_for_removal(name, dir_fd)
    try:
        clear_directory(top)
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=dir_fd)


def clear_directory(top: int) -> None:
    """Remove everything in the directory `top`."""
    count = 0
    while True:
        names = [os.fsencode(each) for each in os.listdir(top)]
        if not names:
            return
        for name in names:
            if not _is_directory(name, top):
                os.unlink(name, dir_fd=top)
                continue
            inner = _open_for_removal(name, top)
            try:
                for child in [os.fsencode(each) for each in os.listdir(inner)]:
                    if not _is_directory(child, inner):
                        os.unlink(child, dir_fd=inner)
                        continue
                    try:
                        os.rmdir(child, dir_fd=inner)
                    except OSError:
                        count += 1
                        os.close(_open_for_removal(child, inner))
                        _move_up(child, inner, top, count)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=top)


def _is_directory(name: bytes, dir_fd: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_mode)


def _open_for_removal(name: bytes, dir_fd: int) -> int:
    handle = os.open(name, OPEN_PATH | os.O_DIRECTORY, dir_fd=dir_fd)
    try:
        with contextlib.suppress(PermissionError):
            os.chmod("/proc/self/fd/%d" % handle, 0o700)
    finally:
        os.close(handle)
    return os.open(name, OPEN_DIRECTORY, dir_fd=dir_fd)


def _move_up(child: bytes, inner: int, top: int, count: int) -> None:
    while True:
        try:
            os.rename(child, b".removing-%d-%d" % (os.getpid(), count), src_dir_fd=inner, dst_dir_fd=top)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            count += 1_000_003
