"""kill -9 at every step of the protocol and around every effect on disk: the archive before it stays, the
pointer never names what is not whole, and the next attempt succeeds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from components.archive_kit import PROJECT, Kit, fill, snapshot
from journeyman.adapters.local_objects import LocalObjects

TESTS = Path(__file__).parent.parent
SERVER = TESTS.parent / "server"
STEPS = ["packs_uploaded", "packs_verified", "tree_unmoved", "manifest_verified", "pointer_moved"]
# An archive of a changed tree links two objects (pack, manifest), renames one (HEAD), and syncs each
# object's file and folder.
EFFECTS = ["link 1", "link 2", "rename 1", *(f"fsync {number}" for number in range(1, 7))]


@pytest.mark.parametrize("moment", STEPS + EFFECTS)
async def test_killed(tmp_path: Path, moment: str) -> None:
    kit = Kit(tmp_path, LocalObjects(tmp_path / "objects"))
    fill(kit.source)
    first, before = await kit.archive(), snapshot(kit.source)
    (kit.source / "src" / "main.py").write_text("print('changed')\n")
    after = snapshot(kit.source)
    victim = subprocess.run(
        [sys.executable, "-m", "components.archive_victim", tmp_path / "objects", kit.source, moment],
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{SERVER}"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert victim.returncode == -signal.SIGKILL, victim.stderr.decode()[-2000:]
    report = await kit.engine.verify(PROJECT, read_data=True)
    assert report.ok, report.problems
    newest = await kit.engine.newest(PROJECT)
    assert newest is not None
    moved = newest.archive_id != first.archive_id
    assert moved == (moment in ("pointer_moved", "rename 1", "fsync 6"))
    assert snapshot((await kit.restore())[1]) == (after if moved else before)
    assert snapshot((await kit.restore(first.archive_id))[1]) == before
    again = await kit.archive()
    assert again.seq == (3 if moved else 2)
    assert snapshot((await kit.restore())[1]) == after
    assert (await kit.engine.verify(PROJECT, read_data=True)).ok
