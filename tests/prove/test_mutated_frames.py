"""100,000 frames changed anywhere, headers included: each connection ends, nobody notices, nothing grows."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import pytest

from rpc.harness import world as a_world
from rpc.mutated_frames import many

SEED = 20261125
COUNT = 100_000
GROWN_MAX = 8 * 1024 * 1024


@pytest.mark.prove
@pytest.mark.timeout(1800)
async def test_a_hundred_thousand_frames(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await many(world, 2_000, SEED)
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for part in range(20):
            await many(world, COUNT // 20, SEED + 1 + part)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert after - before < GROWN_MAX
