"""A real daemon is killed at every failpoint there is, and by chance; nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import os
import random
import signal

import pytest

from components import killed
from e2e.daemons import place
from e2e.refused import served
from journeyman.client.connection import Client
from journeyman.failpoints import POINTS

pytestmark = [pytest.mark.prove, pytest.mark.timeout(300)]
INSTANTS = int(os.environ.get("JOURNEYMAN_TEST_INSTANTS", "150"))


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at(point: str) -> None:
    await killed.killed_at(point)


@pytest.mark.parametrize("point", killed.BRINGING_BACK)
async def test_killed_while_an_archived_workspace_is_opened_at(point: str) -> None:
    await killed.killed_bringing_back_at(point)


@pytest.mark.parametrize("turn", range(INSTANTS))
async def test_killed_at_some_instant(turn: int) -> None:
    """Archive and open again and again; the newest tree somebody was told of is the one that comes back."""
    seed = int(os.environ.get("JOURNEYMAN_TEST_SEED", "1")) * 1000 + turn
    chance = random.Random(seed)
    with place() as where:
        project_id, known = await killed.made(where)
        process = await asyncio.to_thread(where.start)
        try:
            async with Client.connect(socket=where.socket) as client:
                work = asyncio.ensure_future(_keep_archiving(client, project_id))
                await asyncio.sleep(chance.uniform(0.01, 0.6))
                os.kill(process.pid, signal.SIGKILL)
                await asyncio.wait({work}, timeout=killed.PATIENCE_S)
                assert work.done()
                work.exception()
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
        async with served(where) as client:
            assert await killed.tree(client, project_id) == known, f"seed {seed}"
            await client.request("workspace/archive", {"projectId": project_id})
            assert await killed.tree(client, project_id) == known
            await killed.nothing_left(where, client, project_id)


async def _keep_archiving(client: Client, project_id: str) -> None:
    while True:
        await client.request("workspace/archive", {"projectId": project_id})
        await killed.tree(client, project_id)
