"""Short of disk or memory: what goes, in which order, what stays, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from journeyman.adapters.linux_host import LinuxHost
from journeyman.failures import Failure
from journeyman.ports.host import Surroundings
from journeyman.testing.clock import FakeClock
from journeyman.workspace.pressure import MIB, Marks
from journeyman.workspace.tiers import Tiers
from unit.workspace.daemon import Daemon, ok, refused, text_of, use
from unit.workspace.fakes import World

TIERS = Tiers(upload_after_s=None)
MARKS = Marks(disk_low=100, disk_floor=50, memory_low=100, memory_stalled=20.0)


class WorldHost:
    """A machine as small as a test wants it: files and trash take disk, instances memory."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.disk: Callable[[int, int], int] = lambda files, trash: 10_000
        self.memory: Callable[[int], int] = lambda instances: 10_000
        self.stalled: float | None = None

    async def look(self) -> Surroundings:
        files = sum(len(found) for found in self.world.directories.values())
        return Surroundings(
            self.disk(files, len(self.world.trash)), self.memory(len(self.world.instances)), self.stalled
        )


def small(world: World, tiers: Tiers = TIERS) -> tuple[Daemon, WorldHost]:
    host = WorldHost(world)
    return Daemon(world, tiers=tiers, host=host, marks=MARKS), host


def states(world: World) -> dict[str, str]:
    return {project_id: row.state for project_id, row in sorted(world.rows.items())}


async def test_disk_is_made_free_in_an_order_that_loses_nothing() -> None:
    world = World(FakeClock())
    daemon, host = small(world)
    async with daemon:
        for name in ("warm1", "warm2", "idle1", "idle2", "used"):
            await use(daemon, name, f"text of {name}")
        for name in ("warm1", "warm2"):
            ok(await daemon.manager.upkeep.put_away(name, warm=True))
        ok(await daemon.manager.acquire("used"))
        assert states(world)["warm1"] == states(world)["warm2"] == "warm"
        seen: list[dict[str, str]] = []
        for files in (4, 3, 2):
            host.disk = lambda now, trash, files=files: 100 if now + trash <= files else 60
            ok(await daemon.manager.upkeep.relieve())
            seen.append(states(world))
        assert [[name for name, state in each.items() if state == "archived"] for each in seen] == [
            ["warm1"],
            ["warm1", "warm2"],
            ["idle1", "warm1", "warm2"],
        ]
        host.disk = lambda now, trash: 60
        ok(await daemon.manager.upkeep.relieve())
        assert states(world)["idle2"] == "archived"
        assert ok(await daemon.manager.status("used")).state == "live"
        assert world.trash == []
        assert world.lost == []
        assert "MiB left" in daemon.manager.upkeep.shortages[0]
        host.disk = lambda now, trash: 10_000
        ok(await daemon.manager.upkeep.relieve())
        assert daemon.manager.upkeep.shortages == ()
        for name in ("warm1", "idle1"):
            assert text_of(world, ok(await daemon.manager.acquire(name))) == f"text of {name}"


async def test_the_sweeper_does_it_by_itself() -> None:
    world = World(FakeClock())
    daemon, host = small(world)
    async with daemon:
        await use(daemon, "p", "one")
        host.disk = lambda now, trash: 60
        await daemon.pass_time(60)
        assert states(world) == {"p": "archived"}


async def test_the_trash_loses_its_grace_before_any_workspace_goes() -> None:
    world = World(FakeClock())
    host = WorldHost(world)
    async with Daemon(world, tiers=TIERS, host=host, marks=MARKS) as daemon:
        daemon.manager.upkeep._relief._trash_grace_s = 8 * 3600.0
        await use(daemon, "p", "one")
        await use(daemon, "gone", "two")
        world.given_up.add("two")
        ok(await daemon.manager.delete("gone"))
        assert world.trash
        host.disk = lambda now, trash: 100 if not trash else 60
        ok(await daemon.manager.upkeep.relieve())
        assert [grace for grace, *_ in world.purged] == [4 * 3600.0]
        assert states(world)["p"] == "idle"


