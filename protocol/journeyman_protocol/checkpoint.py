"""Checkpoints: what each step of a chat did to the files, and going back to before it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from journeyman_protocol.base import Id, Message, Page, Paged, Timestamp
from journeyman_protocol.rows import Method, OrderedBy, request

Scope = Literal["files", "conversation", "both"]
OnConflict = Literal["keep", "overwrite"]


class Checkpoint(Message):
    """A state of a chat that can be gone back to. The oldest go when there is no room for them."""

    id: Id
    chat_id: Id
    run_id: Id | None = None
    kind: Literal["start", "step", "safety", "rewind"]
    """`start`: before a run; `step`: after one of its steps; `safety` and `rewind`: around a rewind."""
    title: str
    files: int
    """How many files, links and directories it changed."""
    seq: int
    """The newest event of the chat when it was made."""
    created_at: Timestamp


class CheckpointListParams(Paged):
    chat_id: Id


class CheckpointPage(Page[Checkpoint]):
    """Checkpoints, newest first."""


class CheckpointDiffParams(Paged):
    chat_id: Id
    checkpoint_id: Id
    against: Literal["before", "now"] = "before"
    """`before`: what this checkpoint changed; `now`: what the chat's agent changed since it."""
    context: Annotated[int, Field(ge=0, le=100)] = 3
    """Lines around each change."""


class CheckpointFile(Message):
    path: str
    change: Literal["added", "removed", "changed"]
    kind: Literal["file", "directory", "symlink"]
    """What it is, or was where it was removed."""
    binary: bool = False
    diff: str | None = None
    """Unified; absent where there is none to show: no text, only another mode, or not kept."""
    truncated: bool = False
    kept: bool = True
    """False: too large for its content to be kept; a rewind names it and leaves it."""


class CheckpointDiffPage(Page[CheckpointFile]):
    """Files by path."""


class RewindParams(Message):
    chat_id: Id
    checkpoint_id: Id
    scope: Scope = "both"
    on_conflict: OnConflict = "keep"
    """What becomes of files somebody else changed since the agent did. `keep`: they stay."""


class UndoParams(Message):
    chat_id: Id
    on_conflict: OnConflict = "keep"


class RewoundFile(Message):
    path: str
    action: Literal["written", "removed"]


class KeptFile(Message):
    """A path the agent changed that stays as it is."""

    path: str
    why: Literal["changed", "too_large", "not_empty", "blocked", "failed"]
    """`changed`: somebody else did; `too_large`: its content is not kept, now or then; `not_empty`: a
    directory with something else in it; `blocked`: its directory is none; `failed`: the system refused."""
    message: str | None = None


class RewindResult(Message):
    """What a rewind did, or would do."""

    checkpoint_id: Id
    scope: Scope
    rewind_id: Id | None = None
    """Absent in a preview."""
    files: list[RewoundFile]
    """At most 1,000; `filesTotal` counts them."""
    files_total: int
    kept: list[KeptFile]
    """At most 1,000; `keptTotal` counts them."""
    kept_total: int
    messages_hidden: int
    messages_shown: int
    """By going forward again."""
    todos_changed: bool


ROWS: tuple[Method, ...] = (
    request(
        "checkpoint/list",
        CheckpointListParams,
        CheckpointPage,
        "States of a chat that can be gone back to, newest first.",
    ),
    request(
        "checkpoint/diff",
        CheckpointDiffParams,
        CheckpointDiffPage,
        "What a checkpoint's step changed, or what the agent changed since, file by file.",
    ),
    request(
        "checkpoint/preview",
        RewindParams,
        RewindResult,
        "What checkpoint/restore would do now.",
        OrderedBy.CHAT,
    ),
    request(
        "checkpoint/restore",
        RewindParams,
        RewindResult,
        "Take back what the chat's agent did since a checkpoint. What others changed stays. Can be undone.",
        OrderedBy.CHAT,
    ),
    request(
        "checkpoint/undo",
        UndoParams,
        RewindResult,
        "Take back the chat's newest rewind.",
        OrderedBy.CHAT,
    ),
)
