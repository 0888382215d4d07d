"""Ten thousand generated trees, and with `ARCHIVE_TREES=100000` ten times as many.

Each part has trees of its own: without numbers Hypothesis gives all parts the same ones where `CI` is set.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from components.archive_trees import generated

pytestmark = [pytest.mark.prove, pytest.mark.timeout(7200)]
PARTS = 10
TREES = int(os.environ.get("ARCHIVE_TREES", "10000"))
SEED = int(os.environ.get("JOURNEYMAN_TEST_SEED", str(random.randrange(2**32))))


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_trees(tmp_path: Path, part: int, tell: Callable[[str], None]) -> None:
    tell(f"JOURNEYMAN_TEST_SEED={SEED}")
    generated(TREES // PARTS, SEED + part)(tmp_path)
