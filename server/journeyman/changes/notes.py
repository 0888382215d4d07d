"""What the model is told of decisions."""

from __future__ import annotations

from journeyman.changed import Decision, HunkDecision
from journeyman.changes import hunks
from journeyman.changes.reading import Changed, Hunk
from journeyman.workspace.archive.tree import shown

DIFF_CHARS_MAX = 2_000
SAYS = "The user says: "
_WHAT = {"accepted": "The user accepted your change to", "rejected": "The user took back your change to"}


def note(changed: Changed, hunk: Hunk, decision: Decision, feedback: str) -> str:
    """Empty where there is nothing to tell: an accepted change without a word stays as the model left it."""
    if decision == "accepted" and not feedback:
        return ""
    parts = [f"{_WHAT[decision]} {shown(hunk.path)}{_kind(hunk)}."]
    if hunk.block is not None and changed.old is not None:
        diff = hunks.shown(changed.old, hunk.block)
        cut = "" if len(diff) <= DIFF_CHARS_MAX else "\n..."
        parts.append(f"```diff\n{diff[:DIFF_CHARS_MAX].rstrip()}{cut}\n```")
    if feedback:
        parts.append(SAYS + feedback)
    return "\n".join(parts)


def _kind(hunk: Hunk) -> str:
    return "" if hunk.kind == "edit" else f" ({hunk.kind})"


def missed(decision: HunkDecision) -> str:
    """Of what was not there any more when it should have been taken back."""
    return decision.note.replace(
        _WHAT["rejected"],
        "The user wanted to take back, but it was changed since and stays, your change to",
        1,
    )
