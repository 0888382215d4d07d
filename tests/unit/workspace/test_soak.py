"""Three simulated days: hundreds of workspaces created, used, expired and restored, nothing leaks."""

from __future__ import annotations

import random

from journeyman.testing.clock import FakeClock
from unit.workspace.daemon import TTL_S, Daemon, ok, text_of
from unit.workspace.fakes import World

PROJECTS = 520
HOURS = 72


async def test_three_days_of_many_projects() -> None:
    world = World(FakeClock())
    chance = random.Random(7)
    written: dict[str, str | None] = {}
    ways: set[str] = set()
    async with Daemon(world) as daemon:
        manager = daemon.manager
        for hour in range(HOURS):
            for n in range(PROJECTS):
                project_id = f"project-{n}"
                if n % HOURS != hour and chance.random() > 0.05:
                    continue
                workspace = ok(await manager.acquire(project_id))
                ways.add(workspace.acquired)
                assert text_of(world, workspace) == written.get(project_id)
                written[project_id] = f"{project_id} at {hour}"
                world.write(workspace.instance, f"{project_id} at {hour}")
                ok(await manager.release(project_id))
                if chance.random() < 0.05:
                    ok(await manager.close(project_id))
            await world.clock.advance(3600)
            await daemon.settle()
        for project_id in written:  # what was closed is opened once more, so that it can expire
            ok(await manager.acquire(project_id))
            ok(await manager.release(project_id))
        await world.clock.advance(TTL_S + 3600)
        await daemon.settle()

        assert len(written) == PROJECTS
        assert ways == {"created", "stopped", "restored"}
        assert {p: world.objects[p][-1].text for p in written} == written
        assert world.instances == {}
        assert not any(world.directories.values())
        assert manager._registry.entries() == ()
        assert manager._room.desks == {}
        assert daemon.supervisor.names == ("workspace sweeper",)
        assert all(row.lease is None and row.journal is None for row in world.rows.values())
        assert all(guest.closed for guest in daemon.sandbox.guests)
        assert world.lost == []
