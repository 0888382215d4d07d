"""Every port call, every fault, before and after its effect: the manager answers a value, nothing that
was not archived goes, and once the fault is over everything comes right by itself.

Of the calls a tour makes of one port some fail here, in some of the ways; every single one in every way in
`tests/prove/test_faults_of_every_call.py`."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
from collections.abc import Callable
from typing import get_args

import pytest

from journeyman.failures import Failure, FailureKind
from journeyman.testing.clock import FakeClock
from journeyman.workspace.deadlines import Deadlines
from unit.workspace.daemon import Daemon, refused
from unit.workspace.fakes import PORTS, World
from unit.workspace.life import Fault, Hang, Life
from unit.workspace.tour import TIERS, check_legal, check_recovers, tour

FAULTS: dict[str, Callable[[], BaseException]] = {
    "failure": lambda: Failure("workspace_failed", "The sandbox did not do it.", retryable=True),
    "store": lambda: Failure("store_unavailable", "No answer.", retryable=True),
    "os": lambda: OSError(errno.ENOSPC, "No space left on device"),
    "timeout": TimeoutError,
    "group": lambda: ExceptionGroup("several", [Failure("timeout", "Late."), Failure("disk_full", "Full.")]),
    "bug": lambda: ExceptionGroup("a bug among them", [Failure("timeout", "Late."), KeyError("x")]),
    "cancelled": asyncio.CancelledError,
}


_clean: list[str] = []


async def calls_of_a_clean_tour() -> list[str]:
    if _clean:
        return _clean
    async with Daemon(World(FakeClock()), tiers=TIERS) as daemon:
        assert await tour(daemon) == "seven"
        _clean.extend(daemon.life.calls)
        await check_recovers(daemon, "seven")
    return _clean


async def test_the_tour_calls_every_port_method() -> None:
    calls = await calls_of_a_clean_tour()
    assert set(PORTS) <= set(calls), set(PORTS) - set(calls)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("port", PORTS)
async def test_any_call_fails(port: str, after: bool) -> None:
    times = (await calls_of_a_clean_tour()).count(port)
    for nth in sorted({1, 2, times // 2, times} & set(range(1, times + 1))):
        await one_call_fails(Fault(port, FAULTS["failure"], nth=nth, after=after))


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "failure"])
@pytest.mark.parametrize("port", PORTS)
async def test_a_call_fails_in_any_way(port: str, fault: str) -> None:
    times = (await calls_of_a_clean_tour()).count(port)
    first = (PORTS.index(port) + list(FAULTS).index(fault)) % 2 == 0
    nth = 1 if first else times
    await one_call_fails(Fault(port, FAULTS[fault], nth=nth, after=nth % 2 == 0))


async def one_call_fails(fault: Fault) -> None:
    life = Life(fault)
    daemon = Daemon(World(FakeClock()), life, tiers=TIERS)
    await daemon.manager.start()
    last = await tour(daemon)
    assert fault.struck == 1, f"{fault} never came about"
    check_legal(daemon)
    life.fault = None
    await _start_again_and_recover(daemon, last)


LASTING = ("store", "bug", "cancelled")


@pytest.mark.parametrize("port", PORTS)
async def test_a_port_fails_for_a_long_time(port: str) -> None:
    await fails_for_long(port, LASTING[PORTS.index(port) % len(LASTING)])


async def fails_for_long(port: str, fault: str) -> None:
    lasting = Fault(port, FAULTS[fault], nth=0)
    life = Life(lasting)
    daemon = Daemon(World(FakeClock()), life, tiers=TIERS)
    await daemon.manager.start()
    last = await tour(daemon)
    await daemon.pass_time(3600)
    assert lasting.struck, f"{lasting} never came about"
    check_legal(daemon)
    life.fault = None
    await daemon.pass_time(2 * 3600)
    check_legal(daemon)
    await _start_again_and_recover(daemon, last)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("port", PORTS)
async def test_a_call_does_not_come_back(port: str, after: bool) -> None:
    """Every wait has a deadline: the hanging call is given up, and the next daemon sets things right."""
    world = World(FakeClock())
    soon = Deadlines(*[0.3] * len(dataclasses.fields(Deadlines)))
    hang = Hang(port, TimeoutError, after=after)
    daemon = Daemon(world, Life(hang), deadlines=soon, tiers=TIERS)
    async with asyncio.timeout(90):
        await daemon.manager.start()
        last = await tour(daemon)
        while set(daemon.supervisor.names) - {"workspace sweeper"}:  # noqa: ASYNC110 - tasks end by themselves
            await asyncio.sleep(0.01)
        assert hang.struck == 1
        check_legal(daemon)
        await daemon.manager.shutdown()
        await daemon.supervisor.close()
    async with Daemon(world, tiers=TIERS) as again:
        await check_recovers(again, last)


@pytest.mark.parametrize("kind", get_args(FailureKind))
async def test_a_failure_keeps_its_words(kind: FailureKind) -> None:
    life = Life(Fault("sandbox.create", lambda: Failure(kind, "Sentence.", hint="Do.", retryable=True)))
    async with Daemon(World(FakeClock()), life) as daemon:
        answer = refused(await daemon.manager.acquire("p"))
        assert (answer.kind, answer.message, answer.hint, answer.retryable) == (
            kind, "Sentence.", "Do.", True
        )  # fmt: skip


async def test_a_bug_gets_an_incident_and_its_traceback_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    life = Life(Fault("sandbox.stop", lambda: ZeroDivisionError("oops")))
    async with Daemon(World(FakeClock()), life) as daemon:
        await daemon.manager.acquire("p")
        await daemon.manager.release("p")
        answer = refused(await daemon.manager.close("p"))
    assert answer.kind == "internal"
    incidents = [r for r in caplog.records if r.exc_info and "incident" in r.message]
    assert [r.exc_info and r.exc_info[0] for r in incidents] == [ZeroDivisionError]
    assert answer.incident_id
    assert answer.incident_id in incidents[0].message
    assert answer.left_behind == ("generation 1",)


async def _start_again_and_recover(daemon: Daemon, last: str | None) -> None:
    """Half of the recovery by the daemon itself, the other half by the next one."""
    world = daemon.world
    if len(daemon.life.calls) % 2:
        await daemon.manager.shutdown()
        await daemon.supervisor.close()
        daemon = Daemon(world, tiers=TIERS)
        await daemon.manager.start()
    await check_recovers(daemon, last)
    await daemon.manager.shutdown()
    await daemon.supervisor.close()
