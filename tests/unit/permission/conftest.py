from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from unit.permission.desk import Desk, desk


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[Desk]:
    async with desk(tmp_path) as made:
        yield made
