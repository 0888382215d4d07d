"""The state table and the map with its time to live: both pure but for the clock."""

from __future__ import annotations

from typing import get_args

import pytest

from journeyman.records import WorkspaceState
from journeyman.testing.clock import FakeClock
from journeyman.workspace.registry import Registry
from journeyman.workspace.state import IN_PROGRESS, LEGAL, IllegalMoveError, move

STATES: tuple[WorkspaceState, ...] = get_args(WorkspaceState)
NEVER: list[tuple[WorkspaceState, WorkspaceState]] = [
    ("live", "archiving"),  # whoever uses it must let go first
    ("live", "archived"),
    ("live", "cold"),
    ("creating", "archiving"),
    ("restoring", "archiving"),
    ("archiving", "live"),  # through idle: the archive's lease goes back first
    ("archiving", "cold"),
    ("archived", "creating"),  # what has an archive is never begun anew
]


@pytest.mark.parametrize(("old", "new"), NEVER)
def test_illegal_moves(old: WorkspaceState, new: WorkspaceState) -> None:
    with pytest.raises(IllegalMoveError):
        move(old, new)


def test_every_state_has_a_row_can_be_left_and_can_fail() -> None:
    assert set(LEGAL) == set(STATES)
    for state in STATES:
        assert move(state, state) == state
        assert LEGAL[state] - {state}
        assert state == "failed" or "failed" in LEGAL[state]
        assert any(state in following for following in LEGAL.values())
    assert all(LEGAL[state] & {"live", "idle", "archived"} for state in IN_PROGRESS)


async def test_an_entry_lives_its_time_from_the_last_use() -> None:
    clock = FakeClock()
    registry = Registry(clock, ttl_s=600)
    registry.open("a", "cold")
    await clock.advance(100)
    registry.open("b", "cold")
    assert (registry.due(clock.monotonic()), registry.next_deadline()) == ((), 600)
    await clock.advance(500)
    assert registry.due(clock.monotonic()) == ("a",)
    registry.touch("a")
    assert registry.next_deadline() == 700
    await clock.advance(600)
    assert registry.due(clock.monotonic()) == ("b", "a")


@pytest.mark.parametrize("reasons", [["terminal"], ["preview", "terminal"], ["terminal", "terminal"]])
async def test_holds_keep_it_until_the_last_is_let_go(reasons: list[str]) -> None:
    clock = FakeClock()
    registry = Registry(clock, ttl_s=600)
    registry.open("a", "cold")
    for reason in reasons:
        registry.hold("a", reason)
    await clock.advance(10_000)
    for reason in reasons:
        assert not registry.expired("a")
        assert registry.next_deadline() is None
        registry.let_go("a", reason)
    assert not registry.expired("a")
    await clock.advance(600)
    assert registry.expired("a")


async def test_letting_go_too_often_is_not_a_hold_owed() -> None:
    clock = FakeClock()
    registry = Registry(clock, ttl_s=600)
    registry.open("a", "cold")
    registry.let_go("a", "terminal")
    registry.hold("a", "terminal")
    await clock.advance(601)
    assert not registry.expired("a")


async def test_putting_off_doubles_up_to_an_hour_and_use_resets_it() -> None:
    clock = FakeClock()
    registry = Registry(clock, ttl_s=600)
    entry = registry.open("a", "cold")
    waits: list[float] = []
    for _ in range(8):
        registry.put_off("a")
        waits.append(entry.deadline - clock.monotonic())
        await clock.advance(waits[-1])
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    registry.touch("a")
    assert entry.failures == 0
