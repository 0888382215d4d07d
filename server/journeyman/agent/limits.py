"""The ceilings of a run, checked before each model call. Fail closed: what cannot be measured is estimated.

Pure arithmetic: knows neither the model nor the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from journeyman.model.usage import UsageMeter
from journeyman.ports.model import ModelInfo, UsageDelta
from journeyman.records import Budget, Usage

WARN_AT = 0.8
Ceiling = Literal["steps", "tokens", "usd", "seconds"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The daemon's own ceilings; a run's budget can only lower them."""

    steps_per_segment: int = 100
    segments_max: int = 5
    tokens: int = 5_000_000
    usd: float = 20.0
    seconds: float = 4 * 3600.0
    steps: int | None = None
    """Most model calls of the whole run; None: segments alone decide."""

    def lowered(self, budget: Budget) -> Limits:
        return Limits(
            self.steps_per_segment,
            self.segments_max,
            min(self.tokens, budget.tokens) if budget.tokens is not None else self.tokens,
            min(self.usd, budget.usd) if budget.usd is not None else self.usd,
            min(self.seconds, budget.seconds) if budget.seconds is not None else self.seconds,
            budget.steps if self.steps is None else self.steps,
        )


@dataclass(frozen=True, slots=True)
class Reached:
    ceiling: Ceiling
    message: str


@dataclass(slots=True)
class Meter:
    limits: Limits
    steps: int = 0
    segment: int = 1
    _used: UsageMeter = field(default_factory=UsageMeter)
    _segment_start: int = 0
    _estimated_tokens: int = 0
    _warned: set[Ceiling] = field(default_factory=set[Ceiling])

    @property
    def usage(self) -> Usage:
        return self._used.total

    def add(self, used: UsageDelta | None, info: ModelInfo | None = None, *, characters: int = 0) -> None:
        """Count one model call; `characters` (sent and received) stands in where tokens were not said."""
        before = self._used.tokens_at_least
        self._used.add(used, info)
        if self._used.tokens_at_least == before:
            self._estimated_tokens += characters // 4
        self.steps += 1

    def progressed(self) -> None:
        """Verified progress: a new segment, if there is one left."""
        if self.segment < self.limits.segments_max:
            self.segment += 1
            self._segment_start = self.steps

    def reached(self, elapsed_s: float) -> Reached | None:
        """The ceiling that forbids another model call; None when there is none."""
        for ceiling, used, limit in self._levels(elapsed_s):
            if used >= limit:
                return Reached(ceiling, f"The run reached its ceiling of {_figure(ceiling, limit)}.")
        return None

    def warning(self, elapsed_s: float) -> str | None:
        """A sentence, once for each ceiling that is four fifths used."""
        for ceiling, used, limit in self._levels(elapsed_s):
            if used >= WARN_AT * limit and ceiling not in self._warned:
                self._warned.add(ceiling)
                return f"Four fifths of this run's {_figure(ceiling, limit)} are used. Come to an end."
        return None

    def _levels(self, elapsed_s: float) -> list[tuple[Ceiling, float, float]]:
        levels: list[tuple[Ceiling, float, float]] = [
            ("steps", self.steps - self._segment_start, self.limits.steps_per_segment),
            ("tokens", self._used.tokens_at_least + self._estimated_tokens, self.limits.tokens),
            ("usd", self._used.usd_at_least, self.limits.usd),
            ("seconds", elapsed_s, self.limits.seconds),
        ]
        if self.limits.steps is not None:
            levels.append(("steps", self.steps, self.limits.steps))
        return levels


def _figure(ceiling: Ceiling, limit: float) -> str:
    if ceiling == "usd":
        return f"{limit:g} US dollars"
    return f"{limit:,.0f} {ceiling}"
