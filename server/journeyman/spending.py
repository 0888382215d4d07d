"""What runs use of a model, as values, and how two of them add up. Part of what `records` remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Counted:
    """What providers did say, added up: these only grow."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0

    def plus(self, more: Counted) -> Counted:
        return Counted(
            self.input_tokens + more.input_tokens,
            self.output_tokens + more.output_tokens,
            self.cached_tokens + more.cached_tokens,
            self.cache_write_tokens + more.cache_write_tokens,
            self.reasoning_tokens + more.reasoning_tokens,
            self.cost_usd + more.cost_usd,
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money, added up. `None` means the provider did not say; it is never guessed."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    """With those of reasoning."""
    cached_tokens: int | None = None
    """Of the input, read from the provider's cache."""
    cost_usd: float | None = None
    model_calls: int = 0
    cache_write_tokens: int | None = None
    """Of the input, written to the provider's cache."""
    reasoning_tokens: int | None = None
    at_least: Counted = field(default_factory=Counted)
    context_used: int | None = None
    """Tokens of the newest call, in and out: how full the model's window is."""
    context_size: int | None = None

    @property
    def complete(self) -> bool:
        """Whether every call said how many tokens it took, and its cost is known."""
        return self.model_calls == 0 or None not in (self.input_tokens, self.output_tokens, self.cost_usd)

    def plus(self, more: Usage) -> Usage:
        """Both; a sum with an unknown part is unknown. Of the window: what `more` says."""
        if not self.model_calls or not more.model_calls:
            return self if self.model_calls else more
        return Usage(
            input_tokens=_sum(self.input_tokens, more.input_tokens),
            output_tokens=_sum(self.output_tokens, more.output_tokens),
            cached_tokens=_sum(self.cached_tokens, more.cached_tokens),
            cost_usd=_sum(self.cost_usd, more.cost_usd),
            model_calls=self.model_calls + more.model_calls,
            cache_write_tokens=_sum(self.cache_write_tokens, more.cache_write_tokens),
            reasoning_tokens=_sum(self.reasoning_tokens, more.reasoning_tokens),
            at_least=self.at_least.plus(more.at_least),
            context_used=more.context_used,
            context_size=more.context_size,
        )


N = TypeVar("N", int, float)


def _sum(one: N | None, more: N | None) -> N | None:
    return None if one is None or more is None else one + more
