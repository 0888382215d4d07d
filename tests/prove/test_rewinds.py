"""Many orders of what an agent and others do, and a tree of 20,000 files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unit.checkpoint.scene import scene

pytestmark = [pytest.mark.prove, pytest.mark.timeout(1800)]
ORDERS = os.environ.get("JOURNEYMAN_TEST_REWINDS", "100")
ROOT = Path(__file__).parents[2]


def test_many_orders() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--timeout", "1700", "tests/unit/checkpoint/test_property.py"],
        env={**os.environ, "JOURNEYMAN_TEST_REWINDS": ORDERS},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]


async def test_a_tree_of_20_000_files_goes_and_comes_back(tmp_path: Path) -> None:
    async with scene(tmp_path) as stage:
        make = "for d in {1..200}; do mkdir -p t/$d; for f in {1..100}; do echo $d $f > t/$d/$f; done; done"
        stage.write("mine", "mine")
        run = await stage.run()
        await run.step(make)
        made = stage.tree()
        await run.step("rm -r t/1*; for d in {20..30}; do echo changed >> t/$d/7; done; mv t/50 u")
        there = stage.tree()
        await run.end()
        assert len(made) > 20_000
        start, first, _ = await stage.list()
        for checkpoint, tree in ((first, made), (start, None)):
            report = await stage.checkpoints.restore(
                stage.chat.id, checkpoint.id, scope="files", conflicts="keep"
            )
            assert report.kept == ()
            assert set(stage.tree()) == {"mine"} if tree is None else stage.tree() == tree
        for expected in (made, there):
            await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
            assert stage.tree() == expected
