"""A manager over a `World`: what a daemon would build, and how a test drives it in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from journeyman.ports.sandbox import Limits, Workspace
from journeyman.tasks import Supervisor
from journeyman.testing.clock import CountingIds
from journeyman.workspace.deadlines import Deadlines
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.tiers import NO_TIERS, Tiers
from unit.workspace.fakes import FakeArchives, FakeEngine, FakeGenerations, FakeRows, FakeSandbox, World
from unit.workspace.life import Life

T = TypeVar("T")

TTL_S = 600.0


class FakeStore:
    def __init__(self, world: World, life: Life) -> None:
        self.workspaces = FakeRows(world, life)
        self.archives = FakeArchives(world, life)


class Daemon:
    def __init__(
        self,
        world: World,
        life: Life | None = None,
        *,
        deadlines: Deadlines | None = None,
        tiers: Tiers = NO_TIERS,
        **options: Any,
    ) -> None:
        self.world = world
        self.life = life or Life()
        self.supervisor = Supervisor()
        self.sandbox = FakeSandbox(world, self.life)
        self.engine = FakeEngine(world, self.life)
        sandbox: Any = self.sandbox
        engine: Any = self.engine
        own: Any = FakeStore(world, self.life)
        generations: Any = FakeGenerations(world, self.life)
        self.manager = WorkspaceManager(
            sandbox,
            generations,
            engine,
            own,
            clock=world.clock,
            ids=CountingIds(),
            supervisor=self.supervisor,
            image="image",
            limits=Limits(512, 1.0, 64),
            ttl_s=TTL_S,
            trash_grace_s=0.0,
            deadlines=deadlines or Deadlines(ping_s=60.0),
            tiers=tiers,
            **options,
        )

    async def __aenter__(self) -> Daemon:
        ok(await self.manager.start())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.manager.shutdown()
        await self.supervisor.close()

    async def kill(self) -> None:
        """What a power cut does: nothing more of this daemon reaches the world."""
        self.life.dead = True
        await self.supervisor.close()

    async def settle(self) -> None:
        """Let everything that can go on without time passing go on."""
        for _ in range(2000):
            if not [n for n in self.supervisor.names if n != "workspace sweeper"]:
                break
            await asyncio.sleep(0)

    async def pass_time(self, seconds: float) -> None:
        """Advance in steps small enough for what is due to be done when it is."""
        step = 30.0
        while seconds > 0:
            await self.world.clock.advance(min(step, seconds))
            await self.settle()
            seconds -= step


async def until(happened: Callable[[], bool]) -> None:
    """Let the loop run until something has happened, which must be soon."""
    for _ in range(50_000):
        if happened():
            return
        await asyncio.sleep(0)
    raise AssertionError("it did not happen")


def ok(answer: T | WorkspaceError) -> T:
    assert not isinstance(answer, WorkspaceError), answer
    return answer


def refused(answer: object) -> WorkspaceError:
    assert isinstance(answer, WorkspaceError), answer
    return answer


async def use(daemon: Daemon, project_id: str, text: str | None = None) -> Workspace:
    """A whole run: acquire, write, release."""
    workspace = ok(await daemon.manager.acquire(project_id))
    if text is not None:
        daemon.world.write(workspace.instance, text)
    ok(await daemon.manager.release(project_id))
    return workspace


def text_of(world: World, workspace: Workspace) -> str | None:
    return world.directories[workspace.project_id][workspace.instance.generation].text
