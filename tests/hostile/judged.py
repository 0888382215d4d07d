"""What must hold of archives changed at random."""

from __future__ import annotations

from collections import Counter

from hostile.played import play

KINDS = {"archive_corrupt", "not_found"}
PEAK_MB = 256


def judge(*, seed: int, count: int) -> None:
    """Each is refused in a typed failure, or brings back just what it says; nothing outside changes."""
    verdicts = play("mutants", str(seed), str(count))
    assert len(verdicts) == count
    wrong = [
        verdict
        for verdict in verdicts.values()
        if verdict["outcome"] not in ("refused", "faithful")
        or (verdict["outcome"] == "refused" and verdict["kind"] not in KINDS)
        or not verdict["untouched"]
        or verdict["peak_mb"] >= PEAK_MB
    ]
    assert not wrong, wrong[:5]
    outcomes = Counter(verdict["outcome"] for verdict in verdicts.values())
    assert outcomes["refused"] > count * 0.8, outcomes
    assert outcomes["faithful"] > count * 0.02, "some must get far enough to be written"
    assert sum(verdict["begun"] for verdict in verdicts.values()) > count * 0.08
