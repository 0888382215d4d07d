"""`tests/unit/test_archive_fork.py`'s walk, many times and longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.forks_by_chance import by_chance

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]


@pytest.mark.parametrize("seed", range(100, 140))
async def test_whatever_is_listed_is_whole(tmp_path: Path, seed: int) -> None:
    await by_chance(tmp_path, seed, steps=120)
