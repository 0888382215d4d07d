"""100,000 generated hosts through the whole proxy, from the first byte on, and a million decisions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from unit.egress.test_generated_hosts import SEED, generated


@pytest.mark.prove
@pytest.mark.timeout(1200)
async def test_what_is_dialled_is_what_was_decided_from_the_first_byte_on(
    tell: Callable[[str], None],
) -> None:
    tell(f"JOURNEYMAN_TEST_SEED={SEED}")
    await generated(100_000, SEED, whole_every=1)
    await generated(1_000_000, SEED + 1, whole_every=1_000)
