"""Adding up what calls used, honestly: a sum with an unknown part is unknown.

Cost is what the provider said, else tokens times the catalogue's price, else unknown. For ceilings, which
must hold even then, the meter also keeps what was used at least.
"""

from __future__ import annotations

from dataclasses import replace

from journeyman.ports.model import ModelInfo, UsageDelta
from journeyman.records import Counted, Usage


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
    used = used or UsageDelta()
    cost = cost_of(used, info)
    one = Usage(
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        cached_tokens=used.cached_tokens,
        cost_usd=cost,
        model_calls=1,
        cache_write_tokens=used.cache_write_tokens,
        reasoning_tokens=used.reasoning_tokens,
        at_least=Counted(
            used.input_tokens or 0,
            used.output_tokens or 0,
            used.cached_tokens or 0,
            used.cache_write_tokens or 0,
            used.reasoning_tokens or 0,
            cost or 0.0,
        ),
    )
    held = None
    if used.input_tokens is not None and used.output_tokens is not None:
        held = used.input_tokens + used.output_tokens
    size = info.context_window if info is not None else None
    return replace(total.plus(one), context_used=held, context_size=size)


class UsageMeter:
    """The running total of a run."""

    def __init__(self, total: Usage | None = None) -> None:
        self.total = total or Usage()

    @property
    def tokens_at_least(self) -> int:
        """Tokens the providers did report."""
        return self.total.at_least.input_tokens + self.total.at_least.output_tokens

    @property
    def usd_at_least(self) -> float:
        """Cost that is known."""
        return self.total.at_least.cost_usd

    def add(self, used: UsageDelta | None, info: ModelInfo | None = None) -> Usage:
        """Count one model call; the new total."""
        self.total = add_usage(self.total, used, info)
        return self.total
