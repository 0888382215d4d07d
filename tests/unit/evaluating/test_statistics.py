"""Intervals and tests against figures known from elsewhere, and what must hold for any."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.evaluating.statistics import bootstrap, sign_test, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # R: binom.confint(x, n, methods = "wilson")
        (0, 20, 0.0, 0.1611),
        (20, 20, 0.8389, 1.0),
        (15, 20, 0.5313, 0.8881),
        (1, 10, 0.0179, 0.4042),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_wilson(successes: int, trials: int, low: float, high: float) -> None:
    found = wilson(successes, trials)
    assert found == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("one", "other", "p"),
    [  # R: binom.test(x, n)$p.value
        (0, 0, 1.0),
        (1, 0, 1.0),
        (5, 0, 0.0625),
        (9, 1, 0.02148438),
        (10, 0, 0.001953125),
        (6, 6, 1.0),
        (8, 3, 0.2265625),
    ],
)
def test_sign_test(one: int, other: int, p: float) -> None:
    assert sign_test(one, other) == pytest.approx(p)
    assert sign_test(other, one) == sign_test(one, other)


@settings(deadline=None)
@given(st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_rate_lies_in_its_interval(counts: tuple[int, int]) -> None:
    low, high = wilson(*counts)
    assert 0 <= low <= high <= 1
    if counts[1]:
        assert low - 1e-12 <= counts[0] / counts[1] <= high + 1e-12


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=12))
def test_a_mean_lies_in_its_interval_and_the_values_around_it(values: list[float]) -> None:
    mean, low, high = bootstrap(values)
    assert low <= mean <= high
    assert min(values) - 1e-6 <= low
    assert high <= max(values) + 1e-6
    assert bootstrap(values) == (mean, low, high)


def test_the_bootstrap_is_about_as_wide_as_theory_says() -> None:
    values = [float(n % 10) for n in range(400)]
    mean, low, high = bootstrap(values)
    assert mean == 4.5
    half = 1.96 * math.sqrt(8.25 / 400)
    assert (low, high) == pytest.approx((4.5 - half, 4.5 + half), abs=0.05)
    with pytest.raises(ValueError, match="no value"):
        bootstrap([])
