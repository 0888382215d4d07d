"""What the parts of this room share, handed in by the composition root."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from journeyman.checkpoint.memory import Memory
from journeyman.checkpoint.picture import Keeping, Picture
from journeyman.checkpoint.vault import Vault
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.events import Announcer
from journeyman.ports.guest import Guest
from journeyman.ports.objects import ObjectStore
from journeyman.ports.sandbox import Workspace
from journeyman.ports.store import Store
from journeyman.tasks import Supervisor
from journeyman.workspace.archive.workers import Workers
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.outsiders import Outsiders
from journeyman.workspace.status import WorkspaceStatus

T = TypeVar("T")


class Manager(Protocol):
    """The part of the workspace manager this room uses. It answers values."""

    outsiders: Outsiders

    def acquire(self, project_id: str, *, holder: str = "run") -> Awaitable[Workspace | WorkspaceError]: ...

    def release(self, project_id: str, *, holder: str = "run") -> Awaitable[object]: ...

    def status(self, project_id: str) -> Awaitable[WorkspaceStatus | WorkspaceError]: ...

    def undisturbed(
        self, project_id: str, work: Callable[[], Coroutine[Any, Any, T]]
    ) -> Awaitable[T | WorkspaceError]: ...


@dataclass(frozen=True, slots=True)
class Budget:
    """How much room there is on this machine."""

    project_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class Parts:
    store: Store
    objects: ObjectStore
    """Of checkpoints, on this machine; not the archives'."""
    events: Announcer
    manager: Manager
    supervisor: Supervisor
    clock: Clock
    ids: Ids
    memory: Memory
    keeping: Keeping
    budget: Budget
    workers: Workers = field(default_factory=Workers)
    collecting: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """By project: held while content nobody needs goes, and by who keeps content before anything names it,
    other than a run or a rewind, which keep that away anyway."""

    def vault(self, project_id: str) -> Vault:
        return Vault(self.objects, self.workers, project_id)

    def picture(self, vault: Vault) -> Picture:
        return Picture(vault, self.workers, self.keeping)

    async def generation(self, project_id: str) -> int:
        """Of the workspace's files; 0 where it is not known."""
        status = await self.manager.status(project_id)
        return 0 if isinstance(status, WorkspaceError) else status.generation

    async def look(self, picture: Picture, guest: Guest, project_id: str) -> None:
        """At everything, for the first time: what is remembered is not read again."""
        generation = await self.generation(project_id)
        known = await self.workers.run(lambda: self.memory.known(project_id, generation))
        await picture.look(guest, self.now_ns(), known)

    def now_ns(self) -> int:
        return int(self.clock.now().timestamp() * 1e9)
