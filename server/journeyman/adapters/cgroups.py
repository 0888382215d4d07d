"""Memory, process and processor limits by control groups, where the daemon may make them (usually: as
root). Version 1 and version 2 layouts. Where it may not, limits fall back to rlimits and `doctor` says so.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from journeyman.guest.inside.processes import descendants
from journeyman.ports.sandbox import Limits

PARENT = "journeyman"
PERIOD_US = 100_000


class ControlGroups:
    """Blocking. `mount` is where the hierarchies are."""

    def __init__(self, mount: Path = Path("/sys/fs/cgroup")) -> None:
        self._mount = mount
        self._unified = (mount / "cgroup.controllers").exists()

    def controllers(self) -> frozenset[str]:
        """Which of memory, pids and cpu can be limited by this process."""
        if self._unified:
            return self._unified_controllers()
        return frozenset(each for each in ("memory", "pids", "cpu") if os.access(self._mount / each, os.W_OK))

    def _unified_controllers(self) -> frozenset[str]:
        parent = self._mount / PARENT
        try:
            parent.mkdir(exist_ok=True)
            for directory in (self._mount, parent):
                for name in ("memory", "pids", "cpu"):
                    with contextlib.suppress(OSError):
                        (directory / "cgroup.subtree_control").write_text(f"+{name}")
            given = set((parent / "cgroup.subtree_control").read_text().split())
        except OSError:
            return frozenset()
        return frozenset(given & {"memory", "pids", "cpu"})

    def enter(self, name: str, pid: int, limits: Limits) -> None:
        """Limit `pid`, what it started so far and all that comes. What cannot be limited stays as it is."""
        memory, quota = limits.memory_mb << 20, int(limits.cpus * PERIOD_US)
        for controller in sorted(self.controllers()):
            directory = self._directory(controller, name)
            if self._unified:
                values = {
                    "memory": {"memory.max": memory, "memory.swap.max": 0},
                    "pids": {"pids.max": limits.pids},
                    "cpu": {"cpu.max": f"{quota} {PERIOD_US}"},
                }[controller]
            else:
                values = {
                    "memory": {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory},
                    "pids": {"pids.max": limits.pids},
                    "cpu": {"cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": quota},
                }[controller]
            with contextlib.suppress(OSError):
                directory.mkdir(parents=True, exist_ok=True)
                for file, value in values.items():
                    with contextlib.suppress(OSError):
                        (directory / file).write_text(str(value))
                _move_all(pid, directory / "cgroup.procs")

    def leave(self, name: str) -> None:
        """Remove the groups of an instance whose processes are gone."""
        for controller in ("memory", "pids", "cpu"):
            directory = self._directory(controller, name)
            # The kernel lets go of a dead process's group a moment after its parent has waited for it.
            for _ in range(50):
                try:
                    directory.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)

    def _directory(self, controller: str, name: str) -> Path:
        base = self._mount if self._unified else self._mount / controller
        return base / PARENT / name


def _move_all(pid: int, procs: Path) -> None:
    moved: set[int] = set()
    while new := [each for each in (pid, *descendants(pid)) if each not in moved]:
        moved.update(new)
        for each in new:
            with contextlib.suppress(ProcessLookupError):
                procs.write_text(str(each))
