"""`python -m bench.archiving [--quick] [--rounds N] [--folder DIR]`: one tree, everybody, one run."""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from pathlib import Path

from rich.progress import Progress

from bench.archiving import tree
from bench.archiving.peers import Restic
from bench.archiving.report import Costs, table, targets
from bench.archiving.rounds import STEPS, one_round


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.archiving", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small tree, one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary directory")
    given = parser.parse_args()
    size = tree.QUICK if given.quick else tree.FULL
    rounds = 1 if given.quick else given.rounds
    costs: Costs = {}
    loads: list[float] = []
    with (
        tempfile.TemporaryDirectory(prefix="jm-bench-", dir=given.folder) as name,
        contextlib.ExitStack() as kept,
    ):
        source = Path(name, "tree")
        with Progress(transient=True) as progress:
            task = progress.add_task("making the tree", total=STEPS * rounds + 1)
            tree.make(source, size)
            held = [path.stat().st_size for path in source.rglob("*") if path.is_file()]

            def step(what: str) -> None:
                loads.append(os.getloadavg()[0])
                progress.update(task, advance=1, description=what)

            for number in range(rounds):
                folder = Path(name, f"round-{number}")
                folder.mkdir()
                one_round(folder, source, costs, step, kept)  # and keep it: see there
    print(f"{len(held):,} files, {sum(held) / 1e6:,.0f} MB; medians of {rounds}; every tree that came back")
    print(f"was compared with the one put away; load {min(loads):.1f} to {max(loads):.1f}")
    print(f"on {os.cpu_count()} processors, ours included.\n")
    print(table(costs))
    print(f"\n{targets(costs)}")
    if not Restic.installed():
        print("\nrestic is not installed: its rows are missing (Debian: apt-get install restic).")


if __name__ == "__main__":
    main()
