"""How the answer of a command is written in a cell."""

from __future__ import annotations

from journeyman.workspace.errors import WorkspaceError

Outcome = str
"""`ok`, or the kind of the `WorkspaceError`, with `!` where the same call may succeed later."""


def outcome(answer: object) -> Outcome:
    """A failure must be one a person can read: typed, one sentence, and what to do next."""
    if not isinstance(answer, WorkspaceError):
        return "ok"
    assert answer.kind != "internal", answer
    assert answer.incident_id is None, answer
    assert answer.message.endswith("."), answer
    assert answer.hint.endswith("."), answer
    assert "Traceback" not in answer.message, answer
    return answer.kind + ("!" if answer.retryable else "")
