"""Finding the user's daemon, or starting it. Standard library only: the stdio bridge begins here.

Of many clients that find no daemon, one starts it (a lock in the runtime directory decides) and the
others wait for its socket. The daemon is detached: it outlives who started it and is nobody's child.
"""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from journeyman import paths
from journeyman.failures import Failure

START_WITHIN_S = 15.0
LOG_LINES = 8
_LOOK_EVERY_S = 0.02


def connect(path: Path) -> socket.socket | None:
    """A connection to the daemon, or None where none listens. A socket in somebody else's directory is
    not our daemon's."""
    try:
        if os.lstat(path.parent).st_uid != os.getuid():
            return None
    except OSError:
        return None
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        return None
    return connection


def connect_or_start(data: Path | None = None, *, within_s: float = START_WITHIN_S) -> socket.socket:
    """A connection to the daemon of this data directory (default: the user's), started where none runs.

    Raises `Failure("timeout")` or `Failure("internal")` with the last lines of the daemon's log."""
    place = data or paths.data_dir()
    path = paths.daemon_socket(place)
    if (connection := connect(path)) is not None:
        return connection
    deadline = time.monotonic() + within_s
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths.make_private(place)
    lock = os.open(path.parent / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        daemon: subprocess.Popen[bytes] | None = None
        while time.monotonic() < deadline:
            if (connection := connect(path)) is not None:
                return connection
            if daemon is None and _locked(lock):
                # Somebody may have started one between our look and our lock.
                if (connection := connect(path)) is not None:
                    return connection
                daemon = start(place)
            elif daemon is not None and daemon.poll() is not None:
                raise _did_not_start(place, f"ended at once (exit code {daemon.returncode})", "internal")
            time.sleep(_LOOK_EVERY_S)
        raise _did_not_start(place, f"did not answer within {within_s:.0f} s", "timeout")
    finally:
        os.close(lock)


def start(data: Path) -> subprocess.Popen[bytes]:
    """Start a daemon for `data` in the background, in a session of its own."""
    descriptor = os.open(paths.daemon_log(data), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "journeyman", "serve"],
            env={**os.environ, "JOURNEYMAN_DATA_DIR": str(data)},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def last_words(data: Path, lines: int = LOG_LINES) -> list[str]:
    """The last lines of the daemon's log."""
    try:
        with open(paths.daemon_log(data), "rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - 16_384))
            return log.read().decode("utf-8", "replace").splitlines()[-lines:]
    except OSError:
        return []


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _did_not_start(data: Path, how: str, kind: str) -> Failure:
    said = "\n".join(f"  {line}" for line in last_words(data))
    return Failure(
        "timeout" if kind == "timeout" else "internal",
        f"The daemon {how}." + (f" Its log ends with:\n{said}" if said else ""),
        hint=f"Run `journeyman doctor`; the whole log is {paths.daemon_log(data)}.",
    )
