"""What a chat's agent changed, hunk by hunk: to be accepted, rejected, and carried to the editor's folder.

Changes are counted from one baseline for each file: what was there before the agent first touched it, or what
was accepted since. Several edits of one place are one hunk, and what shell commands changed is in it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from journeyman_protocol.base import Id, Message, Page, Paged
from journeyman_protocol.rows import Method, OrderedBy, outgoing, request

HUNKS_MAX = 500
HunkIds = Annotated[list[Id], Field(min_length=1, max_length=HUNKS_MAX)]
Feedback = Annotated[str, StringConstraints(max_length=10_000)]


class ChangesListParams(Paged):
    """A chat, or a run of it."""

    chat_id: Id | None = None
    run_id: Id | None = None
    """Only hunks this run had a part in; they are the chat's all the same."""


class Hunk(Message):
    hunk_id: Id
    """The same as long as it is this change at this place: deciding others, or changes elsewhere in the file,
    do not rename it."""
    path: str
    """From the workspace, `/`-separated; bytes that are not UTF-8 are escaped."""
    kind: Literal["edit", "created", "deleted", "renamed", "mode", "replaced"]
    """`edit`: lines of a text; `mode`: permissions alone; `replaced`: content that is no text or too large to
    compare. All but an edit are taken or left whole."""
    renamed_from: str | None = None
    old_start: int | None = None
    """Of an edit: its first line in the baseline, from 1, or the line it comes after where it only adds."""
    old_lines: int | None = None
    new_start: int | None = None
    new_lines: int | None = None
    text: str | None = None
    """As a unified diff shows it, with three lines around it; absent where there is no text."""
    truncated: bool = False
    kept: bool = True
    """False: too large for its content to be kept; it can be accepted only."""
    doubtful: bool = False
    """Somebody else was at work in the workspace meanwhile: some of it may be theirs."""
    rejecting: bool = False
    """It was rejected, and is taken back at the end of the step a run is at."""
    guarded: str | None = None
    """Why it is not carried to a folder unasked: hooks, editor tasks and what else runs by itself."""


class HunkPage(Page[Hunk]):
    """Hunks nobody decided on, by path and place."""


class ChangesDecideParams(Message):
    chat_id: Id
    hunk_ids: HunkIds
    feedback: Feedback = ""
    """What the model is told with it, at its next step."""


class HunkOutcome(Message):
    hunk_id: Id
    outcome: Literal["accepted", "rejected", "rejecting", "conflict", "unknown"]
    """`rejecting`: a run is at work, and it is taken back at the end of its step; `conflict`: it is not as
    the agent left it any more, and stays; `unknown`: the files moved on, list the changes again."""
    path: str | None = None
    message: str | None = None
    earlier: bool = False
    """Somebody decided it before; the outcome is theirs."""


class ChangesDecided(Message):
    items: list[HunkOutcome]
    """One for each id, in their order."""


class ChangesApplyParams(Message):
    """A chat, or only the files one of its runs changed."""

    chat_id: Id | None = None
    run_id: Id | None = None
    hunk_ids: Annotated[list[Id], Field(max_length=HUNKS_MAX)] | None = None
    """What was accepted, and these. Empty: just what was accepted. Absent: all that was not rejected."""
    root: Annotated[str, StringConstraints(min_length=1, max_length=4096)] | None = None
    """The folder: an absolute path, or a URI for editors whose files are elsewhere. Absent: the folder the
    project was made of."""
    allow: Annotated[list[str], Field(max_length=HUNKS_MAX)] = []
    """Guarded paths the user agreed to, each by name."""
    confirm: bool = True
    """Have the editor ask its user before it applies anything, where it can."""


class CarriedFile(Message):
    path: str
    outcome: Literal["written", "removed", "edited", "same", "refused"]
    """`edited`: by the editor, through `workspace/applyEdit`, and perhaps not saved yet; `same`: it was so
    already."""
    why: str | None = None
    """Of what was refused."""


class ChangesApplied(Message):
    """Each file is carried whole or not at all."""

    root: str
    items: list[CarriedFile]


class ChangesChanged(Message):
    chat_id: Id
    run_id: Id | None = None
    reason: Literal["checkpoint", "rewind", "decision"]


ROWS: tuple[Method, ...] = (
    request(
        "changes/list",
        ChangesListParams,
        HunkPage,
        "What the agent changed in a chat or a run and nobody decided on, hunk by hunk.",
    ),
    request(
        "changes/accept",
        ChangesDecideParams,
        ChangesDecided,
        "Count changes from these hunks on. Touches no file.",
        OrderedBy.CHAT,
    ),
    request(
        "changes/reject",
        ChangesDecideParams,
        ChangesDecided,
        "Take hunks back in the workspace. checkpoint/undo brings them back.",
        OrderedBy.CHAT,
    ),
    request(
        "changes/apply",
        ChangesApplyParams,
        ChangesApplied,
        "Carry changes to the editor's folder: by the editor where it can, else by the daemon.",
    ),
    outgoing(
        "changes/didChange", ChangesChanged, "The changes of a chat that is followed moved: list them again."
    ),
)
