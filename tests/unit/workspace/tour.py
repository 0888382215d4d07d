"""One tour through everything the manager can do, and what must hold after it, whatever went wrong."""

from __future__ import annotations

from journeyman.ports.sandbox import Workspace
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.state import IN_PROGRESS
from journeyman.workspace.tiers import Tiers
from unit.workspace.daemon import TTL_S, Daemon, ok, text_of
from unit.workspace.fakes import World

P, GONE, FORK = "p", "gone", "fork"
TIERS = Tiers(warm_s=TTL_S)


async def tour(daemon: Daemon) -> str | None:
    """Every public method, every way to acquire. Answers the last text a run wrote. No call may raise."""
    manager, world = daemon.manager, daemon.world
    last: str | None = None

    async def run(text: str) -> None:
        nonlocal last
        got = await manager.acquire(P)
        if isinstance(got, Workspace):
            world.write(got.instance, text)
            last = text
            await manager.release(P)

    await world.clock.advance(3600)  # the hour after which the trash is emptied
    await run("one")
    await run("two")
    await manager.close(P)
    await run("three")
    await daemon.pass_time(150)  # uploaded, then frozen
    await run("three")
    await daemon.pass_time(TTL_S + 60)
    await run("four")
    first = await manager.archive(P, keep=True)
    await run("five")
    if not isinstance(first, WorkspaceError):
        before = {d.text for d in world.directories.get(P, {}).values() if d.text}
        world.given_up |= before  # a restore is the user's wish to lose what came after the archive
        restored = await manager.restore(P)
        if not isinstance(restored, WorkspaceError) or _was_swapped(world):
            last = "four"
    await daemon.pass_time(TTL_S + TIERS.warm_s + 600)  # warm, then cold
    await run("six")
    await manager.archive(P)
    await run("seven")
    await manager.status(P)
    await manager.list()
    await manager.kept.page(P, None, 50)
    await manager.forks.fork(FORK, P)
    got = await manager.acquire(FORK)
    if isinstance(got, Workspace):
        await manager.release(FORK)
    await manager.delete(FORK)
    got = await manager.acquire(GONE)
    if isinstance(got, Workspace):
        await manager.release(GONE)
    await manager.delete(GONE)
    await daemon.settle()
    return last


def _was_swapped(world: World) -> bool:
    row = world.rows.get(P)
    return row is not None and row.journal == "swap"


def check_legal(daemon: Daemon) -> None:
    """No state that means "being done" outlives the work; every instance is known or can be found."""
    world = daemon.world
    for entry in daemon.manager._registry.entries():
        assert entry.state not in IN_PROGRESS, entry
        assert not +entry.users, entry
    for desk in daemon.manager._room.desks.values():
        assert desk.flight is None
        assert desk.archiving is None
        assert not desk.lock.locked()
    known = {P, GONE, FORK}
    assert {i.project_id for i in world.instances.values()} <= known
    assert world.lost == []


async def check_recovers(daemon: Daemon, last: str | None) -> None:
    """Without the fault everything comes right: the last text is there, and at rest nothing is left."""
    world, manager = daemon.world, daemon.manager
    for gone in (GONE, FORK):
        ok(await manager.delete(gone))
    workspace = ok(await manager.acquire(P))
    assert text_of(world, workspace) == last
    ok(await manager.release(P))
    await daemon.pass_time(2 * TTL_S + TIERS.warm_s + 300)
    assert ok(await manager.status(P)).state == "archived"
    assert world.instances == {}
    assert {p: d for p, d in world.directories.items() if d} == {}
    assert [row.lease for row in world.rows.values()] == [None]
    assert daemon.manager._registry.entries() == ()
    assert daemon.manager._room.desks == {}
    assert world.objects[P][-1].text == last
    assert world.lost == []
