"""What the manager does when nothing goes wrong, and who has to wait for whom."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.testing.clock import FakeClock
from journeyman.workspace.status import WorkspaceStatus
from unit.workspace.daemon import TTL_S, Daemon, ok, refused, text_of, until, use
from unit.workspace.fakes import World


@pytest.fixture
def world() -> World:
    return World(FakeClock())


async def test_the_five_ways_to_get_a_workspace(world: World) -> None:
    async with Daemon(world) as daemon:
        assert (await use(daemon, "p", "one")).acquired == "created"
        assert (await use(daemon, "p")).acquired == "map"
        [guest] = daemon.sandbox.guests
        guest.closed = True  # the connection broke; the container runs
        assert (await use(daemon, "p")).acquired == "running"
        ok(await daemon.manager.close("p"))
        workspace = await use(daemon, "p")
        assert (workspace.acquired, text_of(world, workspace)) == ("stopped", "one")
        await daemon.pass_time(TTL_S + 60)
        assert world.instances == {}
        workspace = await use(daemon, "p")
        assert (workspace.acquired, text_of(world, workspace)) == ("restored", "one")
    assert world.lost == []


async def test_every_step_is_told(world: World) -> None:
    seen: list[tuple[str, str | None]] = []

    def listen(status: WorkspaceStatus) -> None:
        seen.append((status.state, status.acquired))

    async with Daemon(world) as daemon:
        unsubscribe = daemon.manager.subscribe(listen)
        daemon.manager.subscribe(_broken)
        await use(daemon, "p", "one")
        await daemon.pass_time(TTL_S + 60)
        await use(daemon, "p")
        unsubscribe()
        await use(daemon, "p")
    assert [state for state, _ in seen] == [
        *("creating", "live", "idle", "archiving", "archived", "restoring", "live", "idle")
    ]
    assert ("live", "restored") in seen


def _broken(status: WorkspaceStatus) -> None:
    raise RuntimeError("a listener's bug disturbs nobody")


async def test_fifty_acquires_at_once_make_one_instance(world: World) -> None:
    async with Daemon(world) as daemon:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(daemon.manager.acquire("p")) for _ in range(50)]
        assert {ok(task.result()).instance.id for task in tasks} == {"i1"}
        assert world.rows["p"].lease == "run"
        for _ in range(49):
            ok(await daemon.manager.release("p"))
        assert world.rows["p"].lease == "run"
        ok(await daemon.manager.release("p"))
        assert world.rows["p"].lease is None
    assert daemon.life.calls.count("sandbox.create") == 1


async def test_what_is_in_use_is_busy_and_does_not_expire(world: World) -> None:
    async with Daemon(world) as daemon:
        manager = daemon.manager
        ok(await manager.acquire("p"))
        for answer in (
            await manager.archive("p"),
            await manager.restore("p"),
            await manager.close("p"),
            await manager.delete("p"),
        ):
            assert refused(answer).kind == "busy"
        await daemon.pass_time(3 * TTL_S)
        assert ok(await manager.status("p")).state == "live"
        ok(await manager.release("p"))
        assert refused(await manager.hold("closed", "terminal")).kind == "conflict"
        ok(await manager.hold("p", "terminal"))
        await daemon.pass_time(3 * TTL_S)
        assert ok(await manager.status("p")).holders == ("terminal",)
        ok(await manager.let_go("p", "terminal"))
        await daemon.pass_time(TTL_S - 30)
        assert ok(await manager.status("p")).state == "idle"
        ok(await manager.touch("p"))
        await daemon.pass_time(TTL_S - 30)
        assert ok(await manager.status("p")).state == "idle"
        await daemon.pass_time(90)
        assert ok(await manager.status("p")).state == "archived"


async def test_a_request_before_the_pointer_abandons_the_archive(world: World) -> None:
    async with Daemon(world) as daemon:
        await use(daemon, "p", "one")
        daemon.engine.gate = asyncio.Event()
        await world.clock.advance(TTL_S + 1)
        assert ok(await daemon.manager.status("p")).state == "archiving"
        workspace = ok(await daemon.manager.acquire("p"))
        assert (workspace.acquired, workspace.instance.id) == ("map", "i1")
        assert "p" not in world.objects
        assert world.rows["p"].journal is None


async def test_a_request_after_the_pointer_waits_and_restores(world: World) -> None:
    async with Daemon(world) as daemon:
        await use(daemon, "p", "one")
        daemon.engine.after_pointer = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            archive = group.create_task(daemon.manager.archive("p"))
            await until(lambda: bool(world.objects.get("p")))
            daemon.engine.after_pointer.set()
            await until(lambda: bool(world.records))
            acquire = group.create_task(daemon.manager.acquire("p"))
        assert ok(archive.result()).id == "p-a1"
        workspace = ok(acquire.result())
        assert (workspace.acquired, text_of(world, workspace)) == ("restored", "one")
    assert world.lost == []


async def test_an_explicit_archive_can_be_abandoned_by_its_caller_and_by_a_run(world: World) -> None:
    async with Daemon(world) as daemon:
        await use(daemon, "p", "one")
        daemon.engine.gate = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            archive = group.create_task(daemon.manager.archive("p"))
            await until(lambda: daemon.life.calls.count("engine.archive") == 1)
            ok(await daemon.manager.acquire("p"))
        assert refused(archive.result()).kind == "cancelled"
        ok(await daemon.manager.release("p"))
        again = asyncio.create_task(daemon.manager.archive("p"))
        await until(lambda: daemon.life.calls.count("engine.archive") == 2)
        again.cancel()
        with pytest.raises(asyncio.CancelledError):
            await again
        await daemon.settle()
        assert ok(await daemon.manager.status("p")).state == "idle"
        assert world.rows["p"].lease is None


async def test_keep_archives_a_workspace_that_goes_on(world: World) -> None:
    async with Daemon(world) as daemon:
        await use(daemon, "p", "one")
        record = ok(await daemon.manager.archive("p", keep=True))
        assert "guest.kill_all" not in daemon.life.calls
        assert [each.record for each in ok(await daemon.manager.kept.page("p", None, 50))[0]] == [record]
        assert (await use(daemon, "p")).acquired == "map"


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
async def test_pages_are_the_whole_list_also_where_archives_go_in_between(world: World, limit: int) -> None:
    async with Daemon(world) as daemon:
        made: list[str] = []
        for text in "abcdef":
            await use(daemon, "p", text)
            made.insert(0, ok(await daemon.manager.archive("p", keep=True)).id)
        seen: list[str] = []
        cursor: str | None = None
        while True:
            found, cursor = ok(await daemon.manager.kept.page("p", cursor, limit))
            assert len(found) <= limit
            seen += [each.record.id for each in found]
            if cursor is None:
                break
            world.records = [each for each in world.records if each.id != seen[-1]]  # the cursor's
        assert seen == made


@pytest.mark.parametrize("cursor", ["", "1", ":", "1:", "-1:a", "x:a", "9" * 5000 + ":a"])
async def test_a_cursor_of_nobody_is_refused(world: World, cursor: str) -> None:
    async with Daemon(world) as daemon:
        assert refused(await daemon.manager.kept.page("p", cursor, 5)).kind == "invalid"


async def test_archiving_twice_answers_the_same_archive(world: World) -> None:
    async with Daemon(world) as daemon:
        await use(daemon, "p", "one")
        record = ok(await daemon.manager.archive("p"))
        assert ok(await daemon.manager.archive("p")) == record
        assert refused(await daemon.manager.archive("never")).kind == "not_found"


async def test_restore_swaps_and_keeps_the_old_files_in_the_trash(world: World) -> None:
    async with Daemon(world) as daemon:
        await use(daemon, "p", "one")
        first = ok(await daemon.manager.archive("p", keep=True))
        await use(daemon, "p", "two")
        world.given_up.add("two")
        restored = ok(await daemon.manager.restore("p", first.id))
        assert restored.archive_id == first.id
        workspace = await use(daemon, "p")
        assert (workspace.acquired, text_of(world, workspace)) == ("stopped", "one")
        assert [i.name for i in world.instances.values()] == ["p"]
        assert world.trash == [("p", 1)]


async def test_a_failed_restore_leaves_everything_as_it_was(world: World) -> None:
    async with Daemon(world) as daemon:
        await use(daemon, "p", "one")
        error = refused(await daemon.manager.restore("p", "no such"))
        assert error.kind == "not_found"
        workspace = ok(await daemon.manager.acquire("p"))
        assert text_of(world, workspace) == "one"
        assert [i.name for i in world.instances.values()] == ["p"]
        assert world.lost == []


async def test_delete_takes_everything(world: World) -> None:
    async with Daemon(world) as daemon:
        await use(daemon, "p", "one")
        ok(await daemon.manager.archive("p", keep=True))
        ok(await daemon.manager.delete("p"))
        assert (world.instances, world.objects, world.rows) == ({}, {}, {})
        assert world.directories["p"] == {}
        assert ok(await daemon.manager.status("p")).state == "cold"


async def test_delete_keeps_the_archives_where_they_are_to_stay(world: World) -> None:
    async with Daemon(world) as daemon:
        await use(daemon, "p", "one")
        ok(await daemon.manager.archive("p", keep=True))
        stored = dict(world.objects)
        ok(await daemon.manager.delete("p", archives=False))
        assert (world.instances, world.rows, world.objects) == ({}, {}, stored)
        assert stored
        assert world.directories["p"] == {}


async def test_an_archive_that_is_recorded_but_gone_is_not_replaced_by_nothing(world: World) -> None:
    async with Daemon(world) as daemon:
        await use(daemon, "p", "one")
        ok(await daemon.manager.archive("p"))
        world.objects.clear()
        error = refused(await daemon.manager.acquire("p"))
        assert error.kind == "archive_failed"
        assert "sandbox.create" not in daemon.life.calls[-10:]


async def test_a_waiter_that_goes_away_does_not_take_the_others_with_it(world: World) -> None:
    async with Daemon(world) as daemon:
        first = asyncio.create_task(daemon.manager.acquire("p"))
        second = asyncio.create_task(daemon.manager.acquire("p"))
        await asyncio.sleep(0)
        first.cancel()
        assert ok(await second).acquired == "created"
        with pytest.raises(asyncio.CancelledError):
            await first
        ok(await daemon.manager.release("p"))
        assert world.rows["p"].lease is None


async def test_the_last_waiter_going_away_gives_the_lease_back(world: World) -> None:
    async with Daemon(world) as daemon:
        only = asyncio.create_task(daemon.manager.acquire("p"))
        await asyncio.sleep(0)
        only.cancel()
        await asyncio.gather(only, return_exceptions=True)
        await daemon.settle()
        assert ok(await daemon.manager.status("p")).state == "idle"
        assert world.rows["p"].lease is None


async def test_after_shutdown_nothing_new_begins_and_instances_go_on(world: World) -> None:
    daemon = Daemon(world)
    async with daemon:
        await use(daemon, "p", "one")
    assert refused(await daemon.manager.acquire("p")).kind == "draining"
    assert [i.state for i in world.instances.values()] == ["running"]
