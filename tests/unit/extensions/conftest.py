from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from unit.agent.house import House, house
from unit.agent.tooling import Bench, bench


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncGenerator[House]:
    async with house(tmp_path) as made:
        yield made


@pytest.fixture
async def tools(agent: House) -> AsyncGenerator[Bench]:
    async with bench(agent) as made:
        yield made
