from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from unit.checkpoint.scene import Scene, scene


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(tmp_path) as made:
        yield made
