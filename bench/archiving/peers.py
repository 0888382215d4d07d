"""What others need for the same tree: `tar | zstd`, restic, Docker. One that is not installed is left out."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Cost:
    cpu: float
    """Seconds, user and system, of everything that took part."""
    wall: float
    stored: int = 0
    """Bytes added to the store."""
    peak: float = 0.0
    """MiB resident at most, where it can be told."""


def run(command: Sequence[str], *, where: Path | None = None, env: dict[str, str] | None = None) -> Cost:
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=where, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL
    )
    peak = _peak_while(process)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    wall = time.perf_counter() - began
    return Cost(usage.ru_utime + usage.ru_stime, wall, 0, peak)


def _peak_while(process: subprocess.Popen[bytes]) -> float:
    """MiB of the process and its children together, looked at until it ends. (What the kernel calls the
    maximum of a child counts its parent's memory at the time of the fork.)"""
    watched = psutil.Process(process.pid)
    peak = 0
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        with contextlib.suppress(psutil.Error):
            family = [watched, *watched.children(recursive=True)]
            peak = max(peak, sum(each.memory_info().rss for each in family))
        time.sleep(0.02)
    return peak / 2**20


def size_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def lstat_floor(tree: Path) -> Cost:
    return run(["find", str(tree), "-printf", "%s %T@ %C@ %i\\n"])


def tar_zstd(tree: Path, target: Path) -> Cost | None:
    if shutil.which("zstd") is None:
        return None
    cost = run(["sh", "-c", f"tar cf - . | zstd -q -f -3 -T0 -o '{target}'"], where=tree)
    return Cost(cost.cpu, cost.wall, target.stat().st_size, cost.peak)


def zstd_tar(archive: Path, target: Path) -> Cost | None:
    if not archive.exists():
        return None
    target.mkdir()
    return run(["sh", "-c", f"zstd -q -d -c '{archive}' | tar xpf -"], where=target)


class Restic:
    """One repository in `scratch`. Restic always encrypts."""

    def __init__(self, scratch: Path) -> None:
        self._repository = scratch / "restic"
        self._env = {"RESTIC_PASSWORD": "bench", "RESTIC_CACHE_DIR": str(scratch / "restic-cache")}

    @staticmethod
    def installed() -> bool:
        return shutil.which("restic") is not None

    def _run(self, *arguments: str) -> Cost:
        return run(["restic", "-q", "-r", str(self._repository), *arguments], env=self._env)

    def begin(self) -> None:
        shutil.rmtree(self._repository, ignore_errors=True)
        self._run("init", "--repository-version", "2")

    def backup(self, tree: Path) -> Cost:
        before = size_of(self._repository)
        cost = self._run("backup", str(tree))
        return Cost(cost.cpu, cost.wall, size_of(self._repository) - before, cost.peak)

    def restore(self, target: Path) -> Cost:
        return self._run("restore", "latest", "--target", str(target), "--verify")


class Docker:
    """A container that is not running and holds the tree, of an image that holds nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    @classmethod
    def begin(cls, tree: Path) -> Docker | None:
        """None where no engine answers."""
        if shutil.which("docker") is None or _quiet("docker", "info"):
            return None
        made = cls(f"jm-bench-{uuid.uuid4().hex[:8]}")
        run(["sh", "-c", f"tar cf - -T /dev/null | docker import - {made._name}-empty"])
        run(["docker", "create", "--name", made._name, f"{made._name}-empty", "true"])
        run(["docker", "cp", f"{tree}/.", f"{made._name}:/tree"])
        return made

    def commit(self) -> Cost:
        cost = _with_engine(["docker", "commit", self._name, self._name])
        size = ["docker", "image", "inspect", "-f", "{{.Size}}", self._name]
        stored = int(subprocess.run(size, capture_output=True, check=True).stdout)
        return Cost(cost.cpu, cost.wall, stored, cost.peak)

    def export(self, target: Path) -> Cost:
        cost = _with_engine(["docker", "export", "-o", str(target), self._name])
        return Cost(cost.cpu, cost.wall, target.stat().st_size, cost.peak)

    def end(self) -> None:
        _quiet("docker", "rm", "-f", self._name)
        _quiet("docker", "rmi", "-f", self._name, f"{self._name}-empty")


def _quiet(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


def _with_engine(command: Sequence[str]) -> Cost:
    """The command's own cost and what the engine spent meanwhile; the peak is the engine's, all of it."""
    before = _engine_cpu()
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        peak = max(peak, sum(_resident(each) for each in _engine()))
        time.sleep(0.05)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime + _engine_cpu() - before, wall, 0, peak / 2**20)


def _engine() -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["name"]) if each.info["name"] in ("dockerd", "containerd")]


def _resident(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return process.memory_info().rss
    return 0


def _engine_cpu() -> float:
    spent = 0.0
    for process in _engine():
        times = process.cpu_times()
        spent += times.user + times.system + times.children_user + times.children_system
    return spent
