"""What a fork takes: the project as it is now, without archiving what is archived already."""

from __future__ import annotations

import pytest

from journeyman.failures import Failure
from journeyman.testing.clock import FakeClock
from unit.workspace.daemon import TTL_S, Daemon, ok, refused, text_of, use
from unit.workspace.fakes import World
from unit.workspace.life import Fault, Life
from unit.workspace.tour import TIERS


async def forked(daemon: Daemon, name: str, archive_id: str | None = None) -> str | None:
    """The text the fork holds, once it is open."""
    ok(await daemon.manager.forks.fork(name, "p", archive_id))
    status = ok(await daemon.manager.status(name))
    assert (status.state, status.tier) == ("archived", "cold")
    workspace = ok(await daemon.manager.acquire(name))
    assert workspace.acquired == "restored"
    ok(await daemon.manager.release(name))
    return text_of(daemon.world, workspace)


def archives(daemon: Daemon) -> int:
    return len(daemon.world.objects.get("p", []))


async def test_changes_are_archived_first_and_only_once() -> None:
    async with Daemon(World(FakeClock()), tiers=TIERS) as daemon:
        await use(daemon, "p", "one")
        assert await forked(daemon, "f1") == "one"
        assert ok(await daemon.manager.status("p")).state == "idle"
        assert await forked(daemon, "f2") == "one"
        assert archives(daemon) == 1
        await use(daemon, "p", "two")
        assert await forked(daemon, "f3") == "two"
        assert archives(daemon) == 2
        first = daemon.world.objects["p"][0].archive_id
        assert await forked(daemon, "f4", first) == "one"
        assert archives(daemon) == 2


async def test_what_was_put_away_is_not_touched() -> None:
    async with Daemon(World(FakeClock()), tiers=TIERS) as daemon:
        await use(daemon, "p", "one")
        for state, seconds in (("warm", TTL_S + 60), ("archived", TIERS.warm_s + 600)):
            await daemon.pass_time(seconds)
            assert ok(await daemon.manager.status("p")).state == state
            before = daemon.world.created, archives(daemon)
            ok(await daemon.manager.forks.fork(f"f-{state}", "p"))
            assert (daemon.world.created, archives(daemon)) == before
            assert ok(await daemon.manager.status("p")).state == state


async def test_closed_files_are_archived_first() -> None:
    async with Daemon(World(FakeClock()), tiers=TIERS) as daemon:
        await use(daemon, "p", "one")
        ok(await daemon.manager.close("p"))
        assert await forked(daemon, "f1") == "one"


async def test_files_of_an_earlier_daemon_are_archived_first() -> None:
    world = World(FakeClock())
    async with Daemon(world, tiers=TIERS) as daemon:
        await use(daemon, "p", "one")
        ok(await daemon.manager.archive("p", keep=True))
        await use(daemon, "p", "two")
    async with Daemon(world, tiers=TIERS) as daemon:
        assert await forked(daemon, "f1") == "two"


async def test_a_project_in_use_is_busy_and_an_archive_of_it_is_not() -> None:
    async with Daemon(World(FakeClock()), tiers=TIERS) as daemon:
        await use(daemon, "p", "one")
        made = ok(await daemon.manager.archive("p", keep=True))
        ok(await daemon.manager.acquire("p"))
        answer = refused(await daemon.manager.forks.fork("f1", "p"))
        assert (answer.kind, answer.retryable) == ("busy", True)
        assert "archives" in answer.hint
        assert await forked(daemon, "f2", made.id) == "one"
        ok(await daemon.manager.release("p"))


async def test_an_open_terminal_may_have_written() -> None:
    async with Daemon(World(FakeClock()), tiers=TIERS) as daemon:
        await use(daemon, "p", "one")
        ok(await daemon.manager.archive("p", keep=True))
        ok(await daemon.manager.hold("p", "terminal"))
        daemon.world.directories["p"][1].text = "typed"
        assert await forked(daemon, "f1") == "typed"


async def test_a_project_without_files_has_nothing_to_fork() -> None:
    async with Daemon(World(FakeClock()), tiers=TIERS) as daemon:
        assert refused(await daemon.manager.forks.fork("f1", "p")).kind == "not_found"


@pytest.mark.parametrize("port", ["engine.fork", "archives.add", "rows.put", "rows.lease"])
@pytest.mark.parametrize("after", [False, True])
async def test_what_failed_can_be_deleted_whole(port: str, after: bool) -> None:
    world = World(FakeClock())
    life = Life()
    async with Daemon(world, life, tiers=TIERS) as daemon:
        await use(daemon, "p", "one")
        ok(await daemon.manager.archive("p", keep=True))
        nth = life.calls.count(port) + 1
        life.fault = Fault(port, lambda: Failure("storage_failed", "No."), nth=nth, after=after)
        refused(await daemon.manager.forks.fork("f1", "p"))
        life.fault = None
        ok(await daemon.manager.delete("f1"))
        assert "f1" not in world.objects
        assert "f1" not in world.rows
        assert [record.project_id for record in world.records] == ["p"]
