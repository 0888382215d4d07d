from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from components.acp_lines import AcpWorld, acp_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[AcpWorld]:
    async with acp_world(tmp_path) as built:
        yield built
