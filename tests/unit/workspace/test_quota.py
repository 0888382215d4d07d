"""What a workspace holds is measured, told at 80 %, and beyond its quota nothing is written for anybody."""

from __future__ import annotations

import pytest

from journeyman.failures import Failure
from journeyman.ports.sandbox import Workspace
from journeyman.quotas import Held, Quota
from journeyman.testing.clock import FakeClock
from journeyman.workspace.quota import AGAIN_S
from journeyman.workspace.status import WorkspaceStatus
from journeyman.workspace.tiers import Tiers
from unit.workspace.daemon import Daemon, ok
from unit.workspace.fakes import FakeGuest, World

TIERS = Tiers(upload_after_s=None, freeze_s=None)


def daemon_of(world: World, own: dict[str, Quota] | None = None) -> tuple[Daemon, list[WorkspaceStatus]]:
    async def quota_of(project_id: str) -> Quota:
        return (own or {}).get(project_id, Quota())

    daemon = Daemon(world, tiers=TIERS, default_quota=Quota(bytes=100, entries=10), quota_of=quota_of)
    told: list[WorkspaceStatus] = []
    daemon.manager.subscribe(told.append)
    return daemon, told


def guest_of(workspace: Workspace) -> FakeGuest:
    guest = workspace.guest
    assert isinstance(guest, FakeGuest)
    return guest


async def refused(guest: FakeGuest, size: int) -> Failure | None:
    try:
        await guest.allow(size)
    except Failure as failure:
        return failure
    return None


async def test_what_is_held_is_measured_while_it_is_used_and_told_once_for_each_level() -> None:
    world = World(FakeClock())
    daemon, told = daemon_of(world)
    async with daemon:
        workspace = ok(await daemon.manager.acquire("p"))
        world.write(workspace.instance, "x" * 79)
        await daemon.pass_time(60)
        status = ok(await daemon.manager.status("p"))
        assert (status.usage, status.quota.level(Held(79, 1))) == (Held(79, 1), "ok")
        told.clear()
        world.write(workspace.instance, "x" * 80)
        await daemon.pass_time(150)
        assert [(each.usage, each.state) for each in told] == [(Held(80, 1), "live")]
        await daemon.pass_time(300)
        assert len(told) == 1
        world.write(workspace.instance, "x" * 101)
        await daemon.pass_time(150)
        assert [each.quota.level(each.usage) for each in told if each.usage] == ["near", "over"]
        ok(await daemon.manager.release("p"))
        again = ok(await daemon.manager.acquire("p"))
        assert again.note == "The workspace holds 0 of 0 MiB and 1 of 10 files and directories it may hold."


async def test_beyond_the_quota_writes_are_refused_until_there_is_room() -> None:
    world = World(FakeClock())
    daemon, _ = daemon_of(world)
    async with daemon:
        workspace = ok(await daemon.manager.acquire("p"))
        guest = guest_of(workspace)
        assert await refused(guest, 10**9) is None, "nothing is known yet, and nobody waits for a scan"
        world.write(workspace.instance, "x" * 90)
        await daemon.pass_time(60)
        assert await refused(guest, 10) is None
        world.write(workspace.instance, "x" * 100)
        failure = await refused(guest, 1)
        assert failure is not None
        assert failure.kind == "quota_exceeded"
        assert "project/update" in failure.hint
        world.write(workspace.instance, "x" * 20)  # what was written over counted twice until now
        await world.clock.advance(AGAIN_S)
        assert await refused(guest, 80) is None
        assert (await refused(guest, 1)) is not None


async def test_many_small_files_count() -> None:
    world = World(FakeClock())
    daemon, told = daemon_of(world)
    async with daemon:
        workspace = ok(await daemon.manager.acquire("p"))
        world.litter["p"] = 9
        await daemon.pass_time(60)
        assert told[-1].usage == Held(0, 10)
        failure = await refused(guest_of(workspace), 0)
        assert failure is not None
        assert "10 of 10 files" in failure.message


async def test_a_project_may_have_a_quota_of_its_own() -> None:
    world = World(FakeClock())
    own = {"large": Quota(bytes=1000), "any": Quota(bytes=0, entries=0)}
    daemon, _ = daemon_of(world, own)
    async with daemon:
        for name, size, fits in (("small", 101, False), ("large", 101, True), ("any", 10**6, True)):
            workspace = ok(await daemon.manager.acquire(name))
            world.write(workspace.instance, "x" * size)
            world.litter[name] = 5
            await daemon.pass_time(60)
            assert (await refused(guest_of(workspace), 1) is None) == fits, name
        own["small"] = Quota(bytes=200)
        await daemon.pass_time(150)
        workspace = ok(await daemon.manager.acquire("small"))
        assert await refused(guest_of(workspace), 1) is None


async def test_a_workspace_that_cannot_be_measured_goes_on() -> None:
    world = World(FakeClock())
    daemon, _ = daemon_of(world)
    async with daemon:
        workspace = ok(await daemon.manager.acquire("p"))
        guest = guest_of(workspace)

        async def broken(**_: object) -> None:
            raise Failure("workspace_failed", "It went away.", retryable=True)

        guest.look = broken  # type: ignore[method-assign, assignment]
        await daemon.pass_time(300)
        assert ok(await daemon.manager.status("p")).usage is None
        assert await refused(guest, 10**9) is None


@pytest.mark.parametrize(
    ("quota", "held", "level"),
    [
        (Quota(), Held(10**15, 10**9), "ok"),
        (Quota(0, 0), Held(10**15, 10**9), "ok"),
        (Quota(100), Held(79, 10**9), "ok"),
        (Quota(100), Held(80, 0), "near"),
        (Quota(100), Held(100, 0), "near"),
        (Quota(100), Held(101, 0), "over"),
        (Quota(10**6, 5), Held(0, 6), "over"),
    ],
)
def test_levels(quota: Quota, held: Held, level: str) -> None:
    assert quota.level(held) == level
