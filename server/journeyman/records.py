"""What the daemon remembers: plain frozen values, shared by every room.

These are *not* wire types (`journeyman_protocol` has those; only `rpc/` maps between the two) and not
database rows (`adapters/sqlite` maps those). Times are aware UTC datetimes; ids are strings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from journeyman.changed import PathChange
from journeyman.editing import NOTHING, EditorContext
from journeyman.pictures import Picture
from journeyman.quotas import Quota
from journeyman.spending import Counted as Counted
from journeyman.spending import Usage as Usage
from journeyman.thoughts import Thoughts

T = TypeVar("T")

LOCAL_USER_ID = "local"

SourceKind = Literal["empty", "folder", "git", "archive"]
RunStatus = Literal["queued", "running", "completed", "partial", "blocked", "cancelled", "failed"]
TERMINAL_RUN_STATUSES: frozenset[str] = frozenset({"completed", "partial", "blocked", "cancelled", "failed"})
RunMode = Literal["plan+execute", "execute", "plan"]
EndReason = Literal[
    "fin",
    "answered",
    "planned",
    "no_plan",
    "nothing_done",
    "gate",
    "verification_failed",
    "verification_unchanged",
    "stuck",
    "no_tool_calls",
    "hook_refused",
    "limit_steps",
    "limit_tokens",
    "limit_usd",
    "limit_seconds",
    "cancelled",
    "superseded",
    "interrupted",
    "shutdown",
]
"""Why a run ended; where something went wrong, the kind of the failure stands in its place."""
TodoStatus = Literal["pending", "in_progress", "done", "dropped"]
Assignee = Literal["planner", "executor", "user"]
Role = Literal["user", "assistant", "tool"]
WorkspaceState = Literal[
    "cold", "creating", "restoring", "live", "idle", "frozen", "archiving", "warm", "archived", "failed"
]
EventKind = Literal[
    "run/started",
    "run/phase",
    "run/finished",
    "message/delta",
    "message/completed",
    "tool/started",
    "tool/output",
    "tool/finished",
    "todo/changed",
    "usage/updated",
    "workspace/changed",
    "checkpoint/made",
    "checkpoint/restored",
    "permission/requested",
    "permission/resolved",
    "queue/changed",
    "changes/decided",
    "document/conflict",
    "notice",
]
CheckpointKind = Literal["start", "step", "safety", "rewind"]
"""`start`: before a run changed anything; `step`: after one of its steps; `safety`: before a rewind;
`rewind`: what a rewind did."""
RewindScope = Literal["files", "conversation", "both"]
PermissionState = Literal["pending", "allowed", "denied", "expired", "withdrawn"]
"""`expired`: nobody answered in time; `withdrawn`: its run ended first, or was told something else. Both mean
no."""
OptionKind = Literal["allow_once", "allow_run", "deny", "answer"]


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Commands:
    """How the project is built, run and tested, as shell commands; None where unknown."""

    build: str | None = None
    run: str | None = None
    test: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    id: str
    user_id: str
    name: str
    source: SourceKind
    image: str | None
    commands: Commands
    created_at: datetime
    updated_at: datetime
    forward_ports: tuple[int, ...] = ()
    """Ports its own description (`devcontainer.json`) wants forwarded."""
    pending: bool = False
    """Its files are still on their way; should that fail, it goes. Lists leave it out."""
    quota: Quota = field(default_factory=Quota)
    """What its user said it may hold."""
    folder: str | None = None
    """The folder it is a copy of, as its owner's editor names it."""
    left_out: tuple[str, ...] | None = None
    """Names that were not copied of that folder; None: not known."""


