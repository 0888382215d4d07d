"""Whatever a hostile archive is, the workspace that is there stays, and so does the store; after it the good
archive is restored as if nothing had been. In a real sandbox, by the manager."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from components.archive_kit import PROJECT, Kit, fill
from components.sandbox import Bench, kinds
from hostile.scene import Case, Scene
from hostile.tables import CASES
from journeyman.adapters.sqlite.store import SqliteStore
from journeyman.ports.clock import SystemIds
from journeyman.ports.sandbox import Limits
from journeyman.tasks import Supervisor
from journeyman.testing.clock import FakeClock
from journeyman.testing.objects import MemoryObjects
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.limits import LIMITS
from journeyman.workspace.archive.load import parse_manifest
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.manager import WorkspaceManager

T = TypeVar("T")
CHOSEN = [
    "up and out",
    "a child of a link outside",
    "a device",
    "a pack that is not there",
    "a frame of other bytes",
    "a frame of zeros without end",
    "a chunk by a hash without the key",
    "another project's manifest",
    "HEAD that leads up",
]
pytestmark = pytest.mark.parametrize("bench", kinds("bubblewrap"), indirect=True)


@dataclass
class House:
    manager: WorkspaceManager
    memory: MemoryObjects


@pytest.fixture
async def house(bench: Bench, tmp_path: Path) -> AsyncIterator[House]:
    (tmp_path / "kit").mkdir()
    kit = Kit(tmp_path / "kit")
    fill(kit.source)
    await kit.archive()
    clock = FakeClock()
    store = await SqliteStore.open(tmp_path / "journeyman.db", clock=clock)
    engine = ArchiveEngine(kit.memory, clock=clock, ids=SystemIds())
    supervisor = Supervisor()
    manager = WorkspaceManager(
        bench.sandbox,
        bench.generations,
        engine,
        store,
        clock=clock,
        ids=SystemIds(),
        supervisor=supervisor,
        image=bench.image,
        limits=Limits(memory_mb=512, cpus=1.0, pids=64),
        ttl_s=600.0,
    )
    ok(await manager.start())
    yield House(manager, kit.memory)
    ok(await manager.shutdown())
    await supervisor.close()
    await store.close()


def ok(answer: T | WorkspaceError) -> T:
    assert not isinstance(answer, WorkspaceError), answer
    return answer


async def test_the_old_workspace_stays(house: House) -> None:
    manager, good = house.manager, dict(house.memory.objects)
    workspace = ok(await manager.acquire(PROJECT))
    assert workspace.acquired == "restored"
    await workspace.guest.write("mine", b"not archived yet")
    ok(await manager.release(PROJECT))
    cases: dict[str, Case] = {case.name: case for case in CASES}
    manifest = parse_manifest(good[next(key for key in good if "/m/" in key)], PROJECT, LIMITS)
    for name in CHOSEN:
        scene = Scene(dict(good), manifest, b"/tmp")
        cases[name].forge(scene)
        house.memory.objects = dict(scene.objects)
        answer = await manager.restore(PROJECT)
        assert isinstance(answer, WorkspaceError), name
        assert answer.kind == "archive_corrupt", (name, answer)
        assert house.memory.objects == scene.objects, name
        workspace = ok(await manager.acquire(PROJECT))
        assert (await workspace.guest.read("mine")).data == b"not archived yet", name
        ok(await manager.release(PROJECT))
    house.memory.objects = good
    ok(await manager.restore(PROJECT))
    workspace = ok(await manager.acquire(PROJECT))
    assert await workspace.guest.stat("mine") is None
    assert (await workspace.guest.read("src/tool.sh")).data == b"#!/bin/sh\n"
    ok(await manager.release(PROJECT))
