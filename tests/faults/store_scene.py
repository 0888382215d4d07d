"""A real manager, sandbox and archive engine over the real S3 server, with the fault proxy in between.

What a cell needs around it: files that change, the commands that are tried, and what must hold afterwards.
The deadlines are relaxed but for the faults that take time: those get short ones, so that nothing waits.
"""

from __future__ import annotations

import asyncio
import math
import os
import random
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from components.archive_kit import snapshot
from components.fault_proxy import FaultProxy, fault_proxy
from components.harms import Harm
from components.s3_server import S3Server
from journeyman.adapters.generations import LocalGenerations, workspace_uid
from journeyman.adapters.s3_objects import S3Objects
from journeyman.adapters.s3_patience import Patience
from journeyman.adapters.sqlite.store import SqliteStore
from journeyman.ports.clock import SystemClock, SystemIds
from journeyman.ports.sandbox import Limits, Sandbox, Workspace
from journeyman.records import ArchiveRecord
from journeyman.tasks import Supervisor
from journeyman.workspace.archive import layout
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.tiers import NO_TIERS

LEAVES_S = 60.0


class Untiring(Patience):
    """Counts attempts and not time, which goes on while the whole machine stands still."""

    def last_begin_s(self, size: int) -> float:
        return math.inf


class ShortUntilHarmed(Untiring):
    """Has no time until the harm that happens once is done, and then all of it: on a busy machine, too."""

    harm: Harm

    def deadline_s(self, size: int) -> float:
        return RELAXED.deadline_s(size) if self.harm.hits else self.answer_s


RELAXED = Untiring(connect_s=5.0, answer_s=15.0, attempts=3, pause_s=0.0)
SHORT = Untiring(connect_s=5.0, answer_s=0.6, slowest_bytes_s=1 << 30, attempts=2, pause_s=0.0)


def patience_for(harm: Harm) -> Patience:
    if harm.way not in TAKE_TIME:
        return RELAXED
    if harm.times is None:
        return SHORT
    short = ShortUntilHarmed(connect_s=5.0, answer_s=0.4, attempts=8, pause_s=0.0)
    object.__setattr__(short, "harm", harm)
    return short


TAKE_TIME = ("hang", "slow")


