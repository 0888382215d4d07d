"""Permissions: what a run does not do unasked, the question as durable state, and its one answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from journeyman_protocol.base import Id, Message, Open, Page, Paged, Timestamp
from journeyman_protocol.rows import Method, asked, outgoing, request

OptionId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Feedback = Annotated[str, StringConstraints(max_length=4000)]
PermissionState = Literal["pending", "allowed", "denied", "expired", "withdrawn"]


class PermissionSubject(Message):
    """What would be done, exactly. Secrets are taken out, long texts cut; what is allowed is the whole."""

    type: Literal["git", "command", "edit", "mcp", "question"]
    """`question`: the agent asks the user something; the options are answers, and feedback is one too."""
    title: str
    """One short line."""
    why: str
    """Why it is asked, as half a sentence."""
    rules: list[str]
    """What an allowance for this run covers."""
    cwd: str
    argv: list[str] | None = None
    """Of `git`: its words. Of `mcp`: server, tool, and where that runs (`outside`, `workspace`)."""
    command: str | None = None
    """Of `command`: the line for the shell."""
    paths: list[str] | None = None
    """Of `edit`: the files, from the workspace's root."""
    detail: str | None = None
    """Of `edit`: what would be written. Of `mcp`: the arguments."""


class PermissionOption(Message):
    id: OptionId
    title: str
    kind: Literal["allow_once", "allow_run", "deny", "answer"]
    """`allow_run`: this, and what the same rules ask about, for the rest of the run."""


class Permission(Message):
    id: Id
    chat_id: Id
    run_id: Id
    call_id: str
    """The tool call that waits for it."""
    subject: PermissionSubject
    options: list[PermissionOption]
    state: PermissionState
    """`expired`: nobody answered in time; `withdrawn`: the run ended first, or its user said something else.
    Both mean no."""
    option_id: OptionId | None = None
    """The answer."""
    feedback: str | None = None
    decided_by: str | None = None
    """Who answered, as that client calls itself."""
    created_at: Timestamp
    expires_at: Timestamp
    """When the answer becomes no."""
    decided_at: Timestamp | None = None
    used_at: Timestamp | None = None
    """When it was made use of: it is good once, for this very effect."""


class PermissionListParams(Paged):
    chat_id: Id | None = None
    state: PermissionState | Literal["all"] = "pending"


class PermissionPage(Page[Permission]):
    """Permissions, newest first."""


class PermissionReplyParams(Message):
    permission_id: Id
    option_id: OptionId
    feedback: Feedback | None = None
    """For the agent: what to do instead, say."""


class PermissionAnswer(Open):
    """A client's answer. Without `optionId` it is none: the question stays."""

    option_id: OptionId | None = None
    feedback: Feedback | None = None


ROWS: tuple[Method, ...] = (
    request(
        "permission/list",
        PermissionListParams,
        PermissionPage,
        "Questions to the user, newest first; by default those that wait for an answer.",
    ),
    request(
        "permission/reply",
        PermissionReplyParams,
        Permission,
        "Answer a question. The first answer counts; another one later is refused and told who decided.",
    ),
    asked(
        "permission/request",
        Permission,
        PermissionAnswer,
        "May this be done? Sent to clients that say they answer it; `$/cancelRequest` takes it back.",
    ),
    outgoing("permission/didResolve", Permission, "A question was answered, expired or was withdrawn."),
)
