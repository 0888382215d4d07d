from __future__ import annotations

import pytest

from journeyman.model.usage import UsageMeter, add_usage, cost_of
from journeyman.ports.model import ModelInfo, UsageDelta
from journeyman.records import Usage

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


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    total = add_usage(Usage(), UsageDelta(10, 5, 2, 0.1))
    assert total == Usage(10, 5, 2, 0.1, 1)
    total = add_usage(total, UsageDelta(1, 1))
    assert total == Usage(11, 6, None, None, 2)
    total = add_usage(total, None)
    assert total == Usage(None, None, None, None, 3)
    assert add_usage(total, UsageDelta(10, 5, 2, 0.1)) == Usage(None, None, None, None, 4)


def test_the_meter_keeps_what_was_used_at_least() -> None:
    meter = UsageMeter()
    meter.add(UsageDelta(1_000_000, 0), PRICED)
    meter.add(None, PRICED)
    meter.add(UsageDelta(0, 100_000), PRICED)
    assert meter.total.cost_usd is None
    assert meter.tokens_at_least == 1_100_000
    assert meter.usd_at_least == pytest.approx(3.0)
