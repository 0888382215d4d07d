"""One archive, restore or fork of ours, alone in a process, so that its CPU time and memory are its own.

`python -m bench.archiving.ours archive|restore|fork|manifest FOLDER [--sealed]` prints one line of JSON.
FOLDER holds a data directory `data`, a store `store`, and the workspace of project `bench`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import psutil

from journeyman.adapters.bubblewrap import BubblewrapSandbox
from journeyman.adapters.generations import LocalGenerations, workspace_uid
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.sealed_objects import SealedObjects
from journeyman.daemon.keeping import keep_what_is_there
from journeyman.ports.clock import SystemClock, SystemIds
from journeyman.ports.guest import Guest
from journeyman.ports.objects import ObjectStore
from journeyman.ports.sandbox import InstanceSpec, Limits
from journeyman.workspace.archive import codec, layout
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.publish import put_manifest

PROJECT = "bench"
_SCHEDULED = 2
"""CPUCLOCK_SCHED of the kernel."""


async def _without_guest(action: str, objects: ObjectStore) -> dict[str, float]:
    """A fork of the newest archive, or its manifest alone: read, checked, encoded, put, read back."""
    engine = ArchiveEngine(objects, clock=SystemClock(), ids=SystemIds())
    key = layout.manifest_key("bench-fork", 1, "a")
    with _Watch() as watch:
        began, before = time.perf_counter(), time.process_time()
        if action == "fork":
            await engine.fork(PROJECT, None, project_id="bench-fork", epoch=1)
        else:
            manifest = await engine.manifest(PROJECT, None)
            data = await asyncio.to_thread(codec.encode, manifest, layout.content_key(PROJECT))
            await put_manifest(objects, key, data)
        spent = {"wall": time.perf_counter() - began, "cpu": time.process_time() - before}
    await engine.forget("bench-fork")
    return {**spent, "peak_mb": watch.peak / 2**20}


async def _job(action: str, folder: Path, *, sealed: bool) -> dict[str, float]:
    keep_what_is_there()  # as the daemon does
    objects: ObjectStore = LocalObjects(folder / "store")
    if sealed:
        objects = SealedObjects(objects, bytes(range(32)))
    if action in ("fork", "manifest"):
        return await _without_guest(action, objects)
    data = folder / "data"
    uid = workspace_uid(None)
    generations = LocalGenerations(data, uid=uid)
    sandbox = BubblewrapSandbox(data, uid=uid)
    clock = SystemClock()
    engine = ArchiveEngine(objects, clock=clock, ids=SystemIds(), cache=data / "cache")
    if action == "restore":
        number, files = await generations.prepare(PROJECT)
    else:
        found = await generations.current(PROJECT)
        assert found is not None, "make the workspace first"
        number, files = found
    spec = InstanceSpec(PROJECT, PROJECT, number, 1, files, "", Limits(2048, 2.0, 256))
    instance = await sandbox.create(spec)
    await sandbox.start(instance.id)
    guest = await sandbox.attach(instance.id)
    try:
        with _Watch() as watch:
            measured = await _measured(action, engine, guest, number)
    finally:
        await guest.close()
        await sandbox.remove(instance.id)
        await sandbox.close()
    if action == "restore":
        await generations.commit(PROJECT, number)
    return {**measured, "peak_mb": watch.peak / 2**20, "guest_peak_mb": watch.guest_peak / 2**20}


async def _measured(action: str, engine: ArchiveEngine, guest: Guest, generation: int) -> dict[str, float]:
    ours = psutil.Process()
    before, began = _cpu(ours), time.perf_counter()
    own_before = time.process_time()
    if action == "restore":
        restored = await engine.restore(PROJECT, guest, generation=generation)
        done = {"bytes": restored.bytes, "files": restored.files}
    else:

        async def journal(_: str) -> None: ...

        made = await engine.archive(PROJECT, guest, epoch=1, journal=journal, generation=generation)
        done = {"bytes": made.bytes, "files": made.files, "new_bytes": made.new_bytes}
    wall = time.perf_counter() - began
    return {**done, "wall": wall, "cpu": _cpu(ours) - before, "own_cpu": time.process_time() - own_before}


def _cpu(ours: psutil.Process) -> float:
    """CPU seconds of this process and of the workspace's."""
    return sum(_clock_of(process.pid) for process in (ours, *ours.children(recursive=True)))


def _clock_of(pid: int) -> float:
    """Of all its threads, in nanoseconds where `/proc` counts hundredths of a second: the clock of another
    process has a number made of its pid (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | _SCHEDULED)


class _Watch:
    """Peak resident memory of this process and of the guest until the block ends, as the kernel counts it:
    looking again and again would count as ours."""

    def __init__(self) -> None:
        self.peak = 0
        self.guest_peak = 0

    def __enter__(self) -> _Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.peak = _peak_of(os.getpid())
        self.guest_peak = max(
            (_peak_of(child.pid) for child in psutil.Process().children(recursive=True)), default=0
        )


def _peak_of(pid: int) -> int:
    """Of this program: the kernel's other figure also counts who started it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_job(sys.argv[1], Path(sys.argv[2]), sealed="--sealed" in sys.argv))))
