"""Whatever comes in whatever order, at the same time: one decision, and one effect or none."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.failures import Failure
from journeyman.permission.effect import Effect
from unit.permission.desk import PUSH, TIMEOUT_S, Desk, desk

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["allow", "allow-run", "deny", "expire", "end", "cancel", "move"]), st.integers(0, 3)
    ),
    max_size=8,
)


class Caller:
    """Does what was asked for once it may, and counts how often it did."""

    def __init__(self, house: Desk) -> None:
        self.house = house
        self.effects = 0
        self.moved = False

    def effect(self) -> Effect:
        return Effect("git", PUSH.title, "/elsewhere" if self.moved else PUSH.cwd, argv=PUSH.argv)

    async def call(self) -> None:
        if (await self.house.admit(self.effect)).allowed:
            self.effects += 1


async def play(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with desk(Path(directory)) as house:
            caller = Caller(house)
            call = asyncio.create_task(caller.call())
            asked = await house.question()
            winners: list[str] = []
            faults: set[str] = set()

            async def one(what: str, after: int) -> Any:
                for _ in range(after):
                    await asyncio.sleep(0)
                if what == "expire":
                    await house.clock.advance(TIMEOUT_S)
                elif what == "end":
                    await house.permissions.take_back("r1")
                elif what == "cancel":
                    call.cancel()
                elif what == "move":
                    caller.moved = True
                else:
                    try:
                        winners.append((await house.permissions.reply(asked.id, what)).option_id or "")
                    except Failure as failure:
                        faults.add(failure.kind)

            await asyncio.gather(*(one(*step) for step in steps))
            await house.clock.advance(TIMEOUT_S)
            await asyncio.wait({call})
            await house.permissions.take_back("r1")
            decided = await house.permissions.get(asked.id)
            assert decided.state != "pending"
            assert len(house.shown.resolved_) == 1
            assert (await house.kinds()).count("permission/resolved") == 1
            assert faults <= {"conflict"}
            assert set(winners) <= {decided.option_id}
            assert caller.effects <= 1
            assert caller.effects <= (decided.used_at is not None)
            assert decided.used_at is None or decided.state == "allowed"
            if decided.state == "allowed" and not {"cancel", "move"} & {what for what, _ in steps}:
                assert caller.effects == 1


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_one_effect_or_none(steps: list[tuple[str, int]]) -> None:
    asyncio.run(play(steps))
