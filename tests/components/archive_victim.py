"""A process that archives a folder into a local store and kills itself at a given moment.

    python -m components.archive_victim OBJECTS SOURCE MOMENT

MOMENT is a step of the journal, or `<call> <n>` for the moment after the n-th link, rename or fsync.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from components.archive_guest import FolderGuest
from components.archive_kit import PROJECT
from journeyman.adapters.local_objects import LocalObjects
from journeyman.ports.clock import SystemClock, SystemIds
from journeyman.workspace.archive.engine import ArchiveEngine


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_after(name: str, number: int) -> None:
    """Die right after the `number`-th call of `os.<name>`."""
    original: Callable[..., Any] = getattr(os, name)
    count = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        answer = original(*args, **kwargs)
        count += 1
        if count == number:
            die()
        return answer

    setattr(os, name, counted)


async def main(objects: Path, source: Path, moment: str) -> None:
    call, _, number = moment.partition(" ")
    if number:
        kill_after(call, int(number))

    async def journal(step: str) -> None:
        if step == moment:
            die()

    engine = ArchiveEngine(LocalObjects(objects), clock=SystemClock(), ids=SystemIds())
    await engine.archive(PROJECT, FolderGuest(source).as_guest(), epoch=1, journal=journal)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
