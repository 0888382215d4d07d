"""Workspaces: the isolated place of a project, its archives, its coming and going."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from journeyman_protocol.base import Id, Message, Page, Paged, ProgressToken, Timestamp
from journeyman_protocol.project import FolderFile
from journeyman_protocol.rows import Method, OrderedBy, outgoing, request

WorkspaceState = Literal[
    "cold", "creating", "restoring", "live", "idle", "frozen", "archiving", "warm", "archived", "failed"
]
"""`live` is in use, `idle` is not; `frozen` is paused and goes on where it was; `warm` is archived and
stopped with its files still on this machine; `archived` is in the store only; `cold` was closed (its files
may be here) or never was."""
Tier = Literal["hot", "frozen", "warm", "cold"]


class Archive(Message):
    """A verified archive. `digest` is the root hash of the tree."""

    archive_id: Id
    project_id: Id
    digest: str
    files: int
    bytes: int
    """Bytes of file content."""
    new_bytes: int
    """Bytes it added to the store."""
    name: str | None = None
    """Given with `workspace/nameArchive`; told by `workspace/archives` and there only."""
    created_at: Timestamp


class WorkspaceUsage(Message):
    """What a workspace holds beside what it may hold."""

    bytes: int
    entries: int
    bytes_max: int | None = None
    """Absent: any amount."""
    entries_max: int | None = None
    level: Literal["ok", "near", "over"]
    """`near` from 80 % on. `over`: writes through the daemon are refused (`quota_exceeded`)."""


class WorkspaceStatus(Message):
    project_id: Id
    state: WorkspaceState
    sandbox: str | None = None
    """`docker` or `bubblewrap`, where the workspace is there."""
    acquired: Literal["map", "thawed", "running", "stopped", "restored", "created"] | None = None
    """Which way it was got last."""
    tier: Tier | None = None
    """What it costs and how fast it is back: running, paused, files on this machine, archive only."""
    held_by: list[str] | None = None
    """What keeps it from expiring: `run`, `client`, `terminal`, `preview`, `permission`. Absent: nothing."""
    last_used_at: Timestamp | None = None
    expires_at: Timestamp | None = None
    """When it will be archived if nobody uses it; absent while it is in use or not there."""
    archive: Archive | None = None
    """The newest archive."""
    usage: WorkspaceUsage | None = None
    """Absent until it was measured."""
    message: str | None = None
    """A sentence where the state needs one."""


class WillExpire(Message):
    """Nobody uses the workspace; unless somebody does, or calls `workspace/touch`, it is archived then."""

    project_id: Id
    expires_at: Timestamp


class WorkspaceRef(Message):
    project_id: Id


class WorkspacePage(Page[WorkspaceStatus]):
    """Workspaces, by project."""


class ArchiveParams(Message):
    project_id: Id
    wait: bool = True
    """False: answer when it is under way; `workspace/didChangeStatus` tells the rest."""
    keep: bool = False
    """Keep the workspace running after the archive was verified. Otherwise it is removed then."""
    work_done_token: ProgressToken | None = None


class ArchiveResult(Message):
    archive: Archive | None = None
    """Absent with `wait: false`."""
    verified: bool
    """True once every object was read back and the pointer has moved."""


class RestoreParams(Message):
    project_id: Id
    archive_id: Id | None = None
    """Absent: the newest."""
    work_done_token: ProgressToken | None = None


class RestoreResult(Message):
    archive: Archive
    status: WorkspaceStatus


class ArchivesParams(Paged):
    project_id: Id


class ArchivePage(Page[Archive]):
    """Archives, newest first."""


class ImportParams(Message):
    """A batch of files to copy into the workspace, before or between runs."""

    project_id: Id
    files: Annotated[list[FolderFile], Field(max_length=2000)]


class ImportResult(Message):
    files: int
    bytes: int


class WorkspaceFile(Message):
    path: str
    """Relative to the workspace's root, `/`-separated."""
    size: int
    sha256: str
    executable: bool = False


class FileList(Message):
    items: list[WorkspaceFile]
    skipped: list[str] = []
    """Links, special files and names that are not UTF-8: not offered for copying."""


class FilesParams(Message):
    project_id: Id
    exclude: Annotated[list[str], Field(max_length=100)] = []
    """Names of directories and files to leave out at any depth, such as `node_modules`."""


ROWS: tuple[Method, ...] = (
    request(
        "workspace/open",
        WorkspaceRef,
        WorkspaceStatus,
        "Get or create the workspace: map, running, stopped, restored or new.",
        OrderedBy.PROJECT,
    ),
    request("workspace/status", WorkspaceRef, WorkspaceStatus, "State of a workspace."),
    request("workspace/list", Paged, WorkspacePage, "State of every workspace there is."),
    request(
        "workspace/archive",
        ArchiveParams,
        ArchiveResult,
        "Put the workspace away: upload, verify, move the pointer, and only then remove it.",
        OrderedBy.PROJECT,
    ),
    request(
        "workspace/restore",
        RestoreParams,
        RestoreResult,
        "Bring an archive back: staged and verified, then swapped in.",
        OrderedBy.PROJECT,
    ),
    request("workspace/archives", ArchivesParams, ArchivePage, "Archives, newest first."),
    request(
        "workspace/close",
        WorkspaceRef,
        WorkspaceStatus,
        "End the workspace's processes and keep its files on this machine.",
        OrderedBy.PROJECT,
    ),
    request(
        "workspace/import",
        ImportParams,
        ImportResult,
        "Copy files into the workspace.",
        OrderedBy.PROJECT,
    ),
    request(
        "workspace/files",
        FilesParams,
        FileList,
        "Regular files of the workspace with their hashes, to compare with a folder.",
    ),
    request(
        "workspace/touch",
        WorkspaceRef,
        WorkspaceStatus,
        "Count the time until the workspace is archived from now.",
    ),
    outgoing("workspace/didChangeStatus", WorkspaceStatus, "A workspace changed its state."),
    outgoing("workspace/willExpire", WillExpire, "A workspace will be archived within a minute."),
)
