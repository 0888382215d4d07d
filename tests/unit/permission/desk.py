"""Permissions over a real store on a clock that moves when told, and whoever asks for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from journeyman.adapters.sqlite import SqliteStore
from journeyman.chat.event_log import EventLog
from journeyman.permission.answers import Admission
from journeyman.permission.effect import Effect
from journeyman.permission.policy import Policy
from journeyman.permission.service import Permissions
from journeyman.records import Chat, Commands, Permission, Project, User
from journeyman.tasks import Supervisor
from journeyman.testing.clock import CountingIds, FakeClock

TIMEOUT_S = 60.0
T0 = datetime(2026, 1, 1, tzinfo=UTC)
PUSH = Effect("git", "git push origin main", "/workspace", argv=("push", "origin", "main"))


@dataclass
class Shown:
    """A listener that remembers."""

    requested_: list[Permission] = field(default_factory=list)
    resolved_: list[Permission] = field(default_factory=list)
    somebody: bool = True
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def requested(self, permission: Permission) -> None:
        self.requested_.append(permission)
        self.news.set()

    def resolved(self, permission: Permission) -> None:
        self.resolved_.append(permission)
        self.news.set()

    def attended(self, chat_id: str) -> bool:
        return self.somebody

    async def until(self, requested: int) -> None:
        async with asyncio.timeout(60):
            while len(self.requested_) < requested:
                self.news.clear()
                await self.news.wait()


@dataclass
class Desk:
    store: SqliteStore
    events: EventLog
    clock: FakeClock
    permissions: Permissions
    shown: Shown

    async def admit(
        self, effect: Effect | Callable[[], Effect] = PUSH, *, run: str = "r1", call: str = "call-1"
    ) -> Admission:
        async def tell() -> Effect:
            return effect() if callable(effect) else effect

        return await self.permissions.admit(tell, chat_id="c1", run_id=run, call_id=call)

    async def question(self, number: int = 1) -> Permission:
        """The newest question, once `number` have been shown."""
        await self.shown.until(number)
        return self.shown.requested_[number - 1]

    async def kinds(self) -> list[str]:
        return [event.kind for event in await self.events.read("c1", after=0)]


@contextlib.asynccontextmanager
async def desk(root: Path, *, policy: Policy | None = None) -> AsyncGenerator[Desk]:
    clock, supervisor, shown = FakeClock(), Supervisor(), Shown()
    store = await SqliteStore.open(root / "journeyman.db", clock=clock)
    await store.users.ensure(User("local", "me", T0))
    if not (await store.projects.list("local")).items:
        await store.projects.add(Project("p1", "local", "p", "empty", None, Commands(), T0, T0))
        await store.chats.add(Chat("c1", "p1", "c", None, "/workspace", "e1", T0, T0))
    events = EventLog(store.events, clock)
    permissions = Permissions(
        store.permissions, events, clock, CountingIds(), supervisor, policy=policy, timeout_s=TIMEOUT_S
    )
    permissions.listen(shown)
    try:
        yield Desk(store, events, clock, permissions, shown)
    finally:
        await supervisor.close()
        await store.close()
