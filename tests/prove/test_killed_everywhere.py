"""A real daemon is killed at every failpoint there is, and by chance; nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from components import killed
from e2e.daemons import Place, place
from e2e.refused import served
from journeyman.client.connection import Client
from journeyman.failpoints import POINTS
from journeyman.failures import Failure

pytestmark = [pytest.mark.prove, pytest.mark.timeout(300)]
Left = tuple[str, killed.Tree]
SEED = int(os.environ.get("JOURNEYMAN_TEST_SEED", "1"))
INSTANTS = int(os.environ.get("JOURNEYMAN_TEST_INSTANTS", "150"))
IN_ONE_PLACE = 10
"""Instants: who has to know what to do after one is who is killed at the next."""


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at(point: str) -> None:
    await killed.killed_at(point)


@pytest.mark.parametrize("point", killed.BRINGING_BACK)
async def test_killed_while_an_archived_workspace_is_opened_at(point: str) -> None:
    await killed.killed_bringing_back_at(point)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(0, INSTANTS, IN_ONE_PLACE))
async def test_killed_at_some_instant(first: int, tell: Callable[[str], None]) -> None:
    """Archive and open again and again; the newest tree somebody was told of is the one that comes back."""
    left: Left | None = None
    answered: list[int] = []
    with place() as where:
        for turn in range(first, min(first + IN_ONE_PLACE, INSTANTS)):
            async with _killed(where) as (client, kill):
                await _comes_back(where, client, left)
                began = time.monotonic()
                left = await killed.made_by(client)
                # It was an archive, too: so long one takes on this machine, today.
                whole_s = time.monotonic() - began
                work = _Archiving(client, left[0])
                going_on = asyncio.ensure_future(work.go_on())
                await asyncio.sleep(random.Random(SEED * 1000 + turn).uniform(0.0, 1.5) * whole_s)
                kill()
                await asyncio.wait({going_on}, timeout=killed.PATIENCE_S)
                assert going_on.done()
                ended = going_on.exception()
                assert isinstance(ended, Failure), f"turn {turn}: {ended!r}"
                assert ended.kind == "cancelled", f"turn {turn}: {ended!r}"
                answered.append(work.answered)
        async with served(where) as client:
            await _comes_back(where, client, left)
    tell(f"JOURNEYMAN_TEST_SEED={SEED}, from turn {first} on, killed after so many answers: {answered}")


@asynccontextmanager
async def _killed(where: Place) -> AsyncGenerator[tuple[Client, Callable[[], None]]]:
    """A daemon that does not live longer than the block, and what kills it."""
    process = await asyncio.to_thread(where.start)
    assert process.stdout is not None
    try:
        async with Client.connect(socket=where.socket) as client:
            yield client, process.kill
    except Failure as failure:
        process.kill()
        why = f"{failure}, process {process.wait()}: {process.stdout.read().decode()}\n{where.log[-4000:]}"
        raise AssertionError(why) from failure
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def _comes_back(where: Place, client: Client, left: Left | None) -> None:
    if left is not None:
        await killed.goes_on(where, client, left[0], {killed.key(left[1])})


class _Archiving:
    def __init__(self, client: Client, project_id: str) -> None:
        self._client = client
        self._project_id = project_id
        self.answered = 0

    async def go_on(self) -> None:
        while True:
            await self._client.request("workspace/archive", {"projectId": self._project_id})
            self.answered += 1
            await killed.tree(self._client, self._project_id)
            self.answered += 1
