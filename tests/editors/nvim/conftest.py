"""A desk for each test: its own daemon, its own folder."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from e2e.daemons import place
from editors.nvim.desk import LINES, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    folder, home = tmp_path / "project", tmp_path / "home"
    (folder / ".git").mkdir(parents=True)
    home.mkdir()
    (folder / "text.txt").write_text("".join(f"{line}\n" for line in LINES))
    with place() as where, ExitStack() as stack:
        yield Desk(where, folder, home, stack)
