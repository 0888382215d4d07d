"""`python -m bench.archiving [--quick] [--rounds N] [--folder DIR]`: one tree, everybody, one run."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.progress import Progress

from bench.archiving import tree
from bench.archiving.ours import PROJECT
from bench.archiving.peers import Cost, Restic, docker, lstat_floor, tar_zstd
from journeyman.adapters.generations import LocalGenerations, workspace_uid

IMAGE = "code-workspace:latest"
FIRST, UNCHANGED, CHANGED, RESTORED, AFTER, FORK = (
    "first archive",
    "nothing changed",
    "200 files and database pages changed",
    "restore, verified",
    "archive after the restore",
    "a fork",
)
CASES = (FIRST, UNCHANGED, CHANGED, RESTORED, AFTER, FORK)
TARGETS = (
    (FIRST, "tar and zstd -3 -T0", 1.2),
    (FIRST, "restic", 0.35),
    (UNCHANGED, "lstat of every file", 2.0),
    (UNCHANGED, "restic", 0.2),
    (CHANGED, "restic", 0.3),
    (AFTER, "lstat of every file", 2.0),
    (RESTORED, "restic", 0.7),
    (FORK, "its manifest, read and written", 1.5),
)
Costs = dict[tuple[str, str], list[Cost]]
Step = Callable[[str], None]


def _ours(action: str, folder: Path) -> Cost:
    done = subprocess.run(
        [sys.executable, "-m", "bench.archiving.ours", action, str(folder)], capture_output=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr.decode()[-2000:])
    found = json.loads(done.stdout)
    return Cost(found["cpu"], found["wall"], int(found.get("new_bytes", 0)), found["peak_mb"])


def _workspace(folder: Path, source: Path) -> Path:
    """The tree as generation 1 of a new workspace; answers its directory."""

    generations = LocalGenerations(folder / "data", uid=workspace_uid(None))
    number, files = asyncio.run(generations.prepare(PROJECT))
    subprocess.run(["cp", "-a", f"{source}/.", str(files)], check=True)
    tree.own(files, workspace_uid(None))
    asyncio.run(LocalGenerations(folder / "data", uid=workspace_uid(None)).commit(PROJECT, number))
    return files


def _round(folder: Path, source: Path, costs: Costs, step: Step) -> None:
    def note(case: str, who: str, cost: Cost | None) -> None:
        step(f"{who}: {case}")
        if cost is not None:
            costs.setdefault((case, who), []).append(cost)

    for name in ("data", "store"):
        shutil.rmtree(folder / name, ignore_errors=True)
    files = _workspace(folder, source)
    note(UNCHANGED, "lstat of every file", lstat_floor(files))
    note(FIRST, "tar and zstd -3 -T0", tar_zstd(files, folder))
    note(FIRST, "ours", _ours("archive", folder))
    _ours("archive", folder)  # what was written moments before the first one is remembered by this one
    note(UNCHANGED, "ours", _ours("archive", folder))
    restic = Restic(folder) if Restic.installed() else None
    if restic is not None:
        restic.begin()
        note(FIRST, "restic", restic.backup(files))
        note(UNCHANGED, "restic", restic.backup(files))
    tree.change(files, 1)
    note(CHANGED, "ours", _ours("archive", folder))
    if restic is not None:
        note(CHANGED, "restic", restic.backup(files))
    note(RESTORED, "ours", _ours("restore", folder))
    note(AFTER, "ours", _ours("archive", folder))
    note(AFTER, "lstat of every file", lstat_floor(files))
    note(FORK, "ours", _ours("fork", folder))
    note(FORK, "its manifest, read and written", _ours("manifest", folder))
    if restic is not None:
        note(RESTORED, "restic", restic.restore(folder / "restored"))
        moved = folder / "moved"
        subprocess.run(["cp", "-a", str(files), str(moved)], check=True)
        files.rename(folder / "aside")
        moved.rename(files)
        note(AFTER, "restic", restic.backup(files))


def _table(costs: Costs) -> str:
    lines = [
        "| case | who | CPU s | wall s | stored MB | peak MiB | n |",
        "|---|---|---|---|---|---|---|",
    ]
    for (case, who), found in sorted(costs.items(), key=lambda each: (_place(each[0][0]), each[0][1])):
        stored = statistics.median(each.stored for each in found) / 1e6
        peak = statistics.median(each.peak for each in found)
        lines.append(
            f"| {case} | {who} | {_cpu(found):.2f} | {statistics.median(e.wall for e in found):.2f} "
            f"| {f'{stored:.1f}' if stored else ''} | {f'{peak:.0f}' if peak else ''} | {len(found)} |"
        )
    return "\n".join(lines)


def _targets(costs: Costs) -> str:
    lines = ["| CPU, ours beside | | ratio | wanted |", "|---|---|---|---|"]
    for case, who, wanted in TARGETS:
        if (case, who) in costs and (case, "ours") in costs:
            ratio = _cpu(costs[case, "ours"]) / max(_cpu(costs[case, who]), 1e-9)
            lines.append(f"| {case} | {who} | {ratio:.2f} | {wanted} |")
    return "\n".join(lines)


def _cpu(found: list[Cost]) -> float:
    return statistics.median(each.cpu for each in found)


def _place(case: str) -> int:
    return CASES.index(case) if case in CASES else len(CASES)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.archiving", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small tree, one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to work; default: a temporary directory")
    given = parser.parse_args()
    size = tree.QUICK if given.quick else tree.FULL
    rounds = 1 if given.quick else given.rounds
    costs: Costs = {}
    with tempfile.TemporaryDirectory(prefix="jm-bench-", dir=given.folder) as name:
        folder = Path(name)
        with Progress(transient=True) as progress:
            task = progress.add_task("making the tree", total=13 * rounds + 1)
            tree.make(folder / "tree", size)
            held = [path for path in (folder / "tree").rglob("*") if path.is_file()]
            for _ in range(rounds):
                _round(
                    folder,
                    folder / "tree",
                    costs,
                    lambda what: progress.update(task, advance=1, description=what),
                )
                for left in folder.iterdir():
                    if left.name != "tree":
                        shutil.rmtree(left)
            if (engine := docker(folder / "tree", IMAGE)) is not None:
                for who, cost in engine.items():
                    costs[FIRST, who] = [cost]
            total = sum(path.stat().st_size for path in held)
    print(f"{len(held):,} files, {total / 1e6:,.0f} MB; medians of {rounds}\n")
    print(_table(costs))
    print(f"\n{_targets(costs)}")
    if not Restic.installed():
        print("\nrestic is not installed: its rows are missing (Debian: apt-get install restic).")


if __name__ == "__main__":
    main()
