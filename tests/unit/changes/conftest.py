from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from unit.changes.review import Review
from unit.checkpoint.scene import scene


@pytest.fixture
async def review(tmp_path: Path) -> AsyncIterator[Review]:
    async with scene(tmp_path) as made:
        yield Review(made)
