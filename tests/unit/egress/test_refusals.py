"""People are told of what was refused, and not flooded with it."""

from __future__ import annotations

import logging

import pytest

from journeyman.egress.policy import Refused
from journeyman.egress.refusals import DIFFERENT_MAX, WINDOW_S, Refusals
from journeyman.testing.clock import FakeClock


class Room:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.run: str | None = "run-1"
        self.told: list[str] = []
        self.refusals = Refusals("p-1", self.clock, lambda _: self.run, self.tell)

    async def tell(self, project_id: str, sentence: str, hint: str) -> None:
        assert hint
        self.told.append(sentence)

    async def refused(self, number: int = 0) -> None:
        await self.refusals.note(Refused(f"host{number} is not on the list", f"host{number}:443"))


async def test_the_same_ten_thousand_times_is_told_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    room = Room()
    with caplog.at_level(logging.WARNING):
        for _ in range(10_000):
            await room.refused()
        room.refusals.sum_up()
    assert room.told == ["A connection was refused: host0 is not on the list."]
    assert len(caplog.records) == 2
    assert "refused 10000 times" in caplog.records[-1].getMessage()


async def test_ten_thousand_kinds_are_told_of_up_to_a_bound(
    caplog: pytest.LogCaptureFixture,
) -> None:
    room = Room()
    with caplog.at_level(logging.WARNING):
        for number in range(10_000):
            await room.refused(number)
        room.refusals.sum_up()
    assert len(room.told) == DIFFERENT_MAX + 1
    assert room.told[-1].startswith("More connections of other kinds were refused")
    assert len(caplog.records) == DIFFERENT_MAX + 2
    assert f"{10_000 - DIFFERENT_MAX} other refusals" in caplog.records[-1].getMessage()


async def test_another_run_and_another_time_are_told_anew() -> None:
    room = Room()
    await room.refused()
    room.run = "run-2"
    await room.refused()
    await room.refused()
    await room.clock.advance(WINDOW_S - 1)
    await room.refused()
    assert len(room.told) == 2
    await room.clock.advance(1)
    await room.refused()
    assert len(room.told) == 3
