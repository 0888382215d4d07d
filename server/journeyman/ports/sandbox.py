"""Where workspaces live. An adapter creates, starts, attaches, stops, removes and lists; everything
inside is the guest's business.

An instance's files are one *generation*: a private directory of the daemon, made by `Generations` and
bound at `/workspace`. Removing an instance never touches files. Adapters raise `Failure` (`no_sandbox`,
`image_missing`, `workspace_failed`, `disk_full`); the workspace manager turns that into values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from journeyman.ports.guest import Guest

InstanceState = Literal["created", "running", "paused", "stopped"]
Acquired = Literal["map", "thawed", "running", "stopped", "restored", "created"]


@dataclass(frozen=True, slots=True)
class Limits:
    memory_mb: int
    cpus: float
    pids: int


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    project_id: str
    name: str
    """The instance's name: the projectId, or the projectId and a suffix while a restore is staged."""
    generation: int
    epoch: int
    files: Path
    """The generation's directory, owned by the workspace user, bound at /workspace."""
    image: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class Instance:
    id: str
    """The engine's own id; removal goes by this, never by name."""
    name: str
    project_id: str
    generation: int
    epoch: int
    state: InstanceState
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """What `doctor` says of a sandbox. `tier` names the isolation in force; `gaps` what it does not
    protect from."""

    available: bool
    tier: str
    why: str = ""
    hint: str = ""
    gaps: tuple[str, ...] = ()


class Sandbox(Protocol):
    @property
    def name(self) -> str:
        """`docker` or `bubblewrap`."""
        ...

    async def probe(self) -> SandboxReport:
        """Whether this sandbox can be used now. Never raises."""
        ...

    async def create(self, spec: InstanceSpec) -> Instance:
        """Make an instance, not yet started. One with that name exists: `conflict`."""
        ...

    async def start(self, instance_id: str) -> None:
        """Start it, or do nothing where it runs."""
        ...

    async def attach(self, instance_id: str) -> Guest:
        """Connect to the guest of a running instance; waits for it to answer, at most 30 s."""
        ...

    async def pause(self, instance_id: str) -> None: ...

    async def resume(self, instance_id: str) -> None: ...

    async def stop(self, instance_id: str, *, grace_s: float = 5.0) -> None:
        """End its processes, politely first. Already stopped: nothing."""
        ...

    async def remove(self, instance_id: str) -> None:
        """Remove the instance, running or not. Unknown id: nothing. Files stay."""
        ...

    async def find(self, name: str) -> Instance | None: ...

    async def list(self) -> tuple[Instance, ...]:
        """Every instance of this data directory, by label."""
        ...

    async def close(self) -> None:
        """Let go of clients and threads. Instances of an engine of its own (Docker) go on running."""
        ...


@dataclass(frozen=True, slots=True)
class Generation:
    number: int
    complete: bool


class Generations(Protocol):
    """The private directories that hold workspace files on this machine.

    `prepare` makes an empty one; `commit` marks it complete (a restore that was verified, or a new
    workspace); only complete ones are ever opened as a workspace. `discard` moves one to the trash,
    where it stays for a grace period. Nothing here looks inside."""

    async def prepare(self, project_id: str) -> tuple[int, Path]:
        """A new, empty, incomplete generation: its number (1, 2, ...) and directory."""
        ...

    async def commit(self, project_id: str, generation: int) -> None: ...

    async def current(self, project_id: str) -> tuple[int, Path] | None:
        """The newest complete generation."""
        ...

    async def path(self, project_id: str, generation: int) -> Path: ...

    async def list(self, project_id: str) -> tuple[Generation, ...]:
        """Every generation of the project that is not in the trash, oldest first; empty when it has none."""
        ...

    async def discard(self, project_id: str, generation: int) -> None:
        """Move it to the trash. Not there: nothing."""
        ...

    async def projects(self) -> tuple[str, ...]:
        """Projects that have a generation, complete or not."""
        ...

    async def purge(self, *, older_than_s: float, of: tuple[str, datetime] | None = None) -> int:
        """Delete trash older than this; answers how many directories went. `of`: only what went there of
        one project, and since then."""
        ...


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace in use. Value of the map; handed to a run through its context."""

    project_id: str
    instance: Instance
    guest: Guest
    acquired: Acquired
    """Which way `acquire` got it."""
    root: str = "/workspace"
    note: str = ""
    """What whoever works in it should know, as a sentence: that it is nearly full."""
