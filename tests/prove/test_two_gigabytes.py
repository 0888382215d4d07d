"""A workspace of one 2 GB file: the round trip, its memory, and its holes."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from components.archive_weighed import BUDGET_MIB, MIB, weigh

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]
SIZE = 2 * 1024 * MIB
ISLAND = 48 * MIB
"""Of bytes that do not compress; as much nothing follows each."""


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


@pytest.mark.parametrize("holes", [True, False], ids=["sparse", "incompressible"])
@pytest.mark.parametrize("kind", ["plain", "sealed"])
def test_one_huge_file(tmp_path: Path, kind: str, holes: bool) -> None:
    (tmp_path / "source").mkdir()
    huge = tmp_path / "source" / "huge.bin"
    rng = random.Random(3)
    with open(huge, "wb") as file:
        for at in range(0, SIZE, ISLAND):
            if not holes or at // ISLAND % 2 == 0:
                file.seek(at)
                file.write(rng.randbytes(min(ISLAND, SIZE - at)))
        file.truncate(SIZE)
    peaks = weigh(tmp_path, kind)
    assert max(peaks.values()) < BUDGET_MIB, peaks
    restored = tmp_path / "target" / "huge.bin"
    assert restored.stat().st_size == SIZE
    assert _digest(restored) == _digest(huge)
    if holes:
        assert restored.stat().st_blocks * 512 < 0.6 * SIZE
