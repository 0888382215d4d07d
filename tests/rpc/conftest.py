from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from components.sandbox import Bench
from journeyman.guest.client import GuestClient
from rpc import harness
from rpc import working as workers


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[harness.World]:
    async with harness.world(tmp_path) as built:
        yield built


@pytest.fixture
async def working(tmp_path: Path) -> AsyncGenerator[workers.Working]:
    async with workers.working(tmp_path) as built:
        yield built


@pytest.fixture
async def guest(world: harness.World, bench: Bench) -> GuestClient:
    """Of a real workspace, which every project then has."""
    _, world.manager.guest = await bench.running()
    return world.manager.guest


@pytest.fixture
async def person(world: harness.World, guest: GuestClient) -> harness.Client:
    """A client whose project has a real workspace."""
    return await world.initialized()


@pytest.fixture
async def project(person: harness.Client) -> str:
    return (await person.result("project/create", {"name": "P"}))["id"]
