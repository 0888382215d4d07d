"""Which project an editor's folder is: the one made of it before, else a new one."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.failures import Failure
from journeyman.records import Project
from journeyman.sources.service import Made
from journeyman.sources.spec import FromFolder, Say

if TYPE_CHECKING:
    from journeyman.project.service import ProjectService
    from journeyman.sources.service import Sources


@dataclass(frozen=True, slots=True)
class Named:
    """A project of a folder that this machine does not have."""

    project: Project
    new: bool


class Folders:
    """One per daemon: two clients that open the same folder at once get the same project."""

    def __init__(self, projects: ProjectService, sources: Sources) -> None:
        self._projects = projects
        self._sources = sources
        self._making: dict[tuple[str, bool], tuple[asyncio.Lock, int]] = {}

    async def copied(self, folder: Path, *, say: Say = lambda what, percent: None) -> Made:
        """The project that was made of `folder`, or a new one with a copy of it. Raises `invalid` for a path
        that is not absolute, and what copying a folder raises."""
        if not folder.is_absolute():
            raise Failure("invalid", f"{folder} is not absolute.", hint="`folder`: the whole path.")
        async with self._alone(str(folder), local=True):
            if (known := await self._projects.of_folder(str(folder), "folder")) is not None:
                return Made(known, ())
            return await self._sources.create(FromFolder(folder), say=say)

    async def named(self, folder: str) -> Named:
        """The project that has the name of a folder elsewhere, empty at first."""
        async with self._alone(folder, local=False):
            if (known := await self._projects.of_folder(folder, "empty")) is not None:
                return Named(known, new=False)
            name = posixpath.basename(folder)[:100] or None
            return Named(await self._projects.create(name=name, folder=folder), new=True)

    @asynccontextmanager
    async def _alone(self, folder: str, *, local: bool) -> AsyncGenerator[None]:
        key = (folder, local)
        lock, users = self._making.get(key, (asyncio.Lock(), 0))
        self._making[key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            users = self._making[key][1] - 1
            if users:
                self._making[key] = (lock, users)
            else:
                del self._making[key]
