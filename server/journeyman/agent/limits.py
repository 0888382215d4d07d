"""The ceilings of a run, checked before each model call. Fail closed: what cannot be measured is estimated.

Pure arithmetic: knows neither the model nor the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from journeyman.failures import Failure
from journeyman.model.usage import UsageMeter, cost_of
from journeyman.ports.model import ModelInfo, UsageDelta
from journeyman.records import Budget, Usage

WARN_AT = 0.8
CHARACTERS_PER_TOKEN = 4
SHORT_ANSWER_TOKENS = 500
LONG_ANSWER_TOKENS = 32_000
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
    _estimated_usd: float = 0.0
    _warned: set[Ceiling] = field(default_factory=set[Ceiling])

    @property
    def usage(self) -> Usage:
        return self._used.total

    def add(
        self, used: UsageDelta | None, info: ModelInfo | None = None, *, sent: int = 0, received: int = 0
    ) -> None:
        """Count one model call; the characters `sent` and `received` stand in where tokens or their cost
        were not said."""
        before = self._used.tokens_at_least
        self._used.add(used, info)
        if self._used.tokens_at_least == before:
            self._estimated_tokens += (sent + received) // CHARACTERS_PER_TOKEN
        if used is None or cost_of(used, info) is None:
            tokens = UsageDelta(sent // CHARACTERS_PER_TOKEN, received // CHARACTERS_PER_TOKEN)
            self._estimated_usd += cost_of(tokens, info) or 0.0
        self.steps += 1

    def progressed(self) -> None:
        """Verified progress: a new segment, if there is one left."""
        if self.segment < self.limits.segments_max:
            self.segment += 1
            self._segment_start = self.steps

    def reached(self, elapsed_s: float, info: ModelInfo | None = None, *, sent: int = 0) -> Reached | None:
        """The ceiling that forbids another model call; None when there is none. Of a call that would send
        so many characters, its input and a short answer must still fit."""
        tokens = sent // CHARACTERS_PER_TOKEN
        next_call = {"tokens": float(tokens), "usd": 0.0}
        if sent:
            next_call["usd"] = cost_of(UsageDelta(tokens, SHORT_ANSWER_TOKENS), info) or 0.0
        for ceiling, used, limit in self._levels(elapsed_s):
            reserved = next_call.get(ceiling, 0.0)
            if used >= limit:
                return Reached(ceiling, f"The run reached its ceiling of {_figure(ceiling, limit)}.")
            if used + reserved > limit:
                left = _figure(ceiling, limit - used)
                return Reached(
                    ceiling,
                    f"The run stops before its ceiling of {_figure(ceiling, limit)}: "
                    f"the next model call may need more than the {left} that are left.",
                )
        return None

    def answer_tokens_max(self, info: ModelInfo, *, sent: int) -> int | None:
        """The longest answer the ceilings have room for, where that is not more than answers ever have."""
        used = {ceiling: (amount, limit) for ceiling, amount, limit in self._levels(0.0)}
        asked = sent // CHARACTERS_PER_TOKEN
        amount, limit = used["tokens"]
        room = limit - amount - asked
        price = info.output_usd_per_million
        if price:
            amount, limit = used["usd"]
            left = limit - amount - (cost_of(UsageDelta(asked, 0), info) or 0.0)
            room = min(room, left * 1_000_000 / price)
        return None if room >= LONG_ANSWER_TOKENS else max(1, int(room))

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
            ("usd", self._used.usd_at_least + self._estimated_usd, self.limits.usd),
            ("seconds", elapsed_s, self.limits.seconds),
        ]
        if self.limits.steps is not None:
            levels.append(("steps", self.steps, self.limits.steps))
        return levels


def _figure(ceiling: Ceiling, limit: float) -> str:
    if ceiling == "usd":
        return f"{limit:g} US dollars"
    return f"{limit:,.0f} {ceiling}"


def check_price(budget: Budget, info: ModelInfo) -> None:
    """A ceiling in dollars needs a price: what nobody can count cannot be kept. Raises `invalid`."""
    if budget.usd is None or None not in (info.input_usd_per_million, info.output_usd_per_million):
        return
    raise Failure(
        "invalid",
        f"The price of {info.id} is not known, so a budget in US dollars cannot be kept.",
        hint="`budget.usd`: set `budget.tokens` instead, or choose a model that has a price in model/list.",
    )
