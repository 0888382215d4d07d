from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from rpc import harness


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[harness.World]:
    async with harness.world(tmp_path) as built:
        yield built
