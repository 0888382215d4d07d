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


def tar_zstd(tree: Path, scratch: Path) -> Cost | None:
    if shutil.which("zstd") is None:
        return None
    target = scratch / "tree.tar.zst"
    cost = run(["sh", "-c", f"tar cf - . | zstd -q -f -3 -T0 -o {target}"], where=tree)
    stored = target.stat().st_size
    target.unlink()
    return Cost(cost.cpu, cost.wall, stored, cost.peak)


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
        shutil.rmtree(target, ignore_errors=True)
        cost = self._run("restore", "latest", "--target", str(target), "--verify")
        shutil.rmtree(target)
        return cost


def docker(tree: Path, image: str) -> dict[str, Cost] | None:
    """`docker commit` and `docker export` of a stopped container that holds the tree."""
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode:
        return None
    name = f"jm-bench-{uuid.uuid4().hex[:8]}"
    run(["docker", "create", "--name", name, image, "true"])
    try:
        run(["docker", "cp", f"{tree}/.", f"{name}:/tree"])
        commit = _with_engine(["docker", "commit", name, name])
        size = int(
            subprocess.run(
                ["docker", "image", "inspect", "-f", "{{.Size}}", name], capture_output=True, check=True
            ).stdout
        )
        base = int(
            subprocess.run(
                ["docker", "image", "inspect", "-f", "{{.Size}}", image], capture_output=True, check=True
            ).stdout
        )
        export = _with_engine(["sh", "-c", f"docker export {name} > /dev/null"])
        return {
            "docker commit": Cost(commit.cpu, commit.wall, size - base),
            "docker export": Cost(export.cpu, export.wall),
        }
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)
        subprocess.run(["docker", "rmi", "-f", name], capture_output=True, check=False)


def _with_engine(command: Sequence[str]) -> Cost:
    """The command's own cost and what the engine spent meanwhile."""
    before = _engine_cpu()
    cost = run(command)
    return Cost(cost.cpu + _engine_cpu() - before, cost.wall)


def _engine_cpu() -> float:
    spent = 0.0
    for process in psutil.process_iter(["name"]):
        if process.info["name"] in ("dockerd", "containerd"):
            times = process.cpu_times()
            spent += times.user + times.system + times.children_user + times.children_system
    return spent
