"""A daemon of the bench's own, in a directory of its own, and what it costs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_S = 30.0


@dataclass(frozen=True, slots=True)
class Daemon:
    root: Path
    process: subprocess.Popen[bytes]
    ready_ms: float
    """Spawn to a socket that accepts."""

    @property
    def socket(self) -> Path:
        return self.root / "run" / "daemon.sock"

    @property
    def env(self) -> dict[str, str]:
        return environment(self.root)

    def again(self, **settings: str) -> subprocess.Popen[bytes]:
        """Another daemon over the same data, once it listens; this one has ended."""
        return _started(self.root, settings)

    def cpu_s(self) -> float:
        return cpu_s(self.process.pid)

    def memory_mb(self) -> float:
        return memory_mb(self.process.pid)


def environment(root: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **clean,
        "JOURNEYMAN_DATA_DIR": str(root / "data"),
        "JOURNEYMAN_RUNTIME_DIR": str(root / "run"),
        "JOURNEYMAN_CONFIG": str(root / "config.toml"),
    }


@contextmanager
def daemon(**settings: str) -> Generator[Daemon]:
    """A running daemon; SIGTERM and a wait at the end."""
    with tempfile.TemporaryDirectory(prefix="jm-bench-") as folder:
        root = Path(folder)
        (root / "run").mkdir(mode=0o700)
        begin = time.perf_counter()
        process = _started(root, settings)
        try:
            yield Daemon(root, process, (time.perf_counter() - begin) * 1000)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _started(root: Path, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "journeyman", "serve"],
        env={**environment(root), **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not _listens(root / "run" / "daemon.sock"):
        if process.poll() is not None or time.perf_counter() - begin > READY_S:
            process.kill()
            raise SystemExit("the daemon did not start; see `journeyman doctor`")
        time.sleep(0.002)
    return process


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(path)) == 0


def cpu_s(pid: int) -> float:
    """User and system time of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Proportional set size of one process."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not say how much memory the daemon uses")
