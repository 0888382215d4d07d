"""A process that archives a folder through the real guest, restores it, and prints how much memory it took.

    python -m components.archive_weighed FOLDER plain|sealed

FOLDER holds the tree `source`; the restored one is left in `target`. The guest is a process of its own, so
that the figures are what the daemon would need on top of what it needs anyway.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from components.archive_kit import PROJECT
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.sealed_objects import SealedObjects
from journeyman.ports.clock import SystemClock, SystemIds
from journeyman.ports.guest import Guest
from journeyman.ports.objects import ObjectStore
from journeyman.ports.sandbox import InstanceSpec, Limits
from journeyman.testing.sandbox import DirectSandbox
from journeyman.workspace.archive.engine import ArchiveEngine

MIB = 1024 * 1024
BUDGET_MIB = 256
"""Of the whole process, interpreter and libraries included."""


def weigh(folder: Path, kind: str) -> dict[str, float]:
    """Run it; answers the peaks in MiB after the archive and after the restore."""
    command = [sys.executable, "-m", "components.archive_weighed", str(folder), kind]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


async def _main(folder: Path, kind: str) -> dict[str, float]:
    objects: ObjectStore = LocalObjects(folder / "store")
    if kind == "sealed":
        objects = SealedObjects(objects, bytes(range(32)))
    engine = ArchiveEngine(objects, clock=SystemClock(), ids=SystemIds(), cache=folder / "cache")
    sandbox = DirectSandbox(folder / "run")

    async def opened(files: Path, generation: int) -> Guest:
        limits = Limits(memory_mb=256, cpus=1.0, pids=64)
        spec = InstanceSpec(PROJECT, f"{PROJECT}-{generation}", generation, 1, files, "", limits)
        instance = await sandbox.create(spec)
        await sandbox.start(instance.id)
        return await sandbox.attach(instance.id)

    async def journal(_: str) -> None: ...

    try:
        source = await opened(folder / "source", 1)
        await engine.archive(PROJECT, source, epoch=1, journal=journal, generation=1)
        archived = _peak_mib()
        (folder / "target").mkdir()
        target = await opened(folder / "target", 2)
        await engine.restore(PROJECT, target, generation=2)
        return {"archive": archived, "restore": _peak_mib()}
    finally:
        await sandbox.close()


def _peak_mib() -> float:
    """Most resident memory of this program so far. (What `getrusage` says counts the parent's, too.)"""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("this kernel does not tell")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_main(Path(sys.argv[1]), sys.argv[2]))))
