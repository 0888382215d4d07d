"""A real manager over a real Docker engine, with the fault proxy at its socket; archives in a folder.

What a cell needs around it: a project with files, the commands that are tried, and what must hold afterwards.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.archive_kit import snapshot
from components.docker_engine import DockerEngine
from components.fault_proxy import FaultProxy, fault_proxy
from components.harms import Harm
from journeyman.adapters.docker_sandbox import DockerSandbox
from journeyman.adapters.generations import LocalGenerations, workspace_uid
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.sqlite.store import SqliteStore
from journeyman.ports.clock import SystemClock, SystemIds
from journeyman.ports.sandbox import Limits, Workspace
from journeyman.records import ArchiveRecord
from journeyman.tasks import Supervisor
from journeyman.workspace.acquire import let_go_of_guest
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.status import WorkspaceStatus
from journeyman.workspace.tiers import NO_TIERS

ENGINE_SOCKET = Path("/var/run/docker.sock")
LEAVES_S = 60.0
CONNECTIONS_MAX = 33
"""docker-py keeps one for each of the 25 addresses asked last, and each of our threads may use another."""
RELAXED_S, SHORT_S = 60.0, 0.4
TAKE_TIME = ("hang", "slow")
LIMITS = Limits(memory_mb=128, cpus=1.0, pids=48)
Tree = dict[bytes, tuple[object, ...]]


@dataclass
class DockerScene:
    data: Path
    proxy: FaultProxy
    sandbox: DockerSandbox
    manager: WorkspaceManager
    engine: ArchiveEngine
    generations: LocalGenerations
    project_id: str
    chance: random.Random

    # -- the commands --------------------------------------------------------------------------------

    async def open(self) -> Workspace | WorkspaceError:
        """The workspace, however it is to be had; given back at once."""
        got = await self.manager.acquire(self.project_id)
        if isinstance(got, Workspace):
            await self.manager.release(self.project_id)
        return got

    async def opened(self) -> Workspace:
        got = await self.open()
        assert isinstance(got, Workspace), got
        return got

    async def close(self) -> WorkspaceStatus | WorkspaceError:
        return await self.manager.close(self.project_id)

    async def archive(self, *, keep: bool = False) -> ArchiveRecord | WorkspaceError:
        return await self.manager.archive(self.project_id, keep=keep)

    async def change(self) -> None:
        guest = (await self.opened()).guest
        await guest.write("src/main.py", b"print(1)\n", mode=0o755)
        await guest.write("deep/er/data.bin", self.chance.randbytes(50_000), mode=0o644)

    async def forget_the_connection(self) -> None:
        """So that the next acquire has to ask the engine."""
        with self.manager._room.visit(self.project_id) as desk:
            await let_go_of_guest(self.manager._room, desk.entry)

    async def new_project(self) -> None:
        """Delete the one there is, and go on with another."""
        gone = self.project_id
        assert await self.manager.delete(gone) is None
        assert await self.generations.list(gone) == ()
        self.project_id = SystemIds().new()

    # -- faults --------------------------------------------------------------------------------------

    @contextmanager
    def harmed(self, harm: Harm) -> Generator[None]:
        """While the block lasts; and the harm must have been done."""
        calls = self.sandbox._calls
        calls.engine_s = SHORT_S if harm.way in TAKE_TIME else RELAXED_S
        try:
            with self.proxy.harming(harm):
                yield
        finally:
            calls.engine_s = RELAXED_S
        assert harm.hits, f"{harm.way} never met {harm.method} {harm.target}: {self.proxy.requests[-9:]}"
        assert not harm.impossible

    async def healed(self) -> None:
        """The engine is there again, and whoever waited for it has gone."""
        await self.proxy.listen()
        async with asyncio.timeout(LEAVES_S):
            while self.sandbox._calls.busy:  # noqa: ASYNC110 - threads have no event to wait for
                await asyncio.sleep(0.002)

    # -- what must hold ------------------------------------------------------------------------------

    def tree(self) -> Tree:
        """What the workspace holds on this machine, looked at from outside; empty where there is none."""
        complete = list((self.data / "workspaces" / self.project_id).glob("*/complete"))
        if not complete:
            return {}
        return snapshot(max(complete, key=lambda marker: int(marker.parent.name)).with_name("files"))

    def containers(self) -> list[str]:
        """Of this data directory, as the engine itself says."""
        label = f"label=journeyman.data={self.sandbox._owner}"
        listed = ["docker", "ps", "-aq", "--no-trunc", "--filter", label]
        return subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()

    async def nothing_leaked(self) -> None:
        """One container, one directory of files, one of sockets; nobody at work."""
        assert len(await asyncio.to_thread(self.containers)) == 1
        assert len(await self.generations.list(self.project_id)) == 1
        sockets = list((self.data / "instances" / "docker").iterdir())
        assert len(sockets) == 1, sockets
        assert self.sandbox._calls.busy == 0
        assert self.proxy.open_connections <= CONNECTIONS_MAX


@asynccontextmanager
async def docker_scene(
    engine: DockerEngine,
    base: Path,
    *,
    seed: int = 0,
    image: str | None = None,
    limits: Limits = LIMITS,
    objects: Path | None = None,
) -> AsyncGenerator[DockerScene]:
    """An empty project, not yet opened. `base/data` is the data directory."""
    data, ids, supervisor = base / "data", SystemIds(), Supervisor()
    data.mkdir(exist_ok=True)
    before = asyncio.all_tasks()
    uid = workspace_uid(None)
    generations = LocalGenerations(data, uid=uid)
    async with fault_proxy(ENGINE_SOCKET, base / "engine.sock") as proxy:
        sandbox = DockerSandbox(
            data, uid=uid, host=proxy.url, extra_mounts=engine.mounts, sleep=proxy.between_attempts
        )
        database = await SqliteStore.open(base / "db.sqlite3", clock=SystemClock())
        archives = ArchiveEngine(
            LocalObjects(objects or base / "objects"), clock=SystemClock(), ids=ids, cache=data / "cache"
        )
        manager = WorkspaceManager(
            sandbox,
            generations,
            archives,
            database,
            clock=SystemClock(),
            ids=ids,
            supervisor=supervisor,
            image=image or engine.image,
            limits=limits,
            tiers=NO_TIERS,
        )
        await manager.start()
        scene = DockerScene(
            data, proxy, sandbox, manager, archives, generations, ids.new(), random.Random(seed)
        )
        try:
            yield scene
        finally:
            await scene.healed()
            await manager.shutdown()
            for instance in await sandbox.list():
                await sandbox.remove(instance.id)
            await sandbox.close()
            await supervisor.close()
            await database.close()
            await proxy.until_idle()
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
    assert not left, left
