"""The table of costs, and the targets beside what was reached."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.archiving.peers import Cost

OURS, SEALED = "ours", "ours, encrypted"
TAR, TAR_BACK, RESTIC, LSTAT = (
    "tar and zstd -3 -T0",
    "zstd -d and tar x",
    "restic (encrypts)",
    "lstat of every file",
)
MANIFEST = "its manifest, read and written"
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
    (FIRST, TAR, 1.2),
    (FIRST, RESTIC, 0.35),
    (UNCHANGED, LSTAT, 2.0),
    (UNCHANGED, RESTIC, 0.2),
    (CHANGED, RESTIC, 0.3),
    (RESTORED, RESTIC, 0.7),
    (AFTER, LSTAT, 2.0),
    (AFTER, RESTIC, 0.2),
    (FORK, MANIFEST, 1.5),
)
PEAK_MIB = 256
Costs = dict[tuple[str, str], list[Cost]]


def table(costs: Costs) -> str:
    lines = [
        "| case | who | CPU s | wall s | stored MB | peak MiB | n |",
        "|---|---|---|---|---|---|---|",
    ]
    order = sorted(costs.items(), key=lambda each: (CASES.index(each[0][0]), each[0][1]))
    for (case, who), found in order:
        stored = statistics.median(each.stored for each in found) / 1e6
        peak = statistics.median(each.peak for each in found)
        lines.append(
            f"| {case} | {who} | {_cpu(found):.2f} | {statistics.median(e.wall for e in found):.2f} "
            f"| {f'{stored:.1f}' if stored else ''} | {f'{peak:.0f}' if peak else ''} | {len(found)} |"
        )
    return "\n".join(lines)


def targets(costs: Costs) -> str:
    """Ratios of CPU seconds, ours to theirs, and our peak."""
    lines = ["| CPU beside | | wanted | ours | | encrypted | |", "|---|---|---|---|---|---|---|"]
    for case, who, wanted in TARGETS:
        if (case, who) in costs:
            theirs = max(_cpu(costs[case, who]), 1e-9)
            cells = [_cell(_cpu(costs[case, kind]) / theirs, wanted, ".2f") for kind in (OURS, SEALED)]
            lines.append(f"| {case} | {who} | {wanted} | {' | '.join(cells)} |")
    highest = {
        kind: max(each.peak for (_, who), found in costs.items() if who == kind for each in found)
        for kind in (OURS, SEALED)
    }
    peaks = [_cell(highest[kind], PEAK_MIB, ".0f") for kind in (OURS, SEALED)]
    lines.append(f"| peak of the daemon's process, MiB | | {PEAK_MIB} | {' | '.join(peaks)} |")
    return "\n".join(lines)


def _cell(value: float, wanted: float, how: str) -> str:
    return f"{value:{how}} | {'reached' if value <= wanted else 'missed'}"


def _cpu(found: Sequence[Cost]) -> float:
    return statistics.median(each.cpu for each in found)
