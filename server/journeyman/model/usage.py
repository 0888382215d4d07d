"""Adding up what calls used, honestly: a sum with an unknown part is unknown.

Cost is what the provider said, else tokens times the catalogue's price, else unknown. For ceilings, which
must hold even then, the meter also keeps what was used at least.
"""

from __future__ import annotations

from typing import TypeVar

from journeyman.ports.model import ModelInfo, UsageDelta
from journeyman.records import Usage

N = TypeVar("N", int, float)


def cost_of(used: UsageDelta, info: ModelInfo | None) -> float | None:
    """US dollars for one call, or None. Cached tokens of a model without a price for them count in full,
    so that the figure is never too low."""
    if used.cost_usd is not None:
        return used.cost_usd
    if info is None or info.input_usd_per_million is None or info.output_usd_per_million is None:
        return None
    if used.input_tokens is None or used.output_tokens is None:
        return None
    cached = min(used.cached_tokens or 0, used.input_tokens)
    cached_price = info.extra.get("cached_usd_per_million", info.input_usd_per_million)
    fresh = used.input_tokens - cached
    return (
        fresh * info.input_usd_per_million
        + cached * float(cached_price)
        + used.output_tokens * info.output_usd_per_million
    ) / 1_000_000


def add_usage(total: Usage, used: UsageDelta | None, info: ModelInfo | None = None) -> Usage:
    """`total` plus one model call, which said `used` (None: said nothing)."""
    first = total.model_calls == 0
    used = used or UsageDelta()
    cost = cost_of(used, info)
    return Usage(
        input_tokens=_sum(total.input_tokens, used.input_tokens, first=first),
        output_tokens=_sum(total.output_tokens, used.output_tokens, first=first),
        cached_tokens=_sum(total.cached_tokens, used.cached_tokens, first=first),
        cost_usd=_sum(total.cost_usd, cost, first=first),
        model_calls=total.model_calls + 1,
    )


class UsageMeter:
    """The running total of a run."""

    def __init__(self, total: Usage | None = None) -> None:
        self.total = total or Usage()
        self.tokens_at_least = (self.total.input_tokens or 0) + (self.total.output_tokens or 0)
        """Tokens the providers did report."""
        self.usd_at_least = self.total.cost_usd or 0.0
        """Cost that is known."""

    def add(self, used: UsageDelta | None, info: ModelInfo | None = None) -> Usage:
        """Count one model call; the new total."""
        self.total = add_usage(self.total, used, info)
        if used is not None:
            self.tokens_at_least += (used.input_tokens or 0) + (used.output_tokens or 0)
            self.usd_at_least += cost_of(used, info) or 0.0
        return self.total


def _sum(total: N | None, part: N | None, *, first: bool) -> N | None:
    if first:
        return part
    return None if total is None or part is None else total + part
