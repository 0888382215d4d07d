"""Runs and the one stream of events."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from journeyman_protocol.base import Id, Message, Page, Paged, ProgressToken, Timestamp
from journeyman_protocol.chat import ModelName, Usage
from journeyman_protocol.content import Image, Prompt
from journeyman_protocol.editor import RunContext
from journeyman_protocol.errors import ErrorKind
from journeyman_protocol.project import Commands
from journeyman_protocol.rows import Method, OrderedBy, request

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
    "queue/changed",
    "changes/decided",
    "document/conflict",
    "notice",
]

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
"""Why a run ended, where nothing went wrong with the daemon, the workspace or the model.

`fin`: the agent said so and its gate agreed. `answered`: a question got its answer. `planned`, `no_plan`: of
`mode: "plan"`. `nothing_done`, `gate`, `verification_failed`, `verification_unchanged`: it wanted to end, and
what it left open is in the summary. `stuck`, `no_tool_calls`: it went in circles. `limit_...`: a ceiling.
`hook_refused`: a hook of the user's did not let it begin.
`cancelled` by a client, `superseded` by a run with `delivery: "interrupt"`. `interrupted` by a crash of the
daemon, `shutdown` by its end: both can be carried on with `agent/resume`."""

StopReason = Literal[EndReason, ErrorKind]
"""Otherwise the kind of the error, which the summary tells."""


class Budget(Message):
    """Ceilings for one run, on top of the daemon's own."""

    steps: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)
    usd: float | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0)


class AgentRunParams(Message):
    prompt: Prompt
    """A text, or blocks. Images only for a model that takes them: `images` in `model/list`."""
    chat_id: Id | None = None
    """Absent: a new chat, in `projectId` or in a new project."""
    project_id: Id | None = None
    user_id: Id | None = None
    """Whose run it is. A daemon works for one user, `local`; another one is refused."""
    client_run_id: Id | None = None
    """Idempotency key of the client: the same one twice is the same run."""
    wait: Literal["completed", "accepted"] = "completed"
    """`completed` answers at the end; `accepted` answers at once, and the run reports by events."""
    delivery: Literal["queue", "steer", "interrupt"] = "queue"
    """Where a run is going on in the chat. `queue`: after it and what waits already. `steer`: no run of its
    own; the running one takes the prompt before its next step, leaves out the tool calls it had not begun,
    and is the answer. `interrupt`: that run is cancelled, its work stays, and this one is next."""
    mode: Literal["plan+execute", "execute", "plan"] = "plan+execute"
    model: ModelName | None = None
    effort: Literal["low", "medium", "high"] | None = None
    budget: Budget | None = None
    context: RunContext | None = None
    """What the user sees in the editor: shown to the model as data. With `delivery: "steer"` it goes along
    with the prompt."""
    work_done_token: ProgressToken | None = None
    partial_result_token: ProgressToken | None = None
    """With it the run's events also come as `$/progress` on this token."""
    meta: dict[str, Any] | None = Field(default=None, alias="_meta")
    """`RequestMeta`, and whatever else a client notes; every request may carry it."""


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
    stop_reason: StopReason | None = None
    """Such as `fin`, `answered`, `limit_usd`, `cancelled`, `interrupted`; the kind of the error of a failed
    run."""
    summary: str = ""
    usage: Usage
    changes: Changes
    commands: Commands
    steps: int = 0
    last_seq: int
    """Newest sequence number of the chat's events when this was written."""
    item_id: Id | None = None
    """With `delivery: "steer"`: what `agent/queue/update` and `remove` call the text until it is taken."""
    resumes: Id | None = None
    """The interrupted run that this one carries on."""


class RunRecord(Run):
    """A run as it is remembered."""

    prompt: str
    mode: Literal["plan+execute", "execute", "plan"]
    model: str | None = None
    images: list[Image] | None = None
    client_run_id: str | None = None
    created_at: Timestamp
    started_at: Timestamp | None = None
    finished_at: Timestamp | None = None


class RunRef(Message):
    run_id: Id


class SteerParams(Message):
    run_id: Id
    prompt: Prompt
    context: RunContext | None = None
    client_run_id: Id | None = None
    """The same one twice is the same text, said once."""


class Steered(Message):
    run_id: Id
    """The run that gets the text: the one named, or, where that ended at this moment, one made for it."""
    item_id: Id
    """What `agent/queue/update` and `remove` call the text until it is taken."""


class RunsParams(Paged):
    chat_id: Id


class RunPage(Page[RunRecord]):
    """Runs, newest first."""


ROWS: tuple[Method, ...] = (
    request(
        "agent/run",
        AgentRunParams,
        Run,
        "Run the agent. Without chat and project, both are made. A run in a busy project waits its turn.",
        OrderedBy.CHAT,
    ),
    request("agent/cancel", RunRef, Run, "Cancel a run; answers once its processes are dead."),
    request("agent/steer", SteerParams, Steered, "Say something to an open run, before its next step."),
    request("agent/runs", RunsParams, RunPage, "A chat's runs, newest first."),
    request(
        "agent/resume",
        RunRef,
        Run,
        "Carry on a run that a crash or a shutdown ended, in a run of its own; asked again, the same one.",
    ),
)