async def test_below_the_floor_nothing_is_made_or_restored_and_what_is_there_goes_on() -> None:
    world = World(FakeClock())
    daemon, host = small(world)
    async with daemon:
        await use(daemon, "p", "one")
        await use(daemon, "away", "two")
        ok(await daemon.manager.archive("away"))
        made = ok(await daemon.manager.archive("p", keep=True))
        host.disk = lambda now, trash: 49
        for answer in (
            await daemon.manager.acquire("new"),
            await daemon.manager.acquire("away"),
            await daemon.manager.restore("p", made.id),
        ):
            assert (refused(answer).kind, refused(answer).retryable) == ("disk_full", True)
            assert "disk_floor_mb" in refused(answer).hint
        assert text_of(world, ok(await daemon.manager.acquire("p"))) == "one"
        host.disk = lambda now, trash: 50
        assert refused(await daemon.manager.acquire("away")).kind == "disk_full"  # its one byte has no room
        host.disk = lambda now, trash: 51
        assert text_of(world, ok(await daemon.manager.acquire("away"))) == "two"
        ok(await daemon.manager.acquire("new"))


async def test_memory_frozen_ones_first_then_idle_ones() -> None:
    world = World(FakeClock())
    daemon, host = small(world)
    async with daemon:
        for name in ("a", "b", "c", "used"):
            await use(daemon, name, name)
        ok(await daemon.manager.upkeep.freeze("b"))
        ok(await daemon.manager.acquire("used"))
        host.memory = lambda instances: 100 if instances <= 3 else 50
        ok(await daemon.manager.upkeep.relieve())
        assert states(world) == {"a": "idle", "b": "warm", "c": "idle", "used": "idle"}
        host.memory = lambda instances: 50
        ok(await daemon.manager.upkeep.relieve())
        assert states(world) == {"a": "warm", "b": "warm", "c": "warm", "used": "idle"}
        assert "Memory is short" in daemon.manager.upkeep.shortages[0]
        assert world.lost == []


async def test_waiting_for_memory_puts_one_away_in_each_pass() -> None:
    world = World(FakeClock())
    daemon, host = small(world)
    async with daemon:
        for name in ("a", "b"):
            await use(daemon, name, name)
        host.stalled = 19.9
        ok(await daemon.manager.upkeep.relieve())
        assert set(states(world).values()) == {"idle"}
        host.stalled = 20.0
        ok(await daemon.manager.upkeep.relieve())
        assert states(world) == {"a": "warm", "b": "idle"}


@pytest.mark.parametrize("hold", ["terminal", "preview", "permission"])
async def test_what_is_held_stays(hold: str) -> None:
    world = World(FakeClock())
    daemon, host = small(world)
    async with daemon:
        await use(daemon, "p", "one")
        ok(await daemon.manager.hold("p", hold))  # type: ignore[arg-type]
        host.disk = lambda now, trash: 0
        host.memory = lambda instances: 0
        ok(await daemon.manager.upkeep.relieve())
        assert states(world) == {"p": "idle"}
        ok(await daemon.manager.let_go("p", hold))  # type: ignore[arg-type]
        ok(await daemon.manager.upkeep.relieve())
        assert states(world)["p"] in ("warm", "archived")


async def test_a_store_that_does_not_answer_keeps_everything() -> None:
    world = World(FakeClock())
    daemon, host = small(world)
    async with daemon:
        await use(daemon, "p", "one")
        host.disk = lambda now, trash: 60

        async def away(*_: object, **__: object) -> None:
            raise Failure("store_unavailable", "No answer.", retryable=True)

        daemon.engine.archive = away  # type: ignore[method-assign, assignment]
        ok(await daemon.manager.upkeep.relieve())
        assert ok(await daemon.manager.status("p")).message == "No answer."
        assert world.trash == []
        assert text_of(world, ok(await daemon.manager.acquire("p"))) == "one"


def test_marks_that_are_off_are_never_reached() -> None:
    assert Marks().sentences(Surroundings(0, 0, 100.0)) == ()
    assert MARKS.sentences(Surroundings(None, None, None)) == ()


async def test_what_linux_says(tmp_path: Path) -> None:
    (tmp_path / "pressure").mkdir()
    (tmp_path / "meminfo").write_text("MemTotal: 100 kB\nMemAvailable:    42 kB\n")
    (tmp_path / "pressure" / "memory").write_text("some avg10=3.50 avg60=1.00\nfull avg10=9.00 avg60=1.00\n")
    seen = await LinuxHost((tmp_path / "not" / "yet",), proc=tmp_path).look()
    assert (seen.memory_free, seen.memory_stalled) == (42 * 1024, 3.5)
    assert seen.disk_free is not None
    assert seen.disk_free > MIB
    assert await LinuxHost((), proc=tmp_path / "none").look() == Surroundings()
    assert (await LinuxHost((tmp_path,)).look()).memory_free
