"""What differs between two archives of a project, or between an archive and the workspace as it is."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from journeyman_protocol.base import Id, Message
from journeyman_protocol.files import PAGE_MAX, WorkspacePath
from journeyman_protocol.rows import Method, request


class DiffParams(Message):
    project_id: Id
    from_: Id | None = Field(default=None, alias="from")
    """An archive; the newest when absent."""
    to: Id | None = None
    """An archive; the workspace as it is when absent, which is brought back for it."""
    cursor: str | None = None
    limit: int = Field(default=1000, ge=1, le=PAGE_MAX)


class DiffSide(Message):
    kind: Literal["file", "directory", "symlink"]
    size: int
    mode: int
    """Permission bits; 0 of a link, whose mode means nothing."""


class DiffEntry(Message):
    """Content is compared, not times. `before` is absent of what was added, `after` of what was removed."""

    path: str
    """From the workspace, `/`-separated; bytes that are not UTF-8 are escaped."""
    change: Literal["added", "removed", "changed"]
    content: bool
    """False where only the mode differs."""
    before: DiffSide | None = None
    after: DiffSide | None = None


class DiffPage(Message):
    """In the order of paths, a directory before what is in it. Each page compares anew."""

    from_: Id = Field(alias="from")
    to: Id | None = None
    items: list[DiffEntry]
    next_cursor: str | None = None
    total: int
    """Entries of all pages."""


class DiffFileParams(Message):
    project_id: Id
    path: WorkspacePath
    from_: Id | None = Field(default=None, alias="from")
    to: Id | None = None
    context: int = Field(default=3, ge=0, le=1000)
    """Lines shown around each change."""


class DiffFileResult(Message):
    """Files of up to 1 MiB; larger ones are refused with `invalid`."""

    change: Literal["added", "removed", "changed", "same"]
    binary: bool = False
    """One of them is no UTF-8 text: `diff` is empty."""
    diff: str
    """Unified."""
    truncated: bool = False


ROWS: tuple[Method, ...] = (
    request(
        "workspace/diff",
        DiffParams,
        DiffPage,
        "What differs between an archive and the workspace or another archive.",
    ),
    request(
        "workspace/diffFile",
        DiffFileParams,
        DiffFileResult,
        "One file as a unified diff between an archive and the workspace or another archive.",
    ),
)
