"""The wire for long: 2,000 cuts in a stream, 1,000 cancels at random instants, one slow reader among 99."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from journeyman.rpc.limits import Limits
from rpc.harness import World, world
from rpc.test_cancels import cancel_at_random_instants
from rpc.test_events import one_slow_reader, reconnect_at_random_bytes
from rpc.working import Working, working

pytestmark = [pytest.mark.prove, pytest.mark.timeout(3600)]
CUTS = int(os.environ.get("JOURNEYMAN_TEST_CUTS", "2000"))
CANCELS = int(os.environ.get("JOURNEYMAN_TEST_CANCELS", "1000"))


@pytest.fixture
async def quiet(tmp_path: Path) -> AsyncGenerator[World]:
    # A hundred clients in one process take their time; nobody is given up for it.
    async with world(tmp_path, Limits(eof_grace_s=0.2, stall_s=900.0)) as built:
        yield built


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncGenerator[Working]:
    async with working(tmp_path) as built:
        yield built


async def test_reconnecting_at_random_bytes_gives_exactly_the_log(quiet: World) -> None:
    await reconnect_at_random_bytes(quiet, cuts=CUTS, seed=1)


async def test_cancels_at_random_instants_kill_and_end_exactly_once(busy: Working) -> None:
    await cancel_at_random_instants(busy, times=CANCELS, seed=2)


async def test_one_slow_reader_among_many_costs_little(quiet: World) -> None:
    await one_slow_reader(quiet, others=99, events=600)
