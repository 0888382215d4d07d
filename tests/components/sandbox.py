"""Every sandbox behind one fixture, so that one suite runs on all of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from components.missing import unavailable
from journeyman.adapters.bubblewrap import BubblewrapSandbox
from journeyman.adapters.generations import LocalGenerations, workspace_uid
from journeyman.guest.client import GuestClient
from journeyman.ports.sandbox import Instance, InstanceSpec, Limits, Sandbox
from journeyman.testing.sandbox import DirectSandbox

if TYPE_CHECKING:
    from components.docker_engine import DockerEngine

PROJECT = f"p-{os.getpid()}"
"""One name an engine for the whole machine: other test processes have others."""
LIMITS = Limits(memory_mb=512, cpus=1.0, pids=64)


@dataclass
class Bench:
    """One sandbox over one data directory. `again` makes a second adapter, as a restarted daemon would."""

    kind: str
    data: Path
    sandbox: Sandbox
    generations: LocalGenerations
    again: Callable[[], Sandbox]
    image: str = ""
    opened: list[GuestClient] = field(default_factory=list[GuestClient])

    async def spec(
        self, project: str = PROJECT, *, name: str | None = None, limits: Limits = LIMITS
    ) -> InstanceSpec:
        number, files = await self.generations.prepare(project)
        await self.generations.commit(project, number)
        return InstanceSpec(project, name or project, number, 1, files, self.image, limits)

    async def running(self, project: str = PROJECT, **options: object) -> tuple[Instance, GuestClient]:
        instance = await self.sandbox.create(await self.spec(project, **options))  # type: ignore[arg-type]
        await self.sandbox.start(instance.id)
        return instance, await self.attach(instance.id)

    async def attach(self, instance_id: str) -> GuestClient:
        guest = await self.sandbox.attach(instance_id)
        assert isinstance(guest, GuestClient)
        self.opened.append(guest)
        return guest

    async def close(self) -> None:
        for guest in self.opened:
            await guest.close()
        for instance in await self.sandbox.list():
            await self.sandbox.remove(instance.id)
        await self.sandbox.close()


async def _make(kind: str, data: Path, request: pytest.FixtureRequest) -> Bench:
    uid = workspace_uid(None)
    image = ""

    def make() -> Sandbox:
        if kind == "direct":
            return DirectSandbox(data)
        if kind == "bubblewrap":
            return BubblewrapSandbox(data, uid=uid)
        from journeyman.adapters.docker_sandbox import DockerSandbox

        return DockerSandbox(data, uid=uid, host=engine.host, extra_mounts=engine.mounts)

    if kind == "docker":
        engine: DockerEngine = request.getfixturevalue("docker_engine")
        image = engine.image
    sandbox = make()
    report = await sandbox.probe()
    if not report.available:
        unavailable(f"{kind}: {report.why}")
    return Bench(kind, data, sandbox, LocalGenerations(data, uid=uid), make, image)


_MARKS = {"docker": (pytest.mark.docker,), "bubblewrap": (pytest.mark.bubblewrap,), "direct": ()}


def kinds(*names: str) -> list[object]:
    """Parameters for `bench`, each with its marker."""
    return [pytest.param(name, marks=_MARKS[name], id=name) for name in names]


@pytest.fixture
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    """Parametrise with `indirect=True` to choose other sandboxes; by default the one without isolation."""
    kind = getattr(request, "param", "direct")
    made = await _make(kind, tmp_path / "data", request)
    yield made
    async with asyncio.timeout(60):
        await made.close()


@pytest.fixture(params=kinds("direct", "bubblewrap"))
async def guest(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[GuestClient]:
    """A fresh workspace's guest, with and without isolation around it."""
    made = await _make(request.param, tmp_path / "data", request)
    _, client = await made.running()
    yield client
    async with asyncio.timeout(60):
        await made.close()


def guest_process() -> psutil.Process:
    """The guest of a sandbox without isolation is our own child."""
    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.ZombieProcess, psutil.NoSuchProcess):  # ended a moment ago
            if "inside.serve" in " ".join(child.cmdline()):
                found.append(child)
    assert len(found) == 1
    return found[0]
