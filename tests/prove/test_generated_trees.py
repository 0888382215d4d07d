"""Ten thousand generated trees, and with `ARCHIVE_TREES=100000` ten times as many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.archive_trees import generated

pytestmark = [pytest.mark.prove, pytest.mark.timeout(7200)]
PARTS = 10
TREES = int(os.environ.get("ARCHIVE_TREES", "10000"))


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_trees(tmp_path: Path, part: int) -> None:
    generated(TREES // PARTS)(tmp_path)
