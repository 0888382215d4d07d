"""Real daemons in their own directories, started and ended by a test."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from journeyman import paths

PATIENCE_S = 90.0


@dataclass
class Place:
    """A data directory, and the environment that leads a process to it."""

    root: Path
    settings: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            "JOURNEYMAN_DATA_DIR": str(self.data),
            "JOURNEYMAN_RUNTIME_DIR": str(self.root / "run"),
            "JOURNEYMAN_CONFIG": str(self.root / "config.toml"),
            "JOURNEYMAN_SANDBOX": "bubblewrap",
            "JOURNEYMAN_WORKSPACE_UPLOAD_S": "3600",  # archives are those a test makes
            **self.settings,
        }

    @property
    def socket(self) -> Path:
        return self.root / "run" / "daemon.sock"

    @property
    def log(self) -> str:
        path = paths.daemon_log(self.data)
        return path.read_text() if path.exists() else ""

    def pid(self) -> int:
        """The daemon's process; 0 where there is none."""
        try:
            pid = int((self.data / "daemon.lock").read_text())
            os.kill(pid, 0)
        except (OSError, ValueError):
            return 0
        return pid

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "journeyman", *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """`journeyman serve` with pipes, once its socket is there."""
        self.root.joinpath("run").mkdir(mode=0o700, exist_ok=True)
        process = subprocess.Popen(
            self.command("serve", *arguments),
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        wait_until(lambda: listens(self.socket, process.pid) or process.poll() is not None)
        if process.poll() is not None:
            assert process.stdout is not None
            raise AssertionError(process.stdout.read().decode())
        return process

    def stop(self) -> None:
        """End whatever daemon serves this place."""
        if pid := self.pid():
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not alive(pid))


def listens(path: Path, pid: int) -> bool:
    """Whether that process does. A socket file alone says nothing, since a daemon that was killed leaves it
    behind; nor that somebody can connect: what it was about to start holds its sockets a little longer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if probe.connect_ex(str(path)) != 0:
            return False
        listener, _, _ = struct.unpack("3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return listener == pid


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def wait_until(holds: object, patience_s: float = PATIENCE_S) -> None:
    """Until it holds. While the whole machine stands still nothing can come about, so that does not count."""
    assert callable(holds)
    left, looked = patience_s, time.monotonic()
    while not holds():
        now = time.monotonic()
        left, looked = left - min(now - looked, 1.0), now
        assert left > 0, "it did not come about in time"
        time.sleep(0.01)


@contextmanager
def place(**settings: str) -> Generator[Place]:
    """Short, because a socket's path must be."""
    with tempfile.TemporaryDirectory(prefix="jm-") as directory:
        found = Place(Path(directory), settings)
        try:
            yield found
        finally:
            found.stop()
