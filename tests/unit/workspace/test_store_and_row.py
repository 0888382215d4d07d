"""Row, files and store after a crash, a lost database or a lost store: every combination, by a table.

What is brought back is the newest that anybody acknowledged and that can be had; what cannot be told is an
error that keeps everything; nothing that was not archived goes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import pytest

from journeyman.failures import Failure
from journeyman.ports.sandbox import Workspace
from journeyman.testing.clock import FakeClock
from unit.workspace.daemon import Daemon, ok, refused, text_of, use
from unit.workspace.fakes import World
from unit.workspace.life import Fault, Life
from unit.workspace.tour import TIERS

ROWS = ("none", "idle", "warm", "archived")
HEADS = ("none", "older", "recorded", "newer", "away")


@dataclass(frozen=True)
class Case:
    row: str
    files: bool
    recorded: bool
    """Whether the database knows archives."""
    head: str

    def __str__(self) -> str:
        parts = (
            self.row,
            "files" if self.files else "no files",
            "records" if self.recorded else "no records",
        )
        return ", ".join((*parts, f"HEAD {self.head}"))


CASES = [Case(*each) for each in itertools.product(ROWS, (True, False), (True, False), HEADS)]
LOST = {"store_unavailable", "archive_failed"}


def expected(case: Case) -> str | set[str]:
    """The text that must come back, or the kinds of refusal."""
    local = case.files and case.row != "archived"
    if local:
        return "files"
    if case.head == "away":
        # A project without any trace of an archive may begin; the epoch of its row tells that it is new.
        return "nothing" if case.row == "none" and not case.recorded else LOST
    if case.head == "none":
        return LOST if case.recorded else "nothing"
    if case.head == "older" and case.recorded:
        return "recorded"
    return case.head


async def prepared(case: Case) -> World:
    """Two archives were made and `files` written after them; then the world is bent as the case says."""
    world = World(FakeClock())
    async with Daemon(world, tiers=TIERS) as daemon:
        for text in ("older", "recorded"):
            await use(daemon, "p", text)
            ok(await daemon.manager.archive("p", keep=True))
        await use(daemon, "p", "files" if case.row in ("none", "idle") else "recorded")
    row = world.rows["p"]
    world.instances.clear()
    first, second = world.objects["p"]
    stores = {"none": [], "older": [first], "recorded": [first, second], "away": [first, second]}
    newer = replace(second, archive_id="p-a9", text="newer", seq=9)
    world.objects["p"] = stores.get(case.head, [first, second, newer])
    if case.head == "older":
        world.hidden = {"p": [second]}
    if not case.recorded:
        world.records.clear()
    if not case.files:
        world.given_up.add("files")
        world.directories["p"].clear()
    else:
        world.directories["p"][row.generation].text = "files"
    if case.row == "none":
        del world.rows["p"]
    else:
        generation = 0 if case.row == "archived" else row.generation
        world.rows["p"] = replace(row, state=case.row, instance_id=None, generation=generation, journal=None)
    return world


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_what_comes_back(case: Case) -> None:
    world = await prepared(case)
    life = Life()
    async with Daemon(world, life, tiers=TIERS) as daemon:
        if case.head == "away":
            life.fault = Fault(
                "engine.newest", lambda: Failure("store_unavailable", "No answer.", retryable=True), nth=0
            )
        before = {number: found.text for number, found in world.directories["p"].items()}
        answer = await daemon.manager.acquire("p")
        wanted = expected(case)
        if isinstance(wanted, set):
            assert refused(answer).kind in wanted
        else:
            assert isinstance(answer, Workspace), answer
            assert text_of(world, answer) == (None if wanted == "nothing" else wanted)
            ok(await daemon.manager.release("p"))
        left = {number: found.text for number, found in world.directories["p"].items()}
        assert before.items() <= left.items()
        assert world.lost == []


@pytest.mark.parametrize("recorded", [True, False])
async def test_an_archive_the_store_lost_is_not_replaced_by_an_older_one(recorded: bool) -> None:
    """HEAD fell behind, and the recorded manifest is gone as well: nothing is made up."""
    world = await prepared(Case("archived", files=False, recorded=True, head="older"))
    world.hidden.clear()
    async with Daemon(world, tiers=TIERS) as daemon:
        answer = refused(await daemon.manager.acquire("p"))
        assert answer.kind == "archive_failed"
        assert "older archive" in answer.message
        if recorded:
            restored = ok(await daemon.manager.restore("p", world.objects["p"][0].archive_id))
            assert restored.archive_id == world.objects["p"][0].archive_id
