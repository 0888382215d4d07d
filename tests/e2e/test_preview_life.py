"""Previews and the tiers of a real workspace: frozen by the sandbox, brought back by a visit. Only time is
made up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from components.sandbox import Bench, kinds
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.preview import HttpGateway
from journeyman.adapters.sqlite.store import SqliteStore
from journeyman.ports.clock import SystemIds
from journeyman.ports.sandbox import Limits
from journeyman.tasks import Supervisor
from journeyman.testing.clock import FakeClock
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.forwards import HOLD_S, Forwards
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.tiers import Tiers
from journeyman.workspace.transfer import guest_of

P = "0d3f6f1c-9d7e-4f44-8a4e-3f0f6f1c9d7e"
FREEZE_S = 120.0
TTL_S = 600.0
SERVER = "setsid python3 -m http.server 8000 --bind 127.0.0.1 >/dev/null 2>&1 &"

pytestmark = pytest.mark.parametrize("bench", kinds("bubblewrap", "docker"), indirect=True)


@dataclass
class House:
    manager: WorkspaceManager
    clock: FakeClock
    forwards: Forwards

    async def state(self) -> tuple[str, tuple[str, ...]]:
        status = await self.manager.status(P)
        assert not isinstance(status, WorkspaceError)
        return status.state, status.holders


@pytest.fixture
async def house(bench: Bench, tmp_path: Path) -> AsyncIterator[House]:
    clock, ids, supervisor = FakeClock(), SystemIds(), Supervisor()
    store = await SqliteStore.open(tmp_path / "journeyman.db", clock=clock)
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
        ttl_s=TTL_S,
        tiers=Tiers(freeze_s=FREEZE_S, upload_after_s=None),
    )
    await manager.start()
    forwards = Forwards(manager, HttpGateway(supervisor), supervisor, clock, ids)
    yield House(manager, clock, forwards)
    forwards.close_all()
    await manager.shutdown()
    await supervisor.close()
    await store.close()


async def until(happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await happened():  # noqa: ASYNC110 - the state of a real system is polled
            await asyncio.sleep(0.02)


async def test_a_visit_keeps_it_hot_and_brings_it_back_and_its_end_is_the_forwards(house: House) -> None:
    async def listening() -> bool:
        async with guest_of(house.manager, P) as guest:
            return bool(await guest.ports())

    async def is_frozen() -> bool:
        return (await house.state())[0] == "frozen"

    async def is_warm() -> bool:
        return (await house.state())[0] == "warm"

    async with guest_of(house.manager, P) as guest:
        await guest.write("page.txt", b"inside")
        await guest.run(["bash", "-c", SERVER])
    await until(listening)
    forward, _ = await house.forwards.open(P, 8000)
    await house.clock.advance(FREEZE_S + 30)
    await until(is_frozen)

    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(forward.url.replace("/?", "/page.txt?")) as page:
            assert (page.status, await page.text()) == (200, "inside")
        assert await house.state() == ("idle", ("preview",))
        await house.clock.advance(HOLD_S - 10)
        assert await house.state() == ("idle", ("preview",))
        await house.clock.advance(FREEZE_S + 60)
        await until(is_frozen)
        async with browser.get(forward.url.replace("/?", "/page.txt?")) as page:
            assert await page.text() == "inside"
        await house.clock.advance(HOLD_S + 10)
        await house.clock.advance(TTL_S + 60)
        await until(is_warm)
        assert house.forwards.urls(P) == {}
        with pytest.raises(aiohttp.ClientConnectorError):
            await browser.get(forward.url)
