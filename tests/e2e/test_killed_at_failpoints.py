"""kill -9 of a real daemon between the effects that matter most. `make prove` does it at every failpoint."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from components import killed
from e2e.daemons import place
from journeyman.failpoints import POINTS

RELIABILITY = Path(__file__).parents[2] / "docs" / "reliability.md"
CHOSEN = [
    "archive.pack_put",
    "archive.pointer_moved",
    "archive.recorded",
    "archive.deletion_decided",
    "archive.instance_removed",
    "restore.directory_complete",
    "restore.swap_decided",
    "thin.pack_removed",
    "fork.pinned",
    "fork.pointer_moved",
    "delete.held_back",
    "delete.pointer_removed",
    "rewind.removed",
]


@pytest.mark.parametrize("point", CHOSEN)
async def test_killed_at(point: str) -> None:
    await killed.killed_at(point)


def test_every_failpoint_is_reached_somewhere_and_documented() -> None:
    source = "\n".join(
        path.read_text()
        for path in (RELIABILITY.parents[1] / "server").rglob("*.py")
        if path.stem != "failpoints"
    )
    text = RELIABILITY.read_text()
    for name, meaning in POINTS.items():
        step = name.partition(".")[2]
        assert f'reach("{name}")' in source or f'self._passed("{step}")' in source, name
        assert f"| `{name}` | {meaning} |" in text, name


@pytest.mark.parametrize("text", ["nonsense=kill", "archive.recorded", "archive.recorded=explode"])
def test_a_failpoint_that_does_not_exist_ends_the_start_with_a_sentence(text: str) -> None:
    with place(JOURNEYMAN_FAILPOINTS=text) as where:
        done = subprocess.run(
            [sys.executable, "-m", "journeyman", "serve"],
            env=where.env,
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert done.returncode != 0
    assert b"is no failpoint" in done.stderr
    assert b"Traceback" not in done.stderr
