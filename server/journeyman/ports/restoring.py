"""Whole trees into a workspace, as streams: what a guest offers for it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol


class RestoreEntry(NamedTuple):
    """One entry for a bulk write, with the metadata it must end up with."""

    path: bytes
    kind: Literal["file", "directory", "symlink", "hardlink"]
    mode: int
    mtime_ns: int
    size: int = 0
    target: bytes = b""
    """Link text of a symlink, or path of the already written file a hard link joins."""
    xattrs: Mapping[str, bytes] = MappingProxyType({})


class Restore(Protocol):
    """A bulk write. Entries come parents first; nothing is followed; symlinks are made last by
    `finish`, modes and mtimes are set then as well. An unsafe entry raises `path_refused` and the
    restore is void."""

    async def add(self, entry: RestoreEntry) -> None: ...

    async def data(self, path: bytes, data: bytes | memoryview) -> None:
        """Append to the file added as `path`."""
        ...

    async def finish(self) -> int:
        """Make links, set metadata, sync to disk; answers the number of entries written."""
        ...

    async def abort(self) -> None: ...


class Hasher(Protocol):
    """As those of `blake3`."""

    def update(self, data: memoryview, /) -> object: ...

    def digest(self) -> bytes: ...

    def reset(self) -> object: ...


class ReadBack(NamedTuple):
    """What a file held once all was written that it was to hold."""

    inode: int
    digest: bytes


class LentRestore(Restore, Protocol):
    """A restore of files that come one after the other, each with all its data before the next entry. Entries
    and data go out in rounds: a refusal may be raised by a later call."""

    @property
    def read_back(self) -> Mapping[bytes, ReadBack]:
        """By path, after `finish`. Who finds that very inode at the path finds that content in it. Files that
        were not lent are left out."""
        ...
