"""A quota on real parts: a command fills the workspace, the daemon sees it, and writes no more itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.sandbox import Bench, kinds
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.sqlite.store import SqliteStore
from journeyman.failures import Failure
from journeyman.ports.clock import SystemIds
from journeyman.ports.sandbox import Limits
from journeyman.project.service import ProjectService
from journeyman.quotas import Held, Quota
from journeyman.tasks import Supervisor
from journeyman.testing.clock import FakeClock
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.files import Files, Write
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.quota import AGAIN_S
from journeyman.workspace.transfer import NewFile, put_files

MIB = 1 << 20


async def refused(call: object) -> str:
    with pytest.raises(Failure) as caught:
        await call  # type: ignore[misc]
    return caught.value.kind


@pytest.mark.parametrize("bench", kinds("direct", "bubblewrap"), indirect=True)
async def test_beyond_its_quota_the_daemon_writes_nothing_for_a_project(bench: Bench, tmp_path: Path) -> None:
    clock, ids, supervisor = FakeClock(), SystemIds(), Supervisor()
    store = await SqliteStore.open(tmp_path / "journeyman.db", clock=clock)
    projects = ProjectService(store, clock, ids)
    manager = WorkspaceManager(
        bench.sandbox,
        bench.generations,
        ArchiveEngine(LocalObjects(tmp_path / "objects"), clock=clock, ids=ids),
        store,
        clock=clock,
        ids=ids,
        supervisor=supervisor,
        image=bench.image,
        limits=Limits(memory_mb=512, cpus=1.0, pids=64),
        default_quota=Quota(bytes=MIB),
        quota_of=projects.quota_of,
    )
    project = (await projects.create()).id
    workspace = await manager.acquire(project)
    assert not isinstance(workspace, WorkspaceError)
    try:
        await workspace.guest.write("small", b"x")
        await workspace.guest.run(["bash", "-c", "head -c 2000000 /dev/zero > large"])
        assert await manager.upkeep.measure(project) is None
        status = await manager.status(project)
        assert not isinstance(status, WorkspaceError)
        assert status.usage == Held(2_000_001, 2)
        files = Files(manager)
        assert await refused(workspace.guest.write("small", b"y")) == "quota_exceeded"
        assert await refused(files.write(project, "other", Write(b"y"))) == "quota_exceeded"
        assert await refused(put_files(manager, project, [NewFile("other", b"y")])) == "quota_exceeded"
        assert (await workspace.guest.read("small")).data == b"x"
        assert await workspace.guest.stat("other") is None
        again = await manager.acquire(project)
        assert not isinstance(again, WorkspaceError)
        assert again.note.startswith("The workspace holds 2 of 1 MiB")
        await projects.update(project, quota=Quota(bytes=4 * MIB))
        await clock.advance(AGAIN_S)
        await workspace.guest.write("other", b"y")
        await projects.update(project, quota=Quota())
        await workspace.guest.remove("large")
        await manager.upkeep.measure(project)
        await workspace.guest.write("other", b"z")
    finally:
        await manager.release(project)
        await manager.release(project)
        await manager.shutdown()
        await supervisor.close()
        await store.close()
