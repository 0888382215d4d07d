"""A workspace's whole life on real parts: bubblewrap, the guest, the archive engine on a local folder and
SQLite. Only time is made up."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from components.sandbox import Bench, kinds
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.sqlite.store import SqliteStore
from journeyman.ports.clock import SystemIds
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import Limits
from journeyman.tasks import Supervisor
from journeyman.testing.clock import FakeClock
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.outcomes import ArchiveProgress
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.tiers import NO_TIERS

T = TypeVar("T")

TTL_S = 600.0
P = str(uuid.uuid4())
LIMITS = Limits(memory_mb=512, cpus=1.0, pids=64)

pytestmark = pytest.mark.parametrize("bench", kinds("direct", "bubblewrap", "docker"), indirect=True)


@dataclass
class House:
    manager: WorkspaceManager
    clock: FakeClock
    bench: Bench
    store: SqliteStore
    engine: ArchiveEngine


@pytest.fixture
async def house(bench: Bench, tmp_path: Path) -> AsyncIterator[House]:
    clock = FakeClock()
    store = await SqliteStore.open(tmp_path / "journeyman.db", clock=clock)
    engine = ArchiveEngine(LocalObjects(tmp_path / "objects"), clock=clock, ids=SystemIds())
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
        limits=LIMITS,
        ttl_s=TTL_S,
        tiers=NO_TIERS,
    )
    ok(await manager.start())
    yield House(manager, clock, bench, store, engine)
    ok(await manager.shutdown())
    await supervisor.close()
    await store.close()


def ok(answer: T | WorkspaceError) -> T:
    assert not isinstance(answer, WorkspaceError), answer
    return answer


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await happened():  # noqa: ASYNC110 - the state of a real system is polled
            await asyncio.sleep(0.02)


async def fill(guest: Guest) -> dict[str, bytes]:
    """Files of every interesting size; answers path to content."""
    files = {f"src/file_{n}.py": os.urandom(n * 37) for n in range(40)}
    files |= {"big.bin": os.urandom(3_000_000), "empty": b"", "deep/er/and/deeper/x": b"x"}
    for path, data in files.items():
        await guest.write(path, data)
    done = await guest.run(["sh", "-c", "ln -s big.bin link; chmod 755 empty; mkdir void; exit 7"])
    assert done.code == 7
    return files


async def content(guest: Guest) -> dict[str, bytes]:
    paths = [entry.path.decode() async for entry in guest.scan() if entry.kind == "file"]
    return {path: (await guest.read(path)).data for path in paths}


async def test_written_expired_removed_and_back_again(house: House) -> None:
    manager = house.manager
    workspace = ok(await manager.acquire(P))
    assert workspace.acquired == "created"
    files = await fill(workspace.guest)
    ok(await manager.release(P))

    await house.clock.advance(TTL_S + 60)
    await until(lambda: _state_is(manager, "archived"))
    assert await house.bench.sandbox.list() == ()
    assert await house.bench.generations.list(P) == ()
    [record] = [each.record for each in ok(await manager.kept.page(P, None, 50))[0]]
    assert record.files >= len(files)

    workspace = ok(await manager.acquire(P))
    assert workspace.acquired == "restored"
    assert await content(workspace.guest) == files
    entries = {entry.path: entry async for entry in workspace.guest.scan()}
    assert entries[b"link"].target == b"big.bin"
    assert entries[b"empty"].mode & 0o777 == 0o755
    assert entries[b"void"].kind == "directory"
    ok(await manager.release(P))


async def test_an_explicit_restore_takes_back_what_was_done_since(house: House) -> None:
    manager = house.manager
    workspace = ok(await manager.acquire(P))
    files = await fill(workspace.guest)
    ok(await manager.release(P))
    seen: list[ArchiveProgress] = []
    kept = ok(await manager.archive(P, keep=True, on_progress=seen.append))
    assert seen

    workspace = ok(await manager.acquire(P))
    assert workspace.acquired == "map"
    await workspace.guest.remove("src")
    await workspace.guest.write("new", b"new")
    ok(await manager.release(P))

    restored = ok(await manager.restore(P, kept.id))
    assert restored.digest == kept.digest
    workspace = ok(await manager.acquire(P))
    assert await content(workspace.guest) == files
    assert [i.name for i in await house.bench.sandbox.list()] == [P]
    ok(await manager.release(P))


async def test_a_daemon_that_was_killed_finds_everything_again(house: House) -> None:
    workspace = ok(await house.manager.acquire(P))
    files = await fill(workspace.guest)
    for instance in await house.bench.sandbox.list():  # instances of this sandbox end with their daemon
        await house.bench.sandbox.stop(instance.id)
    supervisor = Supervisor()
    sandbox = house.bench.again()
    manager = WorkspaceManager(
        sandbox,
        house.bench.generations,
        house.engine,
        house.store,
        clock=house.clock,
        ids=SystemIds(),
        supervisor=supervisor,
        image=house.bench.image,
        limits=LIMITS,
        ttl_s=TTL_S,
        tiers=NO_TIERS,
    )
    assert ok(await manager.start()).adopted == (P,)
    workspace = ok(await manager.acquire(P))
    assert workspace.acquired == "stopped"
    assert await content(workspace.guest) == files
    ok(await manager.release(P))
    ok(await manager.archive(P))
    assert await sandbox.list() == ()
    ok(await manager.shutdown())
    await supervisor.close()
    await sandbox.close()


async def test_deleting_leaves_nothing(house: House, tmp_path: Path) -> None:
    manager = house.manager
    workspace = ok(await manager.acquire(P))
    await workspace.guest.write("a", b"a")
    ok(await manager.release(P))
    ok(await manager.archive(P, keep=True))
    assert any(path.is_file() for path in (tmp_path / "objects").rglob("*"))
    ok(await manager.delete(P))
    assert await house.bench.sandbox.list() == ()
    assert await house.bench.generations.list(P) == ()
    assert await house.store.workspaces.get(P) is None
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file() and P in str(path)] == []


async def _state_is(manager: WorkspaceManager, state: str) -> bool:
    return ok(await manager.status(P)).state == state
