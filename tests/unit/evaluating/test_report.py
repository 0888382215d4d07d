"""What trials come to: errors are in no figure, what is unknown stays unknown, pairs are pairs."""

from __future__ import annotations

from typing import Any

from journeyman.evaluating.report import Mean, comparison, summary
from journeyman.evaluating.trial import Trial, Verdict


def trial(task: str, verdict: Verdict = "solved", model: str = "a/a", **more: Any) -> Trial:
    return Trial(task, "d", model, more.pop("attempt", 1), verdict, **more)


def test_errors_are_counted_and_in_no_figure() -> None:
    trials = [
        trial("1", steps=4, input_tokens=10, output_tokens=2),
        trial("2", "failed", steps=8),
        trial("3", "error", steps=1000),
    ]
    found = summary("a/a", trials)
    assert (found.judged, found.solved, found.errors) == (2, 1, 1)
    steps = found.means["steps"]
    assert steps is not None
    assert (steps.value, steps.of) == (6.0, 2)
    assert found.means["tokens"] == Mean(12.0, 12.0, 12.0, 1)
    assert found.means["cost in US dollars"] is None


def test_nothing_was_judged() -> None:
    found = summary("a/a", [trial("1", "error")])
    assert (found.judged, found.rate_low, found.rate_high) == (0, 0.0, 1.0)


def test_pairs_are_of_the_same_task_and_number_and_judged_on_both_sides() -> None:
    ones = [
        trial("1", steps=3),
        trial("2", steps=5),
        trial("3", "failed"),
        trial("4", "failed"),
        trial("5", "error"),
        trial("6", steps=1),
        trial("1", attempt=2, steps=2),
        trial("7"),
    ]
    others = [
        trial("6", "failed", "b/b"),
        trial("5", model="b/b"),
        trial("4", model="b/b"),
        trial("3", "failed", "b/b"),
        trial("2", model="b/b", steps=5),
        trial("1", model="b/b", steps=9),
        trial("1", model="b/b", attempt=2, steps=1),
    ]
    found = comparison(ones, others)
    assert (found.pairs, found.both, found.only_one, found.only_other, found.neither) == (6, 3, 1, 1, 1)
    assert found.p == 1.0
    assert found.less["steps"] == (1, 1, 1.0)
    assert found.less["seconds"] == (0, 0, 1.0)
