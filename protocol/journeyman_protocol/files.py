"""Files of a workspace, one at a time: what an editor's virtual file system asks for.

A path is relative to the workspace or absolute below `/workspace`, `/`-separated UTF-8. One that leads out
(`..`, a link) or holds a NUL byte is refused with `path_refused`. An operation on a path works on the link
itself where it renames, deletes or asks for its state, and on what it leads to where it reads or writes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from journeyman_protocol.base import Empty, Id, Message, Timestamp
from journeyman_protocol.rows import Method, request

WorkspacePath = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Encoding = Literal["base64", "utf8"]
EntryKind = Literal["file", "directory", "symlink", "other"]
Sha256 = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]

RANGE_MAX = 4 * 1024 * 1024
WRITE_CHARS_MAX = 7 * 1024 * 1024
PAGE_MAX = 5000


class PathRef(Message):
    project_id: Id
    path: WorkspacePath


class FileStat(Message):
    kind: EntryKind
    size: int
    mode: int
    """Permission bits."""
    mtime: Timestamp
    etag: str
    """Changes whenever the file does; opaque."""
    target: str | None = None
    """Text of a symbolic link."""
    target_kind: EntryKind | None = None
    """What a symbolic link leads to; absent where that is nothing in the workspace."""


class ReadFileParams(PathRef):
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=RANGE_MAX, ge=1, le=RANGE_MAX)
    """Most bytes in the answer."""
    encoding: Encoding = "base64"
    """`utf8` refuses with `invalid` what is not UTF-8; a character the range cuts at its end is left out."""
    hash: bool = True
    """The whole file is read for it: leave it out for ranges of a large file."""
    etag: str | None = None
    """Refuse with -32801 where the file is another one by now."""


class ReadFileResult(Message):
    content: str
    encoding: Encoding = "base64"
    bytes: int
    """Bytes of the file that `content` stands for; the next range begins after them."""
    size: int
    """Bytes in the whole file."""
    sha256: str | None = None
    """Of the whole file, where it was asked for."""
    etag: str
    mtime: Timestamp


class WriteFileParams(PathRef):
    """Replace a file at once: who reads sees the old content or the new one. Directories are made.

    Refused with -32801 and the present state where `expectedSha256` or `etag` does not fit; with `conflict`
    where it is there and `overwrite` is false; with `not_found` where it is not and `create` is false."""

    content: Annotated[str, StringConstraints(max_length=WRITE_CHARS_MAX)]
    """At most 7 MiB as sent."""
    encoding: Encoding = "base64"
    expected_sha256: Sha256 | None = None
    """Of the content that is replaced; an empty text means that there is no file."""
    etag: str | None = None
    """As answered by the last read or write. `expectedSha256` is the one that cannot be fooled."""
    create: bool = True
    overwrite: bool = True
    executable: bool | None = None
    """Absent: as the file was, or not executable for a new one."""


class WriteFileResult(Message):
    stat: FileStat
    sha256: str


class ReadDirectoryParams(Message):
    project_id: Id
    path: WorkspacePath = "."
    cursor: str | None = None
    limit: int = Field(default=1000, ge=1, le=PAGE_MAX)


class DirectoryEntry(Message):
    name: str
    stat: FileStat


class DirectoryPage(Message):
    """Entries by name in byte order. The directory is read anew for each page: what comes and goes between
    two pages is in one of them or not, everything else is there exactly once."""

    items: list[DirectoryEntry]
    next_cursor: str | None = None
    unnamed: int = 0
    """Entries whose names are not UTF-8 and which therefore no page holds."""


class RenameParams(PathRef):
    new_path: WorkspacePath
    overwrite: bool = False
    """Replace what is at `newPath`, a directory with all in it too. Otherwise that is a `conflict`."""


class DeleteParams(PathRef):
    recursive: bool = False
    """Needed for a directory that is not empty."""


ROWS: tuple[Method, ...] = (
    request("workspace/readFile", ReadFileParams, ReadFileResult, "A range of a file."),
    request("workspace/writeFile", WriteFileParams, WriteFileResult, "Replace a file at once."),
    request(
        "workspace/readDirectory",
        ReadDirectoryParams,
        DirectoryPage,
        "A directory's entries with their state, a page at a time.",
    ),
    request("workspace/stat", PathRef, FileStat, "State of a file, directory or link."),
    request("workspace/createDirectory", PathRef, FileStat, "Make a directory and those above."),
    request("workspace/rename", RenameParams, FileStat, "Move a file, directory or link."),
    request("workspace/delete", DeleteParams, Empty, "Delete a file, directory or link."),
)
