"""Runs and the one stream of events."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from journeyman_protocol.base import Empty, Id, Message, ProgressToken, Timestamp
from journeyman_protocol.chat import ModelName
from journeyman_protocol.permission import Permission
from journeyman_protocol.project import Commands
from journeyman_protocol.rows import Method, OrderedBy, outgoing, request

RunStatus = Literal["queued", "running", "completed", "partial", "blocked", "cancelled", "failed"]

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
    "notice",
]


class TextBlock(Message):
    type: Literal["text"] = "text"
    text: Annotated[str, StringConstraints(max_length=200_000)]


Prompt = (
    Annotated[str, StringConstraints(min_length=1, max_length=200_000)]
    | Annotated[list[TextBlock], Field(min_length=1, max_length=100)]
)


class Budget(Message):
    """Ceilings for one run, on top of the daemon's own."""

    steps: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)
    usd: float | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0)


class AgentRunParams(Message):
    prompt: Prompt
    chat_id: Id | None = None
    """Absent: a new chat, in `projectId` or in a new project."""
    project_id: Id | None = None
    client_run_id: Id | None = None
    """Idempotency key of the client: the same one twice is the same run."""
    wait: Literal["completed", "accepted"] = "completed"
    """`completed` answers at the end; `accepted` answers at once, and the run reports by events."""
    mode: Literal["plan+execute", "execute", "plan"] = "plan+execute"
    model: ModelName | None = None
    effort: Literal["low", "medium", "high"] | None = None
    budget: Budget | None = None
    work_done_token: ProgressToken | None = None
    partial_result_token: ProgressToken | None = None
    """With it the run's events also come as `$/progress` on this token."""
    meta: dict[str, Any] | None = Field(default=None, alias="_meta")


class Usage(Message):
    """Added up over the run. Absent is unknown: nothing here is guessed."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost_usd: float | None = None
    model_calls: int = 0


class Changes(Message):
    files: list[str] = []
    added: int = 0
    """Lines added."""
    removed: int = 0
    """Lines removed."""


class Run(Message):
    run_id: Id
    chat_id: Id
    project_id: Id
    status: RunStatus
    stop_reason: str | None = None
    summary: str = ""
    usage: Usage
    changes: Changes
    commands: Commands
    steps: int = 0
    last_seq: int
    """Newest sequence number of the chat's events when this was written."""


class RunRef(Message):
    run_id: Id


class Cursor(Message):
    """A place in a chat's event log. `epoch` names the incarnation of the log."""

    epoch: str
    seq: int = Field(ge=0)


class SubscribeParams(Message):
    chat_id: Id
    after: Cursor | Literal["start", "tail"] = "tail"
    """Events after this place are sent: first what is stored, then what happens, without a hole."""


class Gap(Message):
    """Events that cannot be had any more. Never silent: read `snapshot` and go on from `head`."""

    from_seq: int
    to_seq: int
    reason: Literal["epoch_changed", "trimmed", "ahead_of_log"]


class Snapshot(Message):
    """The chat's state at `head`, for a client whose cursor lies outside the log."""

    todo_rev: int
    messages: int
    runs: list[Run]


class SubscribeResult(Message):
    epoch: str
    head: int
    """Newest sequence number at the time of the answer."""
    oldest: int
    gap: Gap | None = None
    snapshot: Snapshot | None = None
    runs: list[Run]
    """Runs that are queued or running now."""
    permissions: list[Permission] = []
    """Questions of this chat that wait for an answer, oldest first."""


class ChatRefParams(Message):
    chat_id: Id


class Event(Message):
    """Something that happened in a chat. Durable events are numbered 1, 2, 3, ... and were stored before
    they were sent. The others carry the number of the durable event before them and are never replayed."""

    chat_id: Id
    epoch: str
    seq: int
    ts: Timestamp
    run_id: Id | None = None
    item_id: str | None = None
    kind: EventKind
    data: dict[str, Any]
    durable: bool


ROWS: tuple[Method, ...] = (
    request(
        "agent/run",
        AgentRunParams,
        Run,
        "Run the agent. Without chat and project, both are made. A run in a busy project waits its turn.",
        OrderedBy.CHAT,
    ),
    request("agent/cancel", RunRef, Run, "Cancel a run; answers once its processes are dead."),
    request(
        "agent/subscribe",
        SubscribeParams,
        SubscribeResult,
        "Follow a chat's events from a place in its log, missing nothing.",
    ),
    request("agent/unsubscribe", ChatRefParams, Empty, "Stop following a chat."),
    outgoing("agent/event", Event, "The one stream: what happens in a chat that is subscribed to."),
)
