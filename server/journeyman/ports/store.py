"""Durable memory, one port per noun. A method that returned has COMMITted: persist, then send.

Unknown ids raise `not_found`; a stale revision raises `conflict`; a full disk `disk_full`; anything else
the database says `storage_failed`. Lists page with opaque cursors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from journeyman.changed import HunkDecision
from journeyman.ports.changes import ChangeStore, FolderStore
from journeyman.ports.finding import FindingStore
from journeyman.ports.pictures import PictureStore
from journeyman.ports.turns import TurnStore
from journeyman.ports.writes import Write
from journeyman.quotas import Quota
from journeyman.records import (
    ArchiveRecord,
    Chat,
    Checkpoint,
    Commands,
    Event,
    EventKind,
    Input,
    Message,
    NewCheckpoint,
    Page,
    Permission,
    PermissionState,
    Project,
    Rewind,
    Run,
    SourceKind,
    TodoItem,
    TodoList,
    Totals,
    TurnedBack,
    Usage,
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

    async def of_folder(self, user_id: str, folder: str, source: SourceKind) -> Project | None:
        """The newest project that is a copy of `folder` and not pending."""
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


class ForkStore(Protocol):
    async def fork(
        self, source_id: str, fork: Chat, *, at_seq: int | None, new_id: Callable[[], str]
    ) -> None:
        """Store the chat `fork` with copies of the source's messages and todo list: of what was there at
        that event, or of all. One transaction."""
        ...


class MessageStore(Protocol):
    def append(self, messages: Sequence[Message], *, patient: bool = False) -> Write[None]:
        """All or none, in order; handed over when this returns, stored once the future is done. `patient`: it
        may wait a few milliseconds for what else is to be stored."""
        ...

    async def history(self, chat_id: str) -> tuple[Message, ...]:
        """Everything that was not taken back, oldest first."""
        ...

    async def list(
        self, chat_id: str, *, cursor: str | None = None, limit: int = 50, rewound: bool = False
    ) -> Page[Message]:
        """Oldest first; with `rewound` those that were taken back too."""
        ...

    async def get(self, chat_id: str, message_id: str) -> Message: ...

    async def recent(self, chat_id: str, limit: int) -> tuple[int, tuple[Message, ...]]:
        """How many there are that were not taken back, and the last ones, oldest first."""
        ...


class RunStore(Protocol):
    async def add(self, run: Run) -> Run:
        """Store it. The same user has a run with that client_run_id, or the run it resumes was resumed
        before: that one comes back."""
        ...

    async def get(self, run_id: str) -> Run: ...

    async def by_client(self, user_id: str, client_run_id: str) -> Run | None: ...

    async def update(self, run: Run) -> None:
        """Everything but its prompt and its place in the queue."""
        ...

    async def list(self, chat_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Run]:
        """Newest first."""
        ...

    async def open(self, chat_id: str | None = None) -> tuple[Run, ...]:
        """Runs without a terminal status, of one chat or of every one, in the order of the queue."""
        ...

    async def usages(self, chat_id: str) -> tuple[Usage, ...]:
        """What each run of a chat used, oldest first."""
        ...

    async def edit(self, run_id: str, prompt: str, *, if_rev: int | None) -> Run:
        """Another prompt for a run that is stored as queued; else, or where `if_rev` is stale, `conflict`."""
        ...

    async def reorder(self, run_ids: Sequence[str]) -> None:
        """These open runs share out the places they have in the queue in this order."""
        ...


class InputStore(Protocol):
    """What users say to open runs. A row waits until exactly one thing is done with it."""

    async def add(self, given: Input) -> Input:
        """Store it as waiting. The same user's input with that client_run_id comes back as it is."""
        ...

    async def get(self, input_id: str) -> Input: ...

    async def by_client(self, user_id: str, client_run_id: str) -> Input | None: ...

    async def waiting(self, chat_id: str, run_id: str | None = None) -> tuple[Input, ...]:
        """Of a chat, or of one of its runs, oldest first."""
        ...

    async def stranded(self) -> tuple[Input, ...]:
        """Waiting ones whose run has ended, of every chat, oldest first."""
        ...

    async def take(self, inputs: Sequence[Input], messages: Sequence[Message]) -> None:
        """In one transaction: they wait no more, and the messages are in the conversation. `conflict`, and
        nothing is done, where one of them was changed, removed or taken meanwhile."""
        ...

    async def become(self, given: Input, run: Run) -> Run:
        """In one transaction: it waits no more, and the queued run is stored. `conflict` as `take`."""
        ...

    async def edit(self, input_id: str, text: str, *, if_rev: int | None) -> Input:
        """`conflict` where it does not wait any more, or `if_rev` is stale."""
        ...

    async def remove(self, input_id: str) -> None:
        """It shall not be said. `conflict` where it does not wait any more."""
        ...


class TodoStore(Protocol):
    async def get(self, chat_id: str) -> TodoList: ...

    async def replace(self, chat_id: str, items: Sequence[TodoItem], *, if_rev: int | None) -> TodoList:
        """The new list with the next revision. `if_rev` differs from the present one: `conflict`."""
        ...


