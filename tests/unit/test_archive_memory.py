"""What an archive and a restore hold in memory has a bound, whatever is in the workspace."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from components.archive_weighed import BUDGET_MIB, MIB, weigh


def _grow(source: Path) -> None:
    """Huge files that compress and that do not, larger than frames and packs, and many small ones."""
    rng = random.Random(9)
    with open(source / "random.bin", "wb") as file:
        for _ in range(130):
            file.write(rng.randbytes(MIB))
    words = [rng.randbytes(6).hex() for _ in range(4000)]
    with open(source / "text.log", "w") as file:
        for _ in range(10):
            file.write(" ".join(rng.choices(words, k=600_000)))
    for number in range(40):
        folder = source / f"d{number}"
        folder.mkdir()
        for each in range(150):
            (folder / f"f{each}.py").write_text(f"# {number} {each}\n" * 20)


@pytest.mark.parametrize("kind", ["plain", "sealed"])
def test_archive_and_restore_stay_within_their_budget(tmp_path: Path, kind: str) -> None:
    (tmp_path / "source").mkdir()
    _grow(tmp_path / "source")
    peaks = weigh(tmp_path, kind)
    assert peaks["archive"] < BUDGET_MIB, peaks
    assert peaks["restore"] < BUDGET_MIB, peaks
    assert (tmp_path / "target" / "d7" / "f7.py").read_text() == "# 7 7\n" * 20
