"""Every single call a tour makes of every port fails in every way, before and after its effect."""

from __future__ import annotations

import pytest

from unit.workspace.fakes import PORTS
from unit.workspace.life import Fault
from unit.workspace.test_faults import (
    FAULTS,
    LASTING,
    calls_of_a_clean_tour,
    fails_for_long,
    one_call_fails,
)

pytestmark = [pytest.mark.prove, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("port", PORTS)
async def test_every_call_fails(port: str, fault: str) -> None:
    times = (await calls_of_a_clean_tour()).count(port)
    for nth in range(1, times + 1):
        for after in (False, True):
            await one_call_fails(Fault(port, FAULTS[fault], nth=nth, after=after))


@pytest.mark.parametrize("fault", LASTING)
@pytest.mark.parametrize("port", PORTS)
async def test_every_port_fails_for_a_long_time(port: str, fault: str) -> None:
    await fails_for_long(port, fault)
