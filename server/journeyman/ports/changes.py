"""Durable memory of changed paths, of what was decided of them, and of folders; a part of `ports.store`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from journeyman.changed import ChangedPath, FolderFile, HunkDecision, NewBase


class ChangeStore(Protocol):
    """What the agents of chats changed, path by path, and what people decided of it. It goes with the chat.
    Paths come to it with checkpoints."""

    async def paths(self, chat_id: str) -> tuple[ChangedPath, ...]:
        """In the order of their bytes."""
        ...

    async def of_project(
        self, project_id: str, *, after: tuple[str, bytes] | None, limit: int
    ) -> tuple[tuple[str, ChangedPath], ...]:
        """(chat, path) of a project, in order, after the one named."""
        ...

    async def at(self, project_id: str, path: bytes) -> tuple[tuple[str, ChangedPath], ...]:
        """One path, by the chats of a project that changed it."""
        ...

    async def decide(self, chat_id: str, bases: Sequence[NewBase], hunks: Sequence[HunkDecision]) -> None:
        """In one transaction. `conflict`, and nothing is done, where a base is not the expected one."""
        ...

    async def withdraw(self, chat_id: str, hunk_ids: Sequence[str]) -> None:
        """Decisions that could not be carried out; what the model was to be told of them as well."""
        ...

    async def decisions(self, chat_id: str, hunk_ids: Sequence[str]) -> tuple[HunkDecision, ...]: ...

    async def waiting(self, chat_id: str) -> tuple[HunkDecision, ...]:
        """Those that are not done yet, or of which the model was not told yet, oldest first."""
        ...

    async def told(self, chat_id: str, hunk_ids: Sequence[str]) -> None: ...

    async def carried(self, chat_id: str, paths: Sequence[tuple[bytes, str | None]]) -> None:
        """The user's folder has these states now."""
        ...

    async def drop_decided(self, project_id: str) -> int:
        """Forget paths everything of which is decided, carried to a folder or not; answers how many."""
        ...


class FolderStore(Protocol):
    """What was copied of the folders of this machine that projects were made of. It goes with the project."""

    async def remember(self, project_id: str, files: Sequence[FolderFile]) -> None: ...

    async def files(self, project_id: str, paths: Sequence[str]) -> dict[str, FolderFile]: ...

    async def every(self, project_id: str) -> dict[str, FolderFile]:
        """All of them, by path."""
        ...

    async def note(self, project_id: str, written: Sequence[FolderFile], removed: Sequence[str]) -> None:
        """The folder's files as they are now."""
        ...
