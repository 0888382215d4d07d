"""Files and directories their owner may not read: archived, restored, and as unreadable as before."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.sandbox import Bench, kinds
from journeyman.adapters.local_objects import LocalObjects
from journeyman.ports.clock import SystemClock, SystemIds
from journeyman.workspace.archive.engine import ArchiveEngine

MAKE = """
mkdir -p tree/closed tree/open; echo one > tree/closed/file
echo two > tree/secret; echo three > tree/open/file
chmod 000 tree/secret tree/closed; chmod 300 tree/open
"""
SHOW = "find tree -printf '%p %y %m %s %T@\\n' 2>/dev/null | sort"
OPEN = "chmod 700 tree/secret tree/closed tree/open; cat tree/closed/file tree/secret tree/open/file"


async def _journal(step: str) -> None:
    return None


@pytest.mark.parametrize("bench", kinds("bubblewrap"), indirect=True)
async def test_what_nobody_may_read_goes_round(bench: Bench, tmp_path: Path) -> None:
    engine = ArchiveEngine(LocalObjects(tmp_path / "objects"), clock=SystemClock(), ids=SystemIds())
    _, guest = await bench.running("before")
    assert (await guest.run(["bash", "-c", MAKE])).code == 0
    shown = (await guest.run(["bash", "-c", SHOW])).output
    await engine.archive("p", guest, epoch=1, journal=_journal)
    _, restored = await bench.running("after")
    await engine.restore("p", restored)
    assert (await restored.run(["bash", "-c", SHOW])).output == shown
    assert (await restored.run(["bash", "-c", OPEN])).output == b"one\ntwo\nthree\n"
