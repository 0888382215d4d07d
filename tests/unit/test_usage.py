from __future__ import annotations

from dataclasses import replace

import pytest

from journeyman.model.usage import UsageMeter, add_usage, cost_of
from journeyman.ports.model import ModelInfo, UsageDelta
from journeyman.records import Counted, Usage

PRICED = ModelInfo("p/m", "p", "m", None, True, 2.0, 10.0, extra={"cached_usd_per_million": 0.5})
FULL = ModelInfo("p/m", "p", "m", None, True, 2.0, 10.0)
UNPRICED = ModelInfo("p/n", "p", "n", None, True)


@pytest.mark.parametrize(
    ("used", "info", "usd"),
    [
        (UsageDelta(1_000_000, 100_000), PRICED, 3.0),
        (UsageDelta(1_000_000, 100_000, 400_000), PRICED, 2.4),
        (UsageDelta(1_000_000, 100_000, 400_000), FULL, 3.0),
        (UsageDelta(1_000_000, 100_000, None, 0.07), PRICED, 0.07),
        (UsageDelta(1_000_000, 100_000, None, 0.0), UNPRICED, 0.0),
        (UsageDelta(1_000_000, 100_000), UNPRICED, None),
        (UsageDelta(1_000_000, None), PRICED, None),
        (UsageDelta(None, None), PRICED, None),
        (UsageDelta(10, 10), None, None),
    ],
)
def test_cost(used: UsageDelta, info: ModelInfo | None, usd: float | None) -> None:
    assert cost_of(used, info) == (None if usd is None else pytest.approx(usd))


def _figures(usage: Usage) -> tuple[object, ...]:
    return usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.cost_usd, usage.model_calls


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    total = add_usage(Usage(), UsageDelta(10, 5, 2, 0.1, 3, 4))
    assert _figures(total) == (10, 5, 2, 0.1, 1)
    assert (total.cache_write_tokens, total.reasoning_tokens, total.complete) == (3, 4, True)
    total = add_usage(total, UsageDelta(1, 1))
    assert _figures(total) == (11, 6, None, None, 2)
    assert not total.complete
    total = add_usage(total, None)
    assert _figures(total) == (None, None, None, None, 3)
    assert _figures(add_usage(total, UsageDelta(10, 5, 2, 0.1))) == (None, None, None, None, 4)


def test_what_was_used_at_least_only_grows() -> None:
    meter, before = UsageMeter(), Counted()
    for used in (UsageDelta(10, 5, 2, 0.1, 3, 4), None, UsageDelta(1, None), UsageDelta(7, 7, 7, 0.7, 7, 7)):
        after = meter.add(used, UNPRICED).at_least
        assert all(getattr(after, name) >= getattr(before, name) for name in Counted.__slots__)
        before = after
    assert replace(before, cost_usd=0.0) == Counted(18, 12, 9, 10, 11)
    assert before.cost_usd == pytest.approx(0.8)


def test_the_window_is_said_of_the_newest_call() -> None:
    wide = replace(PRICED, context_window=1000)
    total = add_usage(Usage(), UsageDelta(400, 100), wide)
    assert (total.context_used, total.context_size) == (500, 1000)
    total = add_usage(total, UsageDelta(600, None), wide)
    assert (total.context_used, total.context_size) == (None, 1000)


def test_totals_of_runs_are_added_up() -> None:
    one = add_usage(Usage(), UsageDelta(10, 5, 2, 0.1), FULL)
    two = add_usage(Usage(), UsageDelta(20, 5), UNPRICED)
    both = one.plus(two)
    assert _figures(both) == (30, 10, None, None, 2)
    assert both.at_least == Counted(30, 10, 2, cost_usd=0.1)
    assert Usage().plus(one) == one.plus(Usage()) == one


def test_the_meter_keeps_what_was_used_at_least() -> None:
    meter = UsageMeter()
    meter.add(UsageDelta(1_000_000, 0), PRICED)
    meter.add(None, PRICED)
    meter.add(UsageDelta(0, 100_000), PRICED)
    assert meter.total.cost_usd is None
    assert meter.tokens_at_least == 1_100_000
    assert meter.usd_at_least == pytest.approx(3.0)
