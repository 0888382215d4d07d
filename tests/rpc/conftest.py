from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

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
