"""Watching files of a workspace. A watch belongs to the connection that asked and does not keep the
workspace from expiring; it ends with either."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from journeyman_protocol.base import Empty, Id, Message
from journeyman_protocol.errors import ErrorData
from journeyman_protocol.files import WorkspacePath
from journeyman_protocol.rows import Method, outgoing, request

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class WatchParams(Message):
    """A directory, or one name in a directory that need not be there yet. Links below it are not followed."""

    project_id: Id
    path: WorkspacePath = "."
    recursive: bool = True
    excludes: Annotated[list[Pattern], Field(max_length=200)] = []
    """Without a slash: names at any depth, such as `node_modules` or `*.tmp`. With one: globs over paths
    from the workspace, such as `**/build/**`. What is excluded is not watched."""


class WatchResult(Message):
    """Everything that happens from now on is told."""

    watch_id: Id
    by: Literal["events", "polling"]
    """`polling`: the system gave no watches; changes are found every 2 seconds."""
    directories: int
    """How many are watched; at most 20,000."""


class WatchRef(Message):
    watch_id: Id


class FileChange(Message):
    kind: Literal["created", "changed", "deleted"]
    """`created` is also said of what took another's place, `deleted` is meant for everything below, too."""
    path: str
    """From the workspace, `/`-separated. Names that are not UTF-8 are not told."""


class FilesChanged(Message):
    """What happened in a moment, each path once or as deleted and created, to be applied in order."""

    watch_id: Id
    changes: list[FileChange]
    overflow: bool = False
    """More happened than could be kept: look at everything again, then apply `changes`."""
    ended: ErrorData | None = None
    """The watch is over: the workspace went away, or there is too much to watch by now. Watch anew."""


ROWS: tuple[Method, ...] = (
    request(
        "workspace/watch",
        WatchParams,
        WatchResult,
        "Be told what changes in a directory, from the answer on, missing nothing.",
    ),
    request("workspace/unwatch", WatchRef, Empty, "Stop watching; no error where it has ended."),
    outgoing("workspace/didChangeFiles", FilesChanged, "What this connection watches changed."),
)
