"""Another model in place of one that cannot be had, from the user's own list and from nowhere else.

Only between two answers: an answer that did not come whole is void and none of its calls has run. What the
provider says of the conversation itself (too long) is no reason, and neither is a model that could not be
had from the start: that is a mistake in the settings, which its user wants to hear of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from journeyman.agent.limits import check_price
from journeyman.failures import Failure, FailureKind
from journeyman.model.registry import ModelRegistry, ResolvedModel
from journeyman.records import Budget

REASONS: frozenset[FailureKind] = frozenset(
    {"model_unreachable", "model_refused", "model_unknown", "model_broken", "timeout"}
)


@dataclass(slots=True)
class Fallbacks:
    """Of one run: each model is tried once."""

    models: ModelRegistry
    names: Sequence[str]
    _tried: set[str] = field(default_factory=set[str])

    async def next(self, failure: Failure, current: str, budget: Budget) -> ResolvedModel | None:
        """The model to go on with after `current` failed for good; None where there is none."""
        if failure.kind not in REASONS or failure.data.get("contextExceeded"):
            return None
        self._tried.add(current)
        for name in self.names:
            if name in self._tried:
                continue
            self._tried.add(name)
            try:
                found = await self.models.choose(name)
                check_price(budget, found.info)
            except Failure:
                continue  # it cannot be had either, or would pass the run's budget uncounted
            return found
        return None
