"""The archive engine as the manager sees it: shapes only, so that neither needs the other to be tested.

`archive` is steps 3 to 7 of the commit protocol (upload, verify, manifest, pointer). Recording the
archive in the database and everything that is removed afterwards is the manager's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from journeyman.ports.guest import Guest
from journeyman.workspace.archive.keeping import Thinned
from journeyman.workspace.archive.outcomes import ArchiveProgress, VerifyReport
from journeyman.workspace.archive.retention import Policy

Journal = Callable[[str], Awaitable[None]]
"""Persists the step that is now done; the engine awaits it before it goes on."""
Progress = Callable[[ArchiveProgress], None]
POINTER_MOVED = "pointer_moved"
"""The engine's step from which an archive cannot be abandoned any more."""


class ArchiveMade(Protocol):
    """An archive whose pointer has moved."""

    @property
    def archive_id(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def manifest_key(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def files(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def new_bytes(self) -> int: ...
    @property
    def skipped(self) -> tuple[str, ...]: ...


class ArchiveRestored(Protocol):
    """A restore that was verified against the archive's root hash."""

    @property
    def archive_id(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def files(self) -> int: ...
    @property
    def bytes(self) -> int: ...


class ArchiveKnown(Protocol):
    """What the store says of an archive."""

    @property
    def archive_id(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def bytes(self) -> int: ...


class Keeper(Protocol):
    """What of a project's archives stays in the store. Its lease must be held by whoever calls."""

    async def names(self, project_id: str) -> dict[str, str]: ...

    async def name(self, project_id: str, archive_id: str, name: str | None) -> None: ...

    async def drop(self, project_id: str, archive_id: str) -> None: ...

    async def thin(
        self,
        project_id: str,
        policy: Policy,
        *,
        now: datetime,
        dry_run: bool = False,
        bytes_max: int = 0,
    ) -> Thinned: ...


class Archiver(Protocol):
    async def archive(
        self,
        project_id: str,
        guest: Guest,
        *,
        epoch: int,
        journal: Journal,
        on_progress: Progress | None = None,
        generation: int = 0,
        live: bool = False,
    ) -> ArchiveMade:
        """Copy the workspace out, verified. Cancellable until the pointer moves. `generation` names its
        files, so that what is remembered of them is not read again; `live`: processes may be running."""
        ...

    async def restore(
        self,
        project_id: str,
        guest: Guest,
        *,
        archive_id: str | None = None,
        on_progress: Progress | None = None,
        generation: int = 0,
    ) -> ArchiveRestored:
        """Fill the guest's empty /workspace from an archive (None: the newest), verified."""
        ...

    async def fork(
        self, source_id: str, archive_id: str | None, *, project_id: str, epoch: int
    ) -> ArchiveMade:
        """Make an archive of another project (None: its newest) the first one of a new project."""
        ...

    async def newest(self, project_id: str) -> ArchiveKnown | None:
        """What the pointer names; None where no archive was ever made."""
        ...

    async def verify(
        self, project_id: str, archive_id: str | None = None, *, read_data: bool = False
    ) -> VerifyReport:
        """Look at the manifest and every pack it needs, and with `read_data` at every byte."""
        ...

    @property
    def keeping(self) -> Keeper: ...

    async def forget(self, project_id: str) -> None:
        """Delete every object of the project."""
        ...
