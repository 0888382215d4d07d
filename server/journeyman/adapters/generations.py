"""The private directories that hold workspace files: `<data>/workspaces/<project>/<n>/files`.

A generation is complete when `<n>/complete` is there, a marker outside the directory that is bound into the
workspace, so that nothing inside can make or unmake it. Nothing is deleted here but trash: `discard` renames
into `<data>/trash`, `purge` removes what has been there long enough. Numbers are never used twice.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar, TypeVarTuple, Unpack

import anyio
import anyio.to_thread

from journeyman.failures import Failure
from journeyman.guest.inside.removal import remove_tree
from journeyman.paths import make_private
from journeyman.ports.clock import Clock, SystemClock
from journeyman.ports.sandbox import Generation

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}\Z")
DEFAULT_UID = 10001


def workspace_uid(wanted: int | None) -> int:
    """The user id of files and processes in workspaces: `wanted` (only root can give files away), else
    10001 where the daemon is root, else the caller's own."""
    if os.geteuid() == 0:
        return wanted or DEFAULT_UID
    return os.geteuid()


class LocalGenerations:
    """Implements `ports.sandbox.Generations`. `uid` is the workspace user's (see `workspace_uid`)."""

    def __init__(self, data_dir: Path, *, uid: int | None = None, clock: Clock | None = None) -> None:
        self._workspaces = data_dir / "workspaces"
        self._trash = data_dir / "trash"
        self._uid = workspace_uid(uid)
        self._clock = clock or SystemClock()
        self._limiter: anyio.CapacityLimiter | None = None

    async def prepare(self, project_id: str) -> tuple[int, Path]:
        return await self._thread(self._prepare, project_id)

    async def commit(self, project_id: str, generation: int) -> None:
        await self._thread(self._commit, project_id, generation)

    async def current(self, project_id: str) -> tuple[int, Path] | None:
        return await self._thread(self._current, project_id)

    async def path(self, project_id: str, generation: int) -> Path:
        return self._home(project_id, generation) / "files"

    async def list(self, project_id: str) -> tuple[Generation, ...]:
        return await self._thread(self._list, project_id)

    async def discard(self, project_id: str, generation: int) -> None:
        await self._thread(self._discard, project_id, generation)

    async def projects(self) -> tuple[str, ...]:
        return await self._thread(self._projects)

    async def purge(self, *, older_than_s: float, of: tuple[str, datetime] | None = None) -> int:
        return await self._thread(self._purge, older_than_s, of)

    async def _thread(self, work: Callable[[Unpack[Ts]], T], *arguments: *Ts) -> T:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(4)
        try:
            return await anyio.to_thread.run_sync(work, *arguments, limiter=self._limiter)
        except OSError as error:
            raise _failed(error) from error

    def _project(self, project_id: str) -> Path:
        if not SAFE_NAME.match(project_id):
            raise Failure("invalid", f"{project_id!r} cannot be the id of a project.")
        return self._workspaces / project_id

    def _home(self, project_id: str, generation: int) -> Path:
        return self._project(project_id) / str(int(generation))

    def _prepare(self, project_id: str) -> tuple[int, Path]:
        project = self._project(project_id)
        _make_private(project)
        number = self._next_number(project)
        home = project / str(number)
        home.mkdir(mode=0o700)
        files = home / "files"
        files.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(files, self._uid, self._uid)
        _sync(home, project)
        return number, files

    def _next_number(self, project: Path) -> int:
        """One more than was ever used: the counter outlives generations that went to the trash."""
        counter = project / "last"
        used = [int(each.name) for each in project.iterdir() if each.name.isdigit()]
        if counter.exists():
            used.append(int(counter.read_text() or "0"))
        number = max(used, default=0) + 1
        _write_synced(counter, str(number))
        return number

    def _commit(self, project_id: str, generation: int) -> None:
        home = self._home(project_id, generation)
        if not (home / "files").is_dir():
            raise Failure("workspace_failed", f"Generation {generation} of {project_id} is not there.")
        _write_synced(home / "complete", "complete\n")

    def _current(self, project_id: str) -> tuple[int, Path] | None:
        for generation in reversed(self._list(project_id)):
            if generation.complete:
                return generation.number, self._home(project_id, generation.number) / "files"
        return None

    def _list(self, project_id: str) -> tuple[Generation, ...]:
        project = self._project(project_id)
        try:
            numbers = sorted(int(each.name) for each in project.iterdir() if each.name.isdigit())
        except FileNotFoundError:
            return ()
        homes = [(number, project / str(number)) for number in numbers]
        return tuple(
            Generation(number, (home / "complete").exists() and (home / "files").is_dir())
            for number, home in homes
        )

    def _discard(self, project_id: str, generation: int) -> None:
        home = self._home(project_id, generation)
        if not home.is_dir():
            return
        _make_private(self._trash)
        when = int(self._clock.now().timestamp() * 1000)
        os.rename(home, self._trash / f"{project_id}.{generation}.{when}")
        _sync(home.parent, self._trash)

    def _projects(self) -> tuple[str, ...]:
        try:
            found = sorted(self._workspaces.iterdir())
        except FileNotFoundError:
            return ()
        return tuple(
            each.name for each in found if each.is_dir() and any(n.name.isdigit() for n in each.iterdir())
        )

    def _purge(self, older_than_s: float, of: tuple[str, datetime] | None) -> int:
        try:
            trash = os.open(self._trash, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            return 0
        try:
            before = self._clock.now().timestamp() * 1000 - older_than_s * 1000
            since = int(of[1].timestamp() * 1000) if of is not None else 0
            gone = 0
            for name in sorted(os.listdir(trash)):
                project_id, _, when = (*name.rsplit(".", 2), "", "")[:3]
                if of is not None and (project_id != of[0] or not when.isdigit() or int(when) < since):
                    continue
                if when.isdigit() and int(when) <= before:
                    remove_tree(os.fsencode(name), trash)
                    gone += 1
            return gone
        finally:
            os.close(trash)


def _make_private(directory: Path) -> None:
    make_private(directory)
    if stat.S_IMODE(directory.stat().st_mode) & 0o077:
        directory.chmod(0o700)


def _failed(error: OSError) -> Failure:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(
            "disk_full",
            "There is no space left for a workspace.",
            hint="Free space on the disk of the data directory, or set JOURNEYMAN_DATA_DIR to another one.",
            retryable=True,
        )
    return Failure(
        "workspace_failed",
        f"The directory of a workspace cannot be made or moved: {error.strerror}.",
        hint="See that the data directory belongs to you and is writable.",
    )


def _write_synced(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w") as sink:
        sink.write(text)
        sink.flush()
        os.fsync(sink.fileno())
    os.replace(temporary, path)
    _sync(path.parent)


def _sync(*directories: Path) -> None:
    for directory in directories:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
