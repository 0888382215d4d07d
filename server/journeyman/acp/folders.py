"""Which project an editor's folder is: the one made of it before, else a new one with a copy of its files.

A client on another machine names a folder the daemon cannot read. It gets a project of its own under that
name, empty at first; or it says which project it means.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman.records import Project
from journeyman.sources.spec import FromFolder

if TYPE_CHECKING:
    from journeyman.project.service import ProjectService
    from journeyman.sources.service import Sources

ELSEWHERE = (
    "This folder is on another machine than the daemon: the workspace begins empty. Send files with "
    "workspace/import, or name a project in `_meta`."
)


@dataclass(frozen=True, slots=True)
class Found:
    project: Project
    notices: tuple[str, ...] = ()


class Folders:
    """One per daemon: two editors that open the same folder at once get the same project."""

    def __init__(self, projects: ProjectService, sources: Sources) -> None:
        self._projects = projects
        self._sources = sources
        self._making: dict[tuple[str, bool], tuple[asyncio.Lock, int]] = {}

    async def project(self, folder: str, *, local: bool) -> Found:
        """Raises what copying a folder raises."""
        async with self._alone(folder, local):
            known = await self._projects.of_folder(folder, "folder" if local else "empty")
            if known is not None:
                return Found(known)
            if local:
                made = await self._sources.create(FromFolder(Path(folder)))
                return Found(made.project, tuple(f"{n.message} {n.hint}".strip() for n in made.notices))
            name = posixpath.basename(folder)[:100] or None
            return Found(await self._projects.create(name=name, folder=folder), (ELSEWHERE,))

    @asynccontextmanager
    async def _alone(self, folder: str, local: bool) -> AsyncGenerator[None]:
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