@dataclass(frozen=True, slots=True)
class Chat:
    id: str
    project_id: str
    title: str
    model: str | None
    cwd: str
    """The run's working directory inside the workspace; kept between runs."""
    epoch: str
    """Names this incarnation of the chat's event log; changes when the log is rebuilt."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call as the model made it. `arguments` is the decoded JSON object."""

    id: str
    name: str
    arguments: dict[str, Any]
    invalid: str | None = None
    """Why the arguments could not be decoded (then `arguments` is empty); None for a good call."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Message:
    """One entry of a chat's linear history, for the model and for people.

    role `assistant`: `text` and `tool_calls`. role `tool`: `text` is the observation for `tool_call_id`.
    """

    id: str
    chat_id: str
    run_id: str | None
    role: Role
    text: str
    created_at: datetime
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    tool_name: str | None = None
    ok: bool | None = None
    """For role `tool`: whether the tool did what was asked. None elsewhere."""
    rewound: bool = False
    """Taken back by a rewind: kept, and neither shown by default nor told to the model."""
    context: str = ""
    """What the daemon adds for the model (its surroundings, at the start of a run); not shown to people."""
    pictures: tuple[Picture, ...] = ()
    thoughts: Thoughts | None = None
    """Of an answer: what its provider wants back with it. Shown to nobody."""

    @property
    def for_model(self) -> str:
        return f"{self.text}\n\n{self.context}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class Changes:
    """What a run did to the files of the workspace."""

    files: tuple[str, ...] = ()
    added: int = 0
    """Lines added."""
    removed: int = 0
    """Lines removed."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Ceilings for one run; None means the daemon's own limit."""

    steps: int | None = None
    tokens: int | None = None
    usd: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    id: str
    chat_id: str
    project_id: str
    client_run_id: str | None
    prompt: str
    mode: RunMode
    model: str | None
    status: RunStatus
    created_at: datetime
    effort: str | None = None
    budget: Budget = field(default_factory=Budget)
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stop_reason: str | None = None
    summary: str = ""
    usage: Usage = field(default_factory=Usage)
    changes: Changes = field(default_factory=Changes)
    commands: Commands = field(default_factory=Commands)
    steps: int = 0
    rev: int = 0
    """Counts the changes of its prompt while it waited."""
    resumes: str | None = None
    """The interrupted run that this one carries on."""
    context: EditorContext = NOTHING
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """Something a user said to a run while it was open. It is taken into the conversation, or becomes a run
    of its own, or is removed by a user: never lost."""

    id: str
    chat_id: str
    run_id: str
    """The run it is for; once it became one, that."""
    text: str
    created_at: datetime
    client_run_id: str | None = None
    rev: int = 0
    """Counts the changes of its text."""
    context: EditorContext = NOTHING
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class TodoItem:
    id: str
    content: str
    status: TodoStatus = "pending"
    check: str | None = None
    """A shell command whose exit 0 is the evidence that this item is done."""
    depends_on: tuple[str, ...] = ()
    assignee: Assignee = "executor"
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class TodoList:
    chat_id: str
    rev: int
    """Counts every change; 0 is the empty list nobody has written yet."""
    items: tuple[TodoItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a chat. Durable events have their own `seq` (1, 2, 3, ...) and are in
    the database before anybody sees them. The others (deltas) carry the `seq` of the durable event
    before them, are never replayed, and fold into a durable one."""

    chat_id: str
    epoch: str
    seq: int
    ts: datetime
    kind: EventKind
    data: dict[str, Any]
    run_id: str | None = None
    item_id: str | None = None
    durable: bool = True


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """A verified archive whose pointer has moved. `digest` is the root hash of the tree, hex."""

    id: str
    project_id: str
    seq: int
    manifest_key: str
    digest: str
    files: int
    bytes: int
    """Bytes of file content in the workspace."""
    new_bytes: int
    """Bytes this archive had to add to the store."""
    epoch: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewCheckpoint:
    """A checkpoint to be stored. `changes` is what it did to the files, as `checkpoint.state` writes it."""

    id: str
    project_id: str
    chat_id: str
    run_id: str | None
    kind: CheckpointKind
    title: str
    created_at: datetime
    files: int = 0
    """How many entries it changed."""
    changes: bytes = b""
    message_id: str | None = None
    """The message whose calls made it; None: the newest, or, of a `start`, the one before the run's first."""
    paths: tuple[PathChange, ...] = ()
    """Those of its changes people decide on."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state of a chat's files and conversation that can be gone back to."""

    n: int
    """Order in which checkpoints were made."""
    id: str
    project_id: str
    chat_id: str
    run_id: str | None
    kind: CheckpointKind
    title: str
    created_at: datetime
    files: int
    changes_bytes: int
    seq: int
    """The newest event of the chat when it was made."""


@dataclass(frozen=True, slots=True)
class Rewind:
    """A rewind that was decided. `plan` is what it does to the files, as `checkpoint.state` writes it."""

    id: str
    project_id: str
    chat_id: str
    checkpoint_id: str
    """What it goes back to."""
    safety_id: str
    """What undoing it goes back to."""
    scope: RewindScope
    created_at: datetime
    undoes: str | None = None
    """The rewind it takes back."""
    plan: bytes = b""


@dataclass(frozen=True, slots=True)
class TurnedBack:
    """What became of the conversation."""

    hidden: int = 0
    """Messages that are not shown any more."""
    shown: int = 0
    """Messages that are shown again."""
    todos: TodoList | None = None
    """The todo list where it changed."""


@dataclass(frozen=True, slots=True)
class PermissionOption:
    id: str
    title: str
    kind: OptionKind


@dataclass(frozen=True, slots=True)
class Permission:
    """A question to the user about one effect of a run, its one answer, and whether that was used."""

    id: str
    chat_id: str
    run_id: str
    call_id: str
    subject: dict[str, Any]
    """What would be done, for people and programs: as `permission.telling` writes it, secrets taken out."""
    effect_hash: str
    """What it is bound to (`permission.effect`)."""
    options: tuple[PermissionOption, ...]
    created_at: datetime
    expires_at: datetime
    state: PermissionState = "pending"
    option_id: str | None = None
    feedback: str = ""
    decided_by: str | None = None
    """The client that answered, as it calls itself; None where nobody did."""
    decided_at: datetime | None = None
    used_at: datetime | None = None
    """When the effect was begun: a permission is good once."""


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    """What the database knows of a project's workspace; with the engine's own list it is the truth."""

    project_id: str
    state: WorkspaceState
    epoch: int
    """Fencing number: grows each time a lease on the project is taken."""
    generation: int
    """Which private directory holds the live files; 0 when there is none."""
    instance_id: str | None
    lease: str | None
    """Who holds the project now: run, archive, restore or close; None when nobody does."""
    journal: str | None
    """The last step of the archive protocol that is known to be done; None outside an archive."""
    archive_id: str | None
    last_used_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, newest first unless said otherwise; `next_cursor` is None on the last page."""

    items: tuple[T, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything in the database, counted."""

    projects: int
    chats: int
    runs: Mapping[str, int]
    """By status."""
    steps: int
    input_tokens: int
    """Of runs whose provider told."""
    output_tokens: int
    cost_usd: float
    """Of runs whose price is known."""