class EventStore(Protocol):
    def append(
        self,
        chat_id: str,
        kind: EventKind,
        data: dict[str, Any],
        *,
        run_id: str | None = None,
        item_id: str | None = None,
        patient: bool = False,
    ) -> Write[Event]:
        """Give the event the chat's next sequence number and store it: handed over when this returns, stored
        once the future is done. `patient`: it may wait a few milliseconds for what else is to be stored."""
        ...

    async def bounds(self, chat_id: str) -> tuple[str, int, int]:
        """(epoch, oldest seq, newest seq); (epoch, 1, 0) for an empty log."""
        ...

    async def read(
        self, chat_id: str, *, after: int, limit: int = 1000, characters_max: int | None = None
    ) -> tuple[Event, ...]:
        """Events with seq > after, in order; of more text than `characters_max` the first only."""
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


class CheckpointStore(Protocol):
    """Checkpoints, and the rewinds that go back to them. They go with their chat."""

    async def add(self, new: NewCheckpoint) -> Checkpoint:
        """Store it with the conversation's place and the todo list as they are in this transaction."""
        ...

    async def get(self, checkpoint_id: str) -> Checkpoint: ...

    async def list(self, chat_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Checkpoint]:
        """Newest first."""
        ...

    async def changes(self, checkpoint_id: str) -> bytes: ...

    async def changes_after(self, chat_id: str, n: int) -> tuple[bytes, ...]:
        """Of the chat's checkpoints after the one numbered `n`, in order; empty ones left out."""
        ...

    async def changes_of_project(
        self, project_id: str, *, after: int, limit: int
    ) -> tuple[tuple[int, bytes], ...]:
        """(n, changes) of a project's checkpoints after `n`, and what its open rewinds need, in order."""
        ...

    async def oldest(self, project_id: str | None, *, limit: int) -> tuple[Checkpoint, ...]:
        """Of one project or of all, oldest first, those open rewinds need left out."""
        ...

    async def drop(self, checkpoint_ids: Sequence[str]) -> None:
        """Forget them. No error for one that is not there."""
        ...

    async def conversation(self, checkpoint_id: str) -> TurnedBack:
        """What going back to it would do to the conversation."""
        ...

    async def changes_of_run(self, run_id: str) -> tuple[bytes, ...]:
        """Of the run's checkpoints that are kept, in order; empty ones left out."""
        ...

    async def decide(
        self, rewind: Rewind, safety: NewCheckpoint, hunks: Sequence[HunkDecision] = ()
    ) -> Checkpoint:
        """Store the rewind as decided and not done, the checkpoint of what is there now, and the decisions
        that led to it."""
        ...

    async def conclude(self, rewind_id: str, made: NewCheckpoint) -> tuple[Checkpoint, TurnedBack]:
        """In one transaction: what it did to the files, the conversation where its scope has it, and that it
        is done. `not_found` for one that is not open."""
        ...

    async def open_rewinds(self) -> tuple[Rewind, ...]:
        """Decided and not done, oldest first."""
        ...

    async def newest_rewind(self, chat_id: str) -> Rewind | None:
        """The chat's newest rewind that was done, is no undo, and was not undone."""
        ...


class PermissionStore(Protocol):
    """Questions to the user and their answers. They go with their chat."""

    async def add(self, permission: Permission) -> None: ...

    async def get(self, permission_id: str) -> Permission: ...

    async def list(
        self,
        *,
        chat_id: str | None = None,
        run_id: str | None = None,
        state: PermissionState | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Permission]:
        """Newest first."""
        ...

    async def decide(
        self,
        permission_id: str,
        state: PermissionState,
        *,
        at: datetime,
        option_id: str | None = None,
        feedback: str = "",
        by: str | None = None,
    ) -> tuple[Permission, bool]:
        """Decide it where it is pending, and nothing else. Answers it as it is now, and whether this call
        decided it: of several, one does."""
        ...

    async def use(self, permission_id: str, effect_hash: str, *, at: datetime) -> Permission:
        """Mark it as used, in one transaction with looking: `conflict` where it was not allowed, is bound to
        another effect, or was used before."""
        ...

    async def unused_calls(self, run_id: str) -> frozenset[str]:
        """Calls of a run that were asked about and whose permission was never used: they were not begun."""
        ...


class Store(Protocol):
    """All of them, over one database."""

    @property
    def users(self) -> UserStore: ...
    @property
    def projects(self) -> ProjectStore: ...
    @property
    def chats(self) -> ChatStore: ...
    @property
    def forks(self) -> ForkStore: ...
    @property
    def finding(self) -> FindingStore: ...
    @property
    def messages(self) -> MessageStore: ...
    @property
    def pictures(self) -> PictureStore: ...
    @property
    def runs(self) -> RunStore: ...
    @property
    def inputs(self) -> InputStore: ...
    @property
    def todos(self) -> TodoStore: ...
    @property
    def events(self) -> EventStore: ...
    @property
    def archives(self) -> ArchiveStore: ...
    @property
    def workspaces(self) -> WorkspaceStore: ...
    @property
    def checkpoints(self) -> CheckpointStore: ...
    @property
    def permissions(self) -> PermissionStore: ...
    @property
    def changes(self) -> ChangeStore: ...
    @property
    def folders(self) -> FolderStore: ...
    @property
    def turns(self) -> TurnStore: ...

    async def totals(self) -> Totals:
        """What is stored, counted."""
        ...

    async def check(self) -> dict[str, str]:
        """Facts for `doctor`: path, schema version, SQLite version, integrity."""
        ...

    async def close(self) -> None: ...
