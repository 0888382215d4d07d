"""A thousand generated trees come back as they were. `ARCHIVE_TREES` sets another number."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.archive_trees import generated

PARTS = 10
"""So that several processes share them."""
TREES = int(os.environ.get("ARCHIVE_TREES", "1000"))


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_trees(tmp_path: Path, part: int) -> None:
    generated(TREES // PARTS)(tmp_path)
