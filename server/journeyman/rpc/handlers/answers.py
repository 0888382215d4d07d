"""What several nouns need to turn answers of the rooms below into results."""

from __future__ import annotations

from typing import TypeVar

from journeyman.workspace.errors import WorkspaceError

T = TypeVar("T")


def value_of(answer: T | WorkspaceError) -> T:
    """The manager answers values; on the wire its errors are refusals like any other."""
    if isinstance(answer, WorkspaceError):
        raise answer.as_failure()
    return answer
