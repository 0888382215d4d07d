"""`python -m hostile.child FOLDER cases|mutants [SEED COUNT]`: plays forged archives in a process of its own,
under a limit on its address space, and prints a verdict for each as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from pathlib import Path

from hostile.mutants import mutants
from hostile.stage import Stage
from hostile.tables import CASES

ADDRESS_SPACE = 2 * 1024**3
"""Of this process, its threads, libraries and all, and of the guest it starts."""


async def main(folder: Path, what: str, *numbers: str) -> None:
    stage = await Stage.open(folder)
    try:
        cases = CASES if what == "cases" else mutants(stage, *map(int, numbers))
        for case in cases:
            verdict = await stage.play(case)
            print(json.dumps(verdict.line()), flush=True)
    finally:
        await stage.close()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
