"""The daemon dies at any port call, before or after its effect; the next one finds everything."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from journeyman.testing.clock import FakeClock
from unit.workspace.daemon import TTL_S, Daemon, ok, text_of, until, use
from unit.workspace.fakes import World
from unit.workspace.life import Life
from unit.workspace.tour import P, check_legal

WRITTEN = ("one", "two")


async def _story(daemon: Daemon, heard: list[str]) -> None:
    """Create, expire, restore on demand, archive and restore on request. `heard` is what the client
    was told is done."""
    manager, world = daemon.manager, daemon.world
    await use(daemon, P, "one")
    heard.append("one")
    await daemon.pass_time(TTL_S + 60)
    first = ok(await manager.kept.page(P, None, 50))[0][0].record
    await use(daemon, P, "two")
    heard.append("two")
    ok(await manager.archive(P, keep=True))
    ok(await manager.restore(P, first.id))
    heard.append("one")
    world.given_up.add("two")
    ok(await manager.archive(P))
    await use(daemon, P)


async def _calls() -> int:
    async with Daemon(World(FakeClock())) as daemon:
        start = len(daemon.life.calls)
        await _story(daemon, [])
        assert start < 10
        return len(daemon.life.calls)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("part", range(4))
async def test_a_crash_at_any_call_loses_nothing(part: int, after: bool) -> None:
    for die_at in range(1 + part, await _calls() + 1, 4):
        world = World(FakeClock())
        first = Daemon(world, Life(die_at=die_at, die_after=after))
        heard: list[str] = []
        story = asyncio.create_task(_start_and_tell(first, heard))
        await until(lambda first=first, story=story: first.life.dead or story.done())
        story.cancel()
        with contextlib.suppress(asyncio.CancelledError, AssertionError):
            await story
        assert first.life.dead
        written = _latest(world)
        await first.kill()

        async with Daemon(world) as second:
            check_legal(second)
            rows = [(row.state, row.lease, row.journal) for row in world.rows.values()]
            assert set(rows) <= {(state, None, None) for state in ("idle", "archived", "cold")}, die_at
            workspace = ok(await second.manager.acquire(P))
            text = text_of(world, workspace)
            ok(await second.manager.release(P))
            assert text in (written, heard[-1] if heard else None), (die_at, heard)
            await second.pass_time(2 * TTL_S)
            assert world.instances == {}, die_at
            assert not any(world.directories.values()), die_at
            assert world.objects[P][-1].text == text
        assert world.lost == [], die_at


async def _start_and_tell(daemon: Daemon, heard: list[str]) -> None:
    ok(await daemon.manager.start())
    await _story(daemon, heard)


def _latest(world: World) -> str | None:
    """The text that must survive: of the newest complete generation, else of the newest archive."""
    complete = [d for d in world.directories.get(P, {}).values() if d.complete]
    if complete:
        return max(complete, key=lambda d: d.number).text
    return world.objects[P][-1].text if world.objects.get(P) else None


async def test_unarchived_data_without_a_row_is_adopted_and_archived() -> None:
    """The database was lost: labels and directories are all there is."""
    world = World(FakeClock())
    first = Daemon(world)
    ok(await first.manager.start())
    await use(first, P, "one")
    await first.kill()
    world.rows.clear()
    async with Daemon(world) as second:
        assert [e.project_id for e in second.manager._registry.entries()] == [P]
        await second.pass_time(TTL_S + 60)
        assert world.objects[P][-1].text == "one"
        assert world.instances == {}


async def test_an_archived_workspace_whose_store_is_away_is_kept_and_usable() -> None:
    """The intent to delete is there, the proof cannot be had: the files stay, and so does the user."""
    world = World(FakeClock())
    first = Daemon(world)
    ok(await first.manager.start())
    await use(first, P, "one")
    archive = asyncio.create_task(first.manager.archive(P))
    await until(lambda: world.rows[P].journal == "delete")
    await first.kill()
    await asyncio.gather(archive, return_exceptions=True)
    stored = world.objects.pop(P)
    async with Daemon(world) as second:
        workspace = ok(await second.manager.acquire(P))
        assert workspace.acquired in ("running", "stopped")
        assert text_of(world, workspace) == "one"
        world.objects[P] = stored
    assert world.lost == []
