"""Archives of a project after they were made: named, checked, removed, thinned out."""

from __future__ import annotations

from pydantic import Field

from journeyman_protocol.base import Id, Message
from journeyman_protocol.rows import Method, request
from journeyman_protocol.workspace import Archive


class ArchiveRef(Message):
    project_id: Id
    archive_id: Id


class Done(Message):
    """It is done."""


class NameArchiveParams(Message):
    project_id: Id
    archive_id: Id
    name: str | None = Field(default=None, max_length=100)
    """A named archive is never thinned out. Absent: the name is taken away."""


class VerifyArchiveParams(Message):
    project_id: Id
    archive_id: Id | None = None
    """Absent: the newest."""
    read_data: bool = False
    """Read every byte, not only what is there and how large."""


class VerifyArchiveResult(Message):
    archive_id: Id | None = None
    """Absent where the archive's manifest cannot be read."""
    ok: bool
    packs: int
    """Objects looked at."""
    bytes_read: int
    problems: list[str]
    """What is wrong, as sentences."""


class PruneParams(Message):
    project_id: Id
    dry_run: bool = False
    """Say what would go; nothing does."""


class PruneResult(Message):
    """Archives go at once. Objects no archive needs are noted first and go a day later at the earliest."""

    archives: list[Id]
    """Archives that went."""
    packs: int
    """Objects that went."""
    bytes: int
    noted: int
    """Objects no archive needs whose day is not over."""
    problems: list[str]
    """Why objects were not looked at, as sentences; nothing goes then."""


ROWS: tuple[Method, ...] = (
    request(
        "workspace/nameArchive",
        NameArchiveParams,
        Archive,
        "Give an archive a name, which keeps it, or take it away.",
    ),
    request(
        "workspace/verifyArchive",
        VerifyArchiveParams,
        VerifyArchiveResult,
        "Look whether an archive is whole.",
    ),
    request(
        "workspace/deleteArchive",
        ArchiveRef,
        Done,
        "Remove an archive for good; never the newest one.",
    ),
    request(
        "workspace/pruneArchives",
        PruneParams,
        PruneResult,
        "Thin out a project's archives as the settings say, and collect what none of them needs.",
    ),
)
