"""Ten thousand archives changed at random, in batches that say which it was."""

from __future__ import annotations

import pytest

from hostile.judged import judge

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]


@pytest.mark.parametrize("seed", range(1, 11))
def test_mutated_archives(seed: int) -> None:
    judge(seed=seed, count=1000)
