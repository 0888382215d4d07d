"""A thousand archives changed at random; `tests/prove` has ten thousand others."""

from __future__ import annotations

from hostile.judged import judge


def test_mutated_archives() -> None:
    judge(seed=20260101, count=1000)
