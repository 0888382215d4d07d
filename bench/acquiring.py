"""Getting a workspace, each way there is, beside what the engine alone takes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

from bench.table import Row
from journeyman.app import App, build
from journeyman.config import Settings
from journeyman.workspace.errors import WorkspaceError

IMAGE = "code-workspace:latest"
RESTORED_BYTES = 10 * 1024 * 1024


def acquiring(sandbox: str, count: int) -> list[Row]:
    return asyncio.run(_acquiring(sandbox, count))


async def _acquiring(sandbox: str, count: int) -> list[Row]:
    taken: dict[str, list[float]] = {way: [] for way in ("created", "map", "running", "stopped", "restored")}
    with tempfile.TemporaryDirectory(prefix="jm-bench-") as folder:
        settings = Settings.model_validate({"data_dir": Path(folder), "sandbox": sandbox})
        projects: list[str] = []
        async with build(settings) as app:
            for _ in range(count):
                project = await app.services.projects.create()
                projects.append(project.id)
                await _acquire(app, project.id, taken)
                await _acquire(app, project.id, taken)
                await app.services.manager.close(project.id)
                await _acquire(app, project.id, taken)
                await _fill(app, project.id)
        async with build(settings) as app:
            for project_id in projects:
                await _acquire(app, project_id, taken)
                archived = await app.services.manager.archive(project_id)
                if isinstance(archived, WorkspaceError):
                    raise SystemExit(f"archive: {archived.message}")
                await _acquire(app, project_id, taken)
                await app.services.manager.delete(project_id)
    name, reference = _reference(sandbox, count)
    return [
        Row(f"acquire, {sandbox}: {way}", "ms", tuple(samples), name, reference)
        for way, samples in taken.items()
        if samples
    ]


async def _acquire(app: App, project_id: str, taken: dict[str, list[float]]) -> None:
    begin = time.perf_counter()
    got = await app.services.manager.acquire(project_id)
    spent = (time.perf_counter() - begin) * 1000
    if isinstance(got, WorkspaceError):
        raise SystemExit(f"acquire: {got.message}")
    taken[got.acquired].append(spent)
    await app.services.manager.release(project_id)


async def _fill(app: App, project_id: str) -> None:
    got = await app.services.manager.acquire(project_id)
    if isinstance(got, WorkspaceError):
        raise SystemExit(f"acquire: {got.message}")
    for part in range(10):
        await got.guest.write(f"/workspace/part{part}", os.urandom(RESTORED_BYTES // 10))
    await app.services.manager.release(project_id)


def _reference(sandbox: str, count: int) -> tuple[str, tuple[float, ...]]:
    if sandbox == "docker":
        return "docker create + start", tuple(_docker_ms() for _ in range(count))
    from journeyman.adapters.bubblewrap import find_bwrap

    bwrap = find_bwrap()
    assert bwrap is not None
    command = [bwrap, "--unshare-all", "--ro-bind", "/", "/", "--", "/usr/bin/true"]
    return "one bare bubblewrap start", tuple(_timed(command) for _ in range(count))


def _docker_ms() -> float:
    name = f"jm-bench-{uuid.uuid4()}"
    command = [
        "docker",
        "create",
        "--network",
        "none",
        "--name",
        name,
        "code-workspace:latest",
        "sleep",
        "60",
    ]
    spent = _timed(command) + _timed(["docker", "start", name])
    subprocess.run(["docker", "rm", "-f", name], stdout=subprocess.DEVNULL, check=True)
    return spent


def _timed(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begin) * 1000
