"""What people saved in the folder a project was made of, brought into its workspace before a run.

A file whose workspace copy is still what was copied of the folder is replaced, made or removed there as it
was in the folder. Where both sides changed it, both stay as they are and the run is told. What a person left
out of the project when it was made stays out.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from journeyman.changed import FolderFile
from journeyman.failures import Failure
from journeyman.folder.inside import PathRefused
from journeyman.folder.looking import look, read
from journeyman.ports.guest import Guest
from journeyman.ports.store import Store
from journeyman.project.excludes import Excludes
from journeyman.records import Project

log = logging.getLogger(__name__)

PROJECTS_KEPT = 32
BROUGHT_MAX = 2_000
"""In one run; the rest comes with the next one."""
GONE = (0,)
"""What is remembered in place of a file."""


@dataclass(slots=True)
class Caught:
    brought: list[str] = field(default_factory=list[str])
    """Paths the workspace has as the folder now."""
    kept: list[str] = field(default_factory=list[str])
    """Paths that were changed on both sides."""
    later: bool = False
    """There is more than one run takes."""


@dataclass(slots=True)
class _Memory:
    compared: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    told: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    """What was changed on both sides; it is tried again, but not told again."""


class Saved:
    """One per daemon: it remembers which files it compared, not what is in them."""

    def __init__(self) -> None:
        self._projects: OrderedDict[str, _Memory] = OrderedDict()

    async def bring(
        self, store: Store, project: Project, guest: Guest, touched: Callable[[str], None]
    ) -> Caught:
        """`touched` is told of each path before and after it is changed: it is not the agent's doing. Does
        not fail the run."""
        caught = Caught()
        if project.source != "folder" or project.folder is None or project.left_out is None:
            return caught
        root, excludes = Path(project.folder), Excludes(project.left_out)
        try:
            looked = await asyncio.to_thread(look, root, excludes.name)
        except OSError as error:
            log.info("the folder of project %s cannot be read: %s", project.id, error)
            return caught
        if looked is None:
            log.warning("the folder of project %s has too many files to be followed", project.id)
            return caught
        if not looked.files:
            return caught  # nobody empties a folder to say so: it is not mounted, or is being made anew
        seen = looked.files
        run = _Bringing(store, project, guest, touched, root, caught)
        memory = self._of(project)
        made_ns = int(project.created_at.timestamp() * 1_000_000_000)
        known = await store.folders.every(project.id)
        for path in sorted({*seen, *known}):
            if len(caught.brought) >= BROUGHT_MAX:
                caught.later = True
                break
            stamp = seen[path].stamp if path in seen else GONE
            # What was there before the project was made, and was not touched since, is what was copied.
            if path in seen and (seen[path].changed_ns < made_ns or memory.compared.get(path) == stamp):
                continue
            if path not in seen and not looked.knows(path):
                continue
            try:
                fits = await (run.there(path, known.get(path)) if path in seen else run.gone(known[path]))
            except (Failure, PathRefused, OSError) as error:
                log.warning("%s of the folder is not brought: %s", path, error)
                continue
            if fits:
                memory.compared[path] = stamp
            elif memory.told.get(path) != stamp:
                memory.told[path] = stamp
                caught.kept.append(path)
        return caught

    def _of(self, project: Project) -> _Memory:
        memory = self._projects.setdefault(project.id, _Memory())
        self._projects.move_to_end(project.id)
        while len(self._projects) > PROJECTS_KEPT:
            self._projects.popitem(last=False)
        return memory


@dataclass(frozen=True, slots=True)
class _Bringing:
    """Of one run. Its methods answer whether the workspace has it as the folder now."""

    store: Store
    project: Project
    guest: Guest
    touched: Callable[[str], None]
    root: Path
    caught: Caught

    async def there(self, path: str, copied: FolderFile | None) -> bool:
        content, executable = await asyncio.to_thread(read, self.root, path)
        now = FolderFile(path, hashlib.sha256(content).hexdigest(), executable)
        if now == copied:
            return True
        inside = await self._inside(path)
        if inside != now.sha256 or (copied is not None and copied.executable != executable):
            if inside not in (now.sha256, copied.sha256 if copied is not None else ""):
                return False
            mode = 0o755 if executable else 0o644
            self.touched(path)
            try:
                await self.guest.write(path, content, expected_sha256=inside, mode=mode)
            finally:
                self.touched(path)
            self.caught.brought.append(path)
        await self.store.folders.note(self.project.id, [now], [])
        return True

    async def gone(self, copied: FolderFile) -> bool:
        if await asyncio.to_thread(os.path.lexists, self.root / copied.path):
            return True  # it was being saved when the folder was looked at, or is no file any more
        inside = await self._inside(copied.path)
        if inside == copied.sha256:
            self.touched(copied.path)
            try:
                await self.guest.remove(copied.path, recursive=False)
            finally:
                self.touched(copied.path)
            self.caught.brought.append(copied.path)
        elif inside != "":
            return False
        await self.store.folders.note(self.project.id, [], [copied.path])
        return True

    async def _inside(self, path: str) -> str | None:
        """The digest of the workspace's file, empty where there is none; None for what is no file."""
        try:
            return (await self.guest.read(path, limit=0)).sha256
        except Failure as failure:
            if failure.kind == "not_found":
                return ""
            if failure.kind == "invalid":
                return None
            raise
