"""Durable memory, one port per noun. A method that returned has COMMITted: persist, then send.

Unknown ids raise `not_found`; a stale revision raises `conflict`; a full disk `disk_full`; anything else
the database says `storage_failed`. Lists page with opaque cursors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from journeyman.quotas import Quota
from journeyman.records import (
    ArchiveRecord,
    Chat,
    Commands,
    Event,
    EventKind,
    Message,
    Page,
    Project,
    Run,
    TodoItem,
    TodoList,
    User,
    WorkspaceRow,
)


class UserStore(Protocol):
    async def ensure(self, user: User) -> User:
        """The user with that id, made when missing."""
        ...


class ProjectStore(Protocol):
    async def add(self, project: Project) -> None: ...

    async def get(self, project_id: str) -> Project: ...

    async def list(self, user_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Project]:
        """Newest first, pending ones left out."""
        ...

    async def pending(self) -> tuple[Project, ...]:
        """Projects whose files are still on their way, or whose daemon ended meanwhile; oldest first."""
        ...

    async def settle(
        self, project_id: str, *, image: str | None, forward_ports: tuple[int, ...], pending: bool
    ) -> Project:
        """What became known of a project while its files came."""
        ...

    async def update(
        self,
        project_id: str,
        *,
        name: str | None = None,
        commands: Commands | None = None,
        quota: Quota | None = None,
    ) -> Project: ...

    async def delete(self, project_id: str) -> None:
        """The project with its chats, messages, runs, todos and events. Archive records stay until
        their objects are gone."""
        ...


class ChatStore(Protocol):
    async def add(self, chat: Chat) -> None: ...

    async def get(self, chat_id: str) -> Chat: ...

    async def list(
        self, user_id: str, *, project_id: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[Chat]: ...

    async def update(
        self, chat_id: str, *, title: str | None = None, model: str | None = None, cwd: str | None = None
    ) -> Chat: ...

    async def delete(self, chat_id: str) -> None: ...


class MessageStore(Protocol):
    async def append(self, messages: Sequence[Message]) -> None:
        """All or none, in order."""
        ...

    async def history(self, chat_id: str) -> tuple[Message, ...]:
        """Everything, oldest first."""
        ...

    async def list(self, chat_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Message]:
        """Oldest first."""
        ...


class RunStore(Protocol):
    async def add(self, run: Run) -> Run:
        """Store it. The same user has a run with that client_run_id already: that one comes back."""
        ...

    async def get(self, run_id: str) -> Run: ...

    async def update(self, run: Run) -> None: ...

    async def list(self, chat_id: str) -> tuple[Run, ...]:
        """Oldest first."""
        ...

    async def open(self) -> tuple[Run, ...]:
        """Runs without a terminal status, of every chat, oldest first: what a crash left behind."""
        ...


class TodoStore(Protocol):
    async def get(self, chat_id: str) -> TodoList: ...

    async def replace(self, chat_id: str, items: Sequence[TodoItem], *, if_rev: int | None) -> TodoList:
        """The new list with the next revision. `if_rev` differs from the present one: `conflict`."""
        ...


class EventStore(Protocol):
    async def append(
        self,
        chat_id: str,
        kind: EventKind,
        data: dict[str, Any],
        *,
        run_id: str | None = None,
        item_id: str | None = None,
    ) -> Event:
        """Give the event the chat's next sequence number and store it."""
        ...

    async def bounds(self, chat_id: str) -> tuple[str, int, int]:
        """(epoch, oldest seq, newest seq); (epoch, 1, 0) for an empty log."""
        ...

    async def read(self, chat_id: str, *, after: int, limit: int = 1000) -> tuple[Event, ...]:
        """Events with seq > after, in order."""
        ...


class ArchiveStore(Protocol):
    async def add(self, record: ArchiveRecord) -> None: ...

    async def get(self, archive_id: str) -> ArchiveRecord: ...

    async def delete(self, archive_id: str) -> None:
        """No error when it is not there."""
        ...

    async def newest(self, project_id: str) -> ArchiveRecord | None: ...

    async def list(self, project_id: str) -> tuple[ArchiveRecord, ...]:
        """Newest first."""
        ...


class WorkspaceStore(Protocol):
    async def get(self, project_id: str) -> WorkspaceRow | None: ...

    async def put(self, row: WorkspaceRow, *, epoch: int | None = None) -> None:
        """Insert or replace. With `epoch`, only while the stored row has that epoch: else `conflict`."""
        ...

    async def lease(self, project_id: str, holder: str) -> WorkspaceRow:
        """Take the project for `holder` (run, archive, restore, close): epoch + 1 in one transaction,
        making the row when missing. Held already, even by one of the same name: `busy`."""
        ...

    async def unlease(self, project_id: str, epoch: int) -> None:
        """Give it back; nothing when the epoch has moved on."""
        ...

    async def break_leases(self) -> tuple[WorkspaceRow, ...]:
        """Take back every lease, epoch + 1: only for the owner of the data directory, once at its start,
        when whoever held them is dead. Answers the rows as they were."""
        ...

    async def list(self) -> tuple[WorkspaceRow, ...]: ...

    async def delete(self, project_id: str) -> None: ...


class Store(Protocol):
    """All of them, over one database."""

    @property
    def users(self) -> UserStore: ...
    @property
    def projects(self) -> ProjectStore: ...
    @property
    def chats(self) -> ChatStore: ...
    @property
    def messages(self) -> MessageStore: ...
    @property
    def runs(self) -> RunStore: ...
    @property
    def todos(self) -> TodoStore: ...
    @property
    def events(self) -> EventStore: ...
    @property
    def archives(self) -> ArchiveStore: ...
    @property
    def workspaces(self) -> WorkspaceStore: ...

    async def check(self) -> dict[str, str]:
        """Facts for `doctor`: path, schema version, SQLite version, integrity."""
        ...

    async def close(self) -> None: ...
