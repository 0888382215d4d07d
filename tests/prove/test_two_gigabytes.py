"""A workspace of one 2 GB file: the round trip, its memory, and its holes."""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from components.archive_weighed import BUDGET_MIB, MIB, weigh

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]
SIZE = 2 * 1024 * MIB
ISLAND = 48 * MIB
"""Of bytes that do not compress; as much nothing follows each."""


@pytest.fixture
def room() -> Generator[Path]:
    """Pytest would keep up to 6 GB of each of these for three runs."""
    with tempfile.TemporaryDirectory(prefix="jm-") as folder:
        yield Path(folder)


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


@pytest.mark.parametrize("holes", [True, False], ids=["sparse", "incompressible"])
@pytest.mark.parametrize("kind", ["plain", "sealed"])
def test_one_huge_file(room: Path, tell: Callable[[str], None], kind: str, holes: bool) -> None:
    (room / "source").mkdir()
    huge = room / "source" / "huge.bin"
    rng = random.Random(3)
    with open(huge, "wb") as file:
        for at in range(0, SIZE, ISLAND):
            if not holes or at // ISLAND % 2 == 0:
                file.seek(at)
                file.write(rng.randbytes(min(ISLAND, SIZE - at)))
        file.truncate(SIZE)
    peaks = weigh(room, kind)
    tell(f"{peaks['archive']:.0f} MiB at most to archive, {peaks['restore']:.0f} MiB with restoring after it")
    assert max(peaks.values()) < BUDGET_MIB, peaks
    restored = room / "target" / "huge.bin"
    assert restored.stat().st_size == SIZE
    assert _digest(restored) == _digest(huge)
    if holes:
        assert restored.stat().st_blocks * 512 < 0.6 * SIZE
