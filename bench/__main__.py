"""`python -m bench [--quick]`: everything, one table."""

from __future__ import annotations

import argparse
import asyncio

from rich.progress import Progress

from bench.acquiring import acquiring
from bench.calling import calling
from bench.checkpointing import checkpointing
from bench.starting import starting
from bench.stepping import stepping
from bench.table import Row, render
from journeyman.adapters.docker_presence import docker_presence


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Journeyman beside the machine's limits."
    )
    parser.add_argument("--quick", action="store_true", help="a fifth of the samples")
    quick: bool = parser.parse_args().quick
    many = 1 if quick else 5
    presence = asyncio.run(docker_presence("code-workspace:latest"))
    sandboxes = ["bubblewrap", *(["docker"] if presence.engine and presence.image else [])]
    rows: list[Row] = []
    with Progress(transient=True) as progress:
        task = progress.add_task("starting", total=2 + 3 * len(sandboxes))
        rows += starting(2 * many)
        progress.update(task, advance=1, description="calling")
        rows += calling(400 * many, 20 * many)
        for sandbox in sandboxes:
            progress.update(task, advance=1, description=f"stepping in {sandbox}")
            rows += stepping(sandbox, 20 if quick else 80, 32 if sandbox == "bubblewrap" else 0)
            progress.update(task, advance=1, description=f"acquiring in {sandbox}")
            rows += acquiring(sandbox, 2 * many)
            progress.update(task, advance=1, description=f"checkpointing in {sandbox}")
            rows += checkpointing(sandbox, 3 * many)
    print(render(rows))
    if len(sandboxes) == 1:
        print("No Docker engine with the workspace image answers: its rows are missing.")


if __name__ == "__main__":
    main()
