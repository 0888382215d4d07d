"""The daemon's Unix socket, made with the standard library alone: a daemon that is just starting listens
before it imports anything heavy, and clients that come meanwhile wait in the kernel's queue."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from journeyman.failures import Failure

BACKLOG = 512


def bind_unix(path: Path) -> socket.socket:
    """A listening socket at `path`: 0600, in a 0700 directory of ours. The caller owns the data directory,
    so a socket file nobody answers on is stale and replaced."""
    prepare_runtime_dir(path.parent)
    if _answers(path):
        raise Failure(
            "already_running",
            f"Another daemon listens on {path}.",
            hint="Stop it first, or set JOURNEYMAN_RUNTIME_DIR to another directory.",
        )
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    except OSError as error:
        listening.close()
        raise Failure(
            "invalid",
            f"Cannot listen on {path}: {error.strerror or error}.",
            hint="Set JOURNEYMAN_RUNTIME_DIR to a short path you can write to.",
        ) from error
    finally:
        os.umask(before)
    listening.listen(BACKLOG)
    listening.setblocking(False)
    return listening


def prepare_runtime_dir(directory: Path) -> None:
    """Make the sockets' directory, ours and 0700; refuse one that is somebody else's."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise Failure(
            "unauthorized",
            f"{directory} does not belong to this user.",
            hint="Set JOURNEYMAN_RUNTIME_DIR to a directory of your own.",
        )
    if found.st_mode & 0o077:
        directory.chmod(0o700)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