@dataclass
class StoreScene:
    project_id: str
    data: Path
    proxy: FaultProxy
    store: S3Objects
    manager: WorkspaceManager
    engine: ArchiveEngine
    sandbox: Sandbox
    generations: LocalGenerations
    prefix: str
    server: S3Server
    chance: random.Random
    written: int = 0

    # -- the commands --------------------------------------------------------------------------------

    async def open(self) -> Workspace | WorkspaceError:
        """The workspace, however it is to be had; given back at once."""
        got = await self.manager.acquire(self.project_id)
        if isinstance(got, Workspace):
            await self.manager.release(self.project_id)
        return got

    async def archive(self, *, keep: bool) -> ArchiveRecord | WorkspaceError:
        return await self.manager.archive(self.project_id, keep=keep)

    async def archived(self, *, keep: bool) -> ArchiveRecord:
        got = await self.archive(keep=keep)
        assert isinstance(got, ArchiveRecord), got
        return got

    async def change(self) -> None:
        """Write what was never written before, so that there is something to upload."""
        got = await self.manager.acquire(self.project_id)
        assert isinstance(got, Workspace), got
        self.written += 1
        await got.guest.write("src/main.py", f"print({self.written})\n".encode(), mode=0o755)
        await got.guest.write("deep/er/data.bin", self.chance.randbytes(90_000), mode=0o644)
        await self.manager.release(self.project_id)

    # -- faults --------------------------------------------------------------------------------------

    @contextmanager
    def harmed(self, harm: Harm) -> Generator[None]:
        """While the block lasts; and the harm must have been done."""
        calls = self.store._calls
        calls._patience = patience_for(harm)
        try:
            with self.proxy.harming(harm):
                yield
        finally:
            calls._patience = RELAXED
        assert harm.hits, f"{harm.way} never met {harm.method} {harm.target}: {self.proxy.requests[-9:]}"
        assert not harm.impossible

    async def healed(self) -> None:
        """The store is there again, and whoever waited for it has gone."""
        await self.proxy.listen()
        async with asyncio.timeout(LEAVES_S):
            while self.store._calls.busy:  # noqa: ASYNC110 - threads have no event to wait for
                await asyncio.sleep(0.002)

    # -- what must hold ------------------------------------------------------------------------------

    def tree(self) -> dict[bytes, tuple[object, ...]]:
        """What the workspace holds on this machine, looked at from outside."""
        complete = (self.data / "workspaces" / self.project_id).glob("*/complete")
        return snapshot(max(complete, key=lambda marker: int(marker.parent.name)).with_name("files"))

    async def archive_holds_the_workspace(self) -> None:
        """Every byte of the newest archive is sound, and it is the very tree of the workspace."""
        got = await self.manager.acquire(self.project_id)
        assert isinstance(got, Workspace), got
        report = await self.engine.verify(self.project_id, read_data=True)
        assert report.ok, report.problems
        compared = await self.engine.compare(self.project_id, guest=got.guest)
        assert compared.differences == ()
        await self.manager.release(self.project_id)

    async def nothing_leaked(self, *, instances: int, generations: int) -> None:
        assert len(await self.sandbox.list()) == instances
        assert len(await self.generations.list(self.project_id)) == generations
        assert self.store._calls.busy == 0
        assert self.proxy.open_connections <= 8
        assert [key for key in await asyncio.to_thread(self._keys) if not self._known(key)] == []

    def _known(self, key: str) -> bool:
        prefix = layout.prefix(self.project_id)
        pack = key.removeprefix(f"{prefix}packs/")
        known = layout.parse_manifest_key(key) or layout.PACK_NAME.fullmatch(pack)
        return key == f"{prefix}HEAD" or known is not None

    def _keys(self) -> list[str]:
        """Everything in the store, asked for past the proxy; half uploads there must be none."""
        client = client_of(self.server)
        try:
            assert not client.list_multipart_uploads(Bucket=self.server.bucket, Prefix=self.prefix).get(
                "Uploads"
            )
            found = client.list_objects_v2(Bucket=self.server.bucket, Prefix=self.prefix + "/")
            assert not found["IsTruncated"]
            return [row["Key"].removeprefix(self.prefix + "/") for row in found.get("Contents", [])]
        finally:
            client.close()


def client_of(server: S3Server) -> Any:
    from boto3.session import Session

    session: Any = Session(
        aws_access_key_id=server.access_key, aws_secret_access_key=server.secret_key, region_name="us-east-1"
    )
    return session.client("s3", endpoint_url=server.endpoint)


@asynccontextmanager
async def store_scene(
    server: S3Server, base: Path, sandbox: Sandbox, *, seed: int = 0, name: str = ""
) -> AsyncGenerator[StoreScene]:
    """A project with one archive, its workspace open. `base/data` is the data directory of `sandbox`."""
    data, ids, supervisor = base / "data", SystemIds(), Supervisor()
    address = urlsplit(server.endpoint)
    assert address.hostname is not None
    assert address.port is not None
    before = asyncio.all_tasks()
    generations = LocalGenerations(data, uid=workspace_uid(None))
    prefix = f"faults/{name or ids.new()}"
    os.environ.update(server.environment())
    async with fault_proxy((address.hostname, address.port)) as proxy:
        store = S3Objects(
            server.bucket, prefix, endpoint=proxy.url, patience=RELAXED, sleep=proxy.between_attempts
        )
        database = await SqliteStore.open(base / "db.sqlite3", clock=SystemClock())
        engine = ArchiveEngine(store, clock=SystemClock(), ids=ids, cache=data / "cache")
        manager = WorkspaceManager(
            sandbox,
            generations,
            engine,
            database,
            clock=SystemClock(),
            ids=ids,
            supervisor=supervisor,
            image="",
            limits=Limits(256, 1.0, 64),
            tiers=NO_TIERS,
        )
        await manager.start()
        project = ids.new()
        scene = StoreScene(
            project, data, proxy, store, manager, engine, sandbox, generations, prefix, server,
            random.Random(seed),
        )  # fmt: skip
        try:
            await scene.change()
            await scene.archived(keep=True)
            yield scene
        finally:
            await manager.shutdown()
            for instance in await sandbox.list():
                await sandbox.remove(instance.id)
            await sandbox.close()
            await supervisor.close()
            await store.close()
            await database.close()
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
    assert not left, left
