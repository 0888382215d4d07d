"""What trials come to: one summary for each configuration, and how two compare pair by pair. Pure.

Errors are counted and are in no other figure. A figure that some run did not tell is of those that did, and
says of how many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from journeyman.evaluating.statistics import bootstrap, sign_test, wilson
from journeyman.evaluating.trial import Trial

Figure = Callable[[Trial], float | None]
FIGURES: dict[str, Figure] = {
    "steps": lambda trial: trial.steps,
    "tokens": lambda trial: trial.tokens,
    "cost in US dollars": lambda trial: trial.cost_usd,
    "seconds": lambda trial: trial.seconds,
}


@dataclass(frozen=True, slots=True)
class Mean:
    value: float
    low: float
    high: float
    of: int
    """How many runs told it."""


@dataclass(frozen=True, slots=True)
class Summary:
    name: str
    """Of the configuration."""
    judged: int
    solved: int
    errors: int
    rate_low: float
    rate_high: float
    means: dict[str, Mean | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    pairs: int
    """Judged on both sides."""
    both: int
    only_one: int
    only_other: int
    neither: int
    p: float
    """McNemar's test, exact."""
    less: dict[str, tuple[int, int, float]]
    """Of pairs solved on both sides: how often each needed less, and the sign test's p."""


def summary(name: str, trials: Sequence[Trial]) -> Summary:
    judged = [trial for trial in trials if trial.verdict != "error"]
    solved = sum(trial.verdict == "solved" for trial in judged)
    low, high = wilson(solved, len(judged))
    means = {each: _mean(judged, figure) for each, figure in FIGURES.items()}
    return Summary(name, len(judged), solved, len(trials) - len(judged), low, high, means)


def _mean(trials: Sequence[Trial], figure: Figure) -> Mean | None:
    values = [value for trial in trials if (value := figure(trial)) is not None]
    return Mean(*bootstrap(values), of=len(values)) if values else None


def comparison(ones: Sequence[Trial], others: Sequence[Trial]) -> Comparison:
    right = {(trial.task, trial.attempt): trial for trial in others if trial.verdict != "error"}
    pairs = [
        (trial, right[trial.task, trial.attempt])
        for trial in ones
        if trial.verdict != "error" and (trial.task, trial.attempt) in right
    ]
    outcomes = [(a.verdict == "solved", b.verdict == "solved") for a, b in pairs]
    one, other = outcomes.count((True, False)), outcomes.count((False, True))
    both = [pair for pair, outcome in zip(pairs, outcomes, strict=True) if outcome == (True, True)]
    return Comparison(
        pairs=len(pairs),
        both=len(both),
        only_one=one,
        only_other=other,
        neither=outcomes.count((False, False)),
        p=sign_test(one, other),
        less={name: _less(both, figure) for name, figure in FIGURES.items()},
    )


def _less(pairs: Sequence[tuple[Trial, Trial]], figure: Figure) -> tuple[int, int, float]:
    known = [(x, y) for a, b in pairs if (x := figure(a)) is not None and (y := figure(b)) is not None]
    one, other = sum(x < y for x, y in known), sum(y < x for x, y in known)
    return (one, other, sign_test(one, other))


def as_json(summaries: Sequence[Summary], compared: Comparison | None, trials: Sequence[Trial]) -> Any:
    from dataclasses import asdict

    return {
        "configurations": [asdict(each) for each in summaries],
        "comparison": None if compared is None else asdict(compared),
        "trials": [trial.row() for trial in trials],
    }
