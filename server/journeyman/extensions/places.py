"""Where skills and prompt files lie: the user's configuration directory, or a directory of a workspace.

No link is followed in either: a folder of skills that somebody shared must not name the user's other files.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from journeyman.failures import Failure
from journeyman.ports.guest import Guest

Origin = Literal["user", "project"]
ENTRIES_MAX = 1_000
_NOT_THERE = ("not_found", "invalid", "path_refused")


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    is_directory: bool


@dataclass(frozen=True, slots=True)
class Content:
    data: bytes
    whole: bool
    """Whether that is all of it."""
    executable: bool = False


class Place(Protocol):
    @property
    def origin(self) -> Origin: ...

    @property
    def shown(self) -> str:
        """For people, and for the model where it can go there."""
        ...

    async def list(self, path: str = "") -> Sequence[Entry]:
        """Files and directories by name, links and others left out; none where there is no such directory."""
        ...

    async def read(self, path: str, bytes_max: int) -> Content | None:
        """The beginning of a regular file; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """A directory of the user's own, on this machine."""

    base: Path
    origin: Origin = "user"

    @property
    def shown(self) -> str:
        return str(self.base)

    async def list(self, path: str = "") -> Sequence[Entry]:
        return await asyncio.to_thread(self._list, path)

    async def read(self, path: str, bytes_max: int) -> Content | None:
        return await asyncio.to_thread(self._read, path, bytes_max)

    def _list(self, path: str) -> list[Entry]:
        try:
            handle = self._open(path, os.O_DIRECTORY)
        except OSError:
            return []
        try:
            with os.scandir(handle) as entries:
                found = [Entry(each.name, each.is_dir()) for each in entries if _is_plain(each)]
            return sorted(found, key=lambda each: each.name)[:ENTRIES_MAX]
        finally:
            os.close(handle)

    def _read(self, path: str, bytes_max: int) -> Content | None:
        try:
            handle = self._open(path, os.O_NONBLOCK)
        except OSError:
            return None
        with open(handle, "rb") as file:
            mode = os.fstat(handle).st_mode
            if not stat.S_ISREG(mode):
                return None
            data = file.read(bytes_max + 1)
        return Content(data[:bytes_max], len(data) <= bytes_max, bool(mode & 0o100))

    def _open(self, path: str, flags: int) -> int:
        """Name by name, so that a link on the way is refused as well as one at the end."""
        handle = os.open(self.base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        names = [name for name in path.split("/") if name]
        for at, name in enumerate(names):
            last = at == len(names) - 1
            try:
                if name in (".", "..") or "\0" in name:
                    raise FileNotFoundError(path)
                kind = flags if last else os.O_DIRECTORY
                inner = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | kind, dir_fd=handle)
            finally:
                os.close(handle)
            handle = inner
        return handle


@dataclass(frozen=True, slots=True)
class ProjectPlace:
    """A directory of a workspace, through its guest."""

    guest: Guest
    root: str
    folder: str
    origin: Origin = "project"

    @property
    def shown(self) -> str:
        return self.folder

    async def list(self, path: str = "") -> Sequence[Entry]:
        if not await self._is_plain(path):
            return []
        try:
            page = await self.guest.entries(self._at(path), limit=ENTRIES_MAX)
        except Failure as failure:
            if failure.kind in _NOT_THERE:
                return []
            raise
        return [
            Entry(each.name, each.stat.kind == "directory")
            for each in page.entries
            if each.stat.kind in ("directory", "file")
        ]

    async def read(self, path: str, bytes_max: int) -> Content | None:
        if not await self._is_plain(path):
            return None
        try:
            found = await self.guest.read(self._at(path), limit=bytes_max, digest=False)
        except Failure as failure:
            if failure.kind in _NOT_THERE:
                return None
            raise
        mode = found.stat.mode if found.stat is not None else 0
        return Content(found.data, found.size <= len(found.data), bool(mode & 0o100))

    async def _is_plain(self, path: str) -> bool:
        """Whether no name on the way is a link. The guest itself lets none out of the workspace."""
        at = self.root
        for name in [each for each in f"{self.folder}/{path}".split("/") if each]:
            at = f"{at}/{name}"
            try:
                found = None if name in (".", "..") else await self.guest.stat(at)
            except Failure as failure:
                if failure.kind in _NOT_THERE:
                    return False
                raise
            if found is None or found.kind not in ("directory", "file"):
                return False
        return True

    def _at(self, path: str) -> str:
        return "/".join(each for each in (self.root, self.folder, path) if each)


def _is_plain(entry: os.DirEntry[str]) -> bool:
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return False
    return not entry.is_symlink() and (entry.is_dir() or entry.is_file())
