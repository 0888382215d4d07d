"""Hot, frozen, warm, cold: when a workspace goes down a tier, how it comes back, and what stays safe."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.failures import Failure
from journeyman.testing.clock import FakeClock
from journeyman.workspace.status import WorkspaceStatus
from journeyman.workspace.tiers import NO_TIERS, Tiers
from unit.workspace.daemon import TTL_S, Daemon, ok, refused, text_of, until, use
from unit.workspace.fakes import World
from unit.workspace.life import Fault, Life

HOUR = 3600.0


@pytest.fixture
def world() -> World:
    return World(FakeClock())


async def _state(daemon: Daemon, project_id: str = "p") -> tuple[str, str | None]:
    status = ok(await daemon.manager.status(project_id))
    return status.state, status.tier


async def test_down_through_the_tiers_and_back_from_each(world: World) -> None:
    async with Daemon(world, tiers=Tiers(freeze_s=120, warm_s=HOUR, upload_after_s=None)) as daemon:
        await use(daemon, "p", "one")
        assert await _state(daemon) == ("idle", "hot")
        await daemon.pass_time(150)
        assert await _state(daemon) == ("frozen", "frozen")
        assert [i.state for i in world.instances.values()] == ["paused"]
        workspace = await use(daemon, "p", "two")
        assert workspace.acquired == "thawed"
        assert await _state(daemon) == ("idle", "hot")
        await daemon.pass_time(TTL_S + 30)
        assert await _state(daemon) == ("warm", "warm")
        assert (world.instances, world.archived("p"), world.trash) == ({}, {"two"}, [])
        workspace = await use(daemon, "p", "three")
        assert (workspace.acquired, workspace.instance.generation) == ("stopped", 1)
        await daemon.pass_time(TTL_S + 30 + HOUR + 600)
        assert await _state(daemon) == ("archived", "cold")
        assert world.trash == [("p", 1)]
        workspace = await use(daemon, "p")
        assert (workspace.acquired, text_of(world, workspace)) == ("restored", "three")
    assert world.lost == []


async def test_nothing_held_is_frozen_and_the_status_says_what_holds_it(world: World) -> None:
    async with Daemon(world, tiers=Tiers(freeze_s=120)) as daemon:
        await use(daemon, "p", "one")
        for kind in ("terminal", "preview", "permission"):
            ok(await daemon.manager.hold("p", kind))
        await daemon.pass_time(2 * TTL_S)
        status = ok(await daemon.manager.status("p"))
        assert (status.state, status.holders) == ("idle", ("permission", "preview", "terminal"))
        for kind in ("terminal", "preview", "permission"):
            ok(await daemon.manager.let_go("p", kind))
        await daemon.pass_time(150)
        assert await _state(daemon) == ("frozen", "frozen")


async def test_a_hold_thaws(world: World) -> None:
    async with Daemon(world, tiers=Tiers(freeze_s=120)) as daemon:
        await use(daemon, "p", "one")
        await daemon.pass_time(150)
        ok(await daemon.manager.hold("p", "preview"))
        assert await _state(daemon) == ("idle", "hot")
        assert [i.state for i in world.instances.values()] == ["running"]


async def test_too_many_hot_ones_are_frozen_and_too_many_frozen_ones_put_away(world: World) -> None:
    tiers = Tiers(freeze_s=None, hot_max=2, frozen_max=1, upload_after_s=None)
    async with Daemon(world, tiers=tiers) as daemon:
        for name in "abcd":
            await use(daemon, name, name)
            await daemon.pass_time(10)
        ok(await daemon.manager.acquire("d"))
        await daemon.pass_time(60)
        states = {name: (await _state(daemon, name))[0] for name in "abcd"}
        assert states == {"a": "warm", "b": "frozen", "c": "idle", "d": "live"}
        assert world.archived("a") == {"a"}


async def test_the_warm_tier_keeps_to_its_count_least_recently_used_first(world: World) -> None:
    tiers = Tiers(freeze_s=None, warm_max=2, upload_after_s=None)
    async with Daemon(world, tiers=tiers) as daemon:
        for name in "abc":
            await use(daemon, name, name)
            await daemon.pass_time(60)
        await use(daemon, "a", "a again")
        await daemon.pass_time(TTL_S + 400)
        assert {name: (await _state(daemon, name))[0] for name in "abc"} == {
            "a": "warm",
            "b": "archived",
            "c": "warm",
        }
    assert world.lost == []


async def test_the_warm_tier_keeps_to_its_bytes(world: World) -> None:
    async with Daemon(world, tiers=Tiers(warm_bytes=1)) as daemon:  # each takes one byte here
        await use(daemon, "a", "a")
        await daemon.pass_time(60)
        await use(daemon, "b", "b")
        await daemon.pass_time(TTL_S + 400)
        assert [(await _state(daemon, name))[0] for name in "ab"] == ["archived", "warm"]


@pytest.mark.parametrize("damage", ["pack", "pointer", "record"])
async def test_a_warm_one_whose_archive_is_not_what_it_was_is_archived_again(
    world: World, damage: str
) -> None:
    async with Daemon(world, tiers=Tiers(warm_s=HOUR, upload_after_s=None)) as daemon:
        await use(daemon, "p", "one")
        await daemon.pass_time(TTL_S + 60)
        if damage == "pack":
            world.damaged.add("p-a1")
        elif damage == "pointer":
            world.objects["p"].clear()
        else:
            world.records.clear()
        await daemon.pass_time(HOUR + 600)
        assert world.trash == []
        await daemon.pass_time(TTL_S + 60)
        assert world.trash == []
        assert [stored.text for stored in world.objects["p"]][-1] == "one"
        assert daemon.life.calls.count("engine.archive") == 2
        workspace = await use(daemon, "p")
        assert text_of(world, workspace) == "one"
    assert world.lost == []


async def test_a_store_that_does_not_answer_keeps_the_warm_one_warm(world: World) -> None:
    life = Life()
    async with Daemon(world, life, tiers=Tiers(warm_s=HOUR, upload_after_s=None)) as daemon:
        await use(daemon, "p", "one")
        await daemon.pass_time(TTL_S + 60)
        life.fault = Fault("engine.newest", lambda: Failure("store_unavailable", "No."), nth=0)
        await daemon.pass_time(2 * HOUR)
        assert await _state(daemon) == ("warm", "warm")
        life.fault = None
        await daemon.pass_time(600)
        assert await _state(daemon) == ("archived", "cold")
    assert world.lost == []


async def test_archiving_a_warm_one_on_request_makes_it_cold(world: World) -> None:
    async with Daemon(world, tiers=Tiers(upload_after_s=None)) as daemon:
        await use(daemon, "p", "one")
        await daemon.pass_time(TTL_S + 60)
        kept = ok(await daemon.manager.archive("p", keep=True))
        assert await _state(daemon) == ("warm", "warm")
        assert ok(await daemon.manager.archive("p")) == kept
        assert await _state(daemon) == ("archived", "cold")
        assert daemon.life.calls.count("engine.archive") == 1


async def test_closing_a_warm_one_leaves_it_warm(world: World) -> None:
    async with Daemon(world, tiers=Tiers(upload_after_s=None)) as daemon:
        await use(daemon, "p", "one")
        await daemon.pass_time(TTL_S + 60)
        ok(await daemon.manager.close("p"))
        assert await _state(daemon) == ("warm", "warm")


async def test_a_sandbox_that_cannot_pause_leaves_it_hot(world: World) -> None:
    life = Life(Fault("sandbox.pause", lambda: Failure("workspace_failed", "No freezer."), nth=0, after=True))
    async with Daemon(world, life, tiers=Tiers(freeze_s=120)) as daemon:
        await use(daemon, "p", "one")
        await daemon.pass_time(300)
        assert await _state(daemon) == ("idle", "hot")
        assert [i.state for i in world.instances.values()] == ["running"]
        assert life.calls.count("sandbox.pause") == 1


async def test_fifty_acquires_thaw_once(world: World) -> None:
    async with Daemon(world, tiers=Tiers(freeze_s=120)) as daemon:
        await use(daemon, "p", "one")
        await daemon.pass_time(150)
        answers = await asyncio.gather(*(daemon.manager.acquire("p") for _ in range(50)))
        assert {ok(answer).acquired for answer in answers} == {"thawed"}
        assert daemon.life.calls.count("sandbox.resume") == 1


async def test_a_frozen_one_is_found_frozen_by_the_next_daemon(world: World) -> None:
    first = Daemon(world, tiers=Tiers(freeze_s=120))
    async with first:
        await use(first, "p", "one")
        await first.pass_time(150)
    async with Daemon(world, tiers=Tiers(freeze_s=120)) as second:
        await second.settle()
        assert await _state(second) == ("frozen", "frozen")
        workspace = await use(second, "p")
        assert (workspace.acquired, text_of(world, workspace)) == ("thawed", "one")


async def test_a_warm_one_is_left_warm_by_the_next_daemon(world: World) -> None:
    async with Daemon(world, tiers=Tiers()) as first:
        await use(first, "p", "one")
        await first.pass_time(TTL_S + 60)
    async with Daemon(world, tiers=Tiers()) as second:
        await second.pass_time(TTL_S + 60)
        assert await _state(second) == ("warm", "warm")
        assert "engine.archive" not in second.life.calls


async def test_what_changed_is_archived_in_the_background_once(world: World) -> None:
    seen: list[str] = []
    async with Daemon(world, tiers=Tiers(freeze_s=None, upload_after_s=30)) as daemon:
        await use(daemon, "p", "one")
        daemon.manager.subscribe(lambda status: seen.append(status.state))
        await daemon.pass_time(300)
        assert world.archived("p") == {"one"}
        assert daemon.life.calls.count("engine.archive") == 1
        assert seen == []  # nobody asked, nobody is told
        assert (world.rows["p"].state, world.rows["p"].journal) == ("idle", None)
        assert (await use(daemon, "p", "two")).acquired == "map"
        await daemon.pass_time(300)
        assert world.archived("p") == {"one", "two"}


async def test_a_request_stops_the_background_upload_at_once(world: World) -> None:
    async with Daemon(world, tiers=Tiers(freeze_s=None, upload_after_s=30)) as daemon:
        await use(daemon, "p", "one")
        daemon.engine.gate = asyncio.Event()
        await world.clock.advance(60)
        await until(lambda: "engine.archive" in daemon.life.calls)
        assert (await use(daemon, "p")).acquired == "map"
        assert world.archived("p") == set()
        assert ok(await daemon.manager.status("p")).message is None
        daemon.engine.gate.set()
        await daemon.pass_time(60)
        assert world.archived("p") == {"one"}


async def test_a_background_upload_that_fails_says_nothing_and_comes_back(world: World) -> None:
    life = Life(Fault("engine.archive", lambda: Failure("archive_failed", "The files keep changing.")))
    async with Daemon(world, life, tiers=Tiers(freeze_s=None, upload_after_s=30)) as daemon:
        await use(daemon, "p", "one")
        await daemon.pass_time(60)
        assert (world.archived("p"), ok(await daemon.manager.status("p")).message) == (set(), None)
        assert (world.rows["p"].journal, world.rows["p"].lease) == (None, None)
        await daemon.pass_time(150)
        assert world.archived("p") == {"one"}


async def test_an_archive_somebody_asks_for_does_not_wait_for_the_background_one(world: World) -> None:
    async with Daemon(world, tiers=Tiers(freeze_s=None, upload_after_s=30)) as daemon:
        await use(daemon, "p", "one")
        daemon.engine.gate = asyncio.Event()
        await world.clock.advance(60)
        await until(lambda: "engine.archive" in daemon.life.calls)
        asked = asyncio.create_task(daemon.manager.archive("p"))
        await until(lambda: daemon.life.calls.count("engine.archive") == 2)
        daemon.engine.gate.set()
        assert ok(await asked).id == "p-a1"


async def test_it_is_said_a_minute_before_and_once(world: World) -> None:
    said: list[WorkspaceStatus] = []
    async with Daemon(world, tiers=NO_TIERS) as daemon:
        daemon.manager.subscribe_warnings(said.append)
        await use(daemon, "p", "one")
        await daemon.pass_time(TTL_S - 70)
        assert said == []
        await daemon.pass_time(60)
        [warning] = said
        assert warning.expires_at is not None
        assert 0 < (warning.expires_at - world.clock.now()).total_seconds() <= 60
        ok(await daemon.manager.touch("p"))
        await daemon.pass_time(TTL_S - 70)
        assert len(said) == 1
        assert (await _state(daemon))[0] == "idle"
        await daemon.pass_time(130)
        assert len(said) == 2
        assert (await _state(daemon))[0] == "archived"


async def test_holding_what_is_not_open_is_refused(world: World) -> None:
    async with Daemon(world) as daemon:
        assert refused(await daemon.manager.hold("p", "preview")).kind == "conflict"
