"""Editors killed in three arrangements, many times: how long what they leave goes on."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from e2e.daemons import place
from e2e.editors_that_die import ARRANGEMENTS, killed
from e2e.refused import served

pytestmark = [pytest.mark.prove, pytest.mark.timeout(3600)]
TIMES = int(os.environ.get("JOURNEYMAN_TEST_PARENTS", "20"))


async def test_nothing_is_left_of_editors_that_were_killed(
    unused_tcp_port: int, tell: Callable[[str], None]
) -> None:
    with place() as where:
        async with served(where, "--tcp", f"127.0.0.1:{unused_tcp_port}") as client:
            for arrangement in ARRANGEMENTS:
                took = [await killed(where, client, arrangement, unused_tcp_port) for _ in range(TIMES)]
                tell(f"{arrangement}: {TIMES} killed, gone after {max(took):.2f} s at most")
