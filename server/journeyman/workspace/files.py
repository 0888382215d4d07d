"""Single files of a workspace for people in editors: read, write, look, arrange.

Allowed while a run is on: the agent compares the hash of what it has read before it writes, so it notices.
Every call holds the workspace while it works and counts the time until expiry anew. The guest checks paths.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from journeyman.failures import Failure
from journeyman.ports.guest import DirectoryPage, FileContent, Guest, Stat
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.transfer import guest_of

WRITE_BYTES_MAX = 5 * 1024 * 1024
"""Most bytes of one written file: what a message can carry as base64."""
HASHED_BYTES_MAX = 64 * 1024 * 1024
"""Largest file that is read to say what is there after a conflict."""


@dataclass(frozen=True, slots=True)
class Write:
    """A file to be replaced, and on which conditions; see `ports.guest.Guest.write`."""

    data: bytes
    expected_sha256: str | None = None
    etag: str | None = None
    create: bool = True
    overwrite: bool = True
    executable: bool | None = None


class ContentModified(Failure):
    """The file is not the one the caller knows. `current` is what is there now, None where nothing is."""

    def __init__(self, failure: Failure, current: Stat | None) -> None:
        super().__init__(failure.kind, failure.message, hint=failure.hint)
        self.current = current


class Files:
    def __init__(self, manager: WorkspaceManager) -> None:
        self._manager = manager

    @asynccontextmanager
    async def _changing(self, project_id: str, *paths: str) -> AsyncGenerator[Guest]:
        """The guest, for a change of these paths; told before and after, whenever it takes place."""
        outsiders = self._manager.outsiders
        async with guest_of(self._manager, project_id) as guest:
            for path in paths:
                outsiders.file(project_id, path)
            try:
                yield guest
            finally:
                for path in paths:
                    outsiders.file(project_id, path)

    async def read(
        self, project_id: str, path: str, *, offset: int, limit: int, digest: bool, etag: str | None = None
    ) -> FileContent:
        """A range of one file. `ContentModified` where `etag` does not fit."""
        async with guest_of(self._manager, project_id) as guest:
            try:
                return await guest.read(path, offset=offset, limit=limit, digest=digest, etag=etag)
            except Failure as failure:
                raise await _explained(guest, path, failure) from failure

    async def write(self, project_id: str, path: str, write: Write) -> Stat:
        """Replace a file at once. `ContentModified` where an expectation does not fit, `conflict` where it
        is there and may not be, `not_found` where it is not there and may not be made."""
        if len(write.data) > WRITE_BYTES_MAX:
            raise Failure(
                "invalid",
                f"The content has {len(write.data):,} bytes; a file may be written with {WRITE_BYTES_MAX:,}.",
                hint="Make larger files with a command in the workspace.",
            )
        expects = write.expected_sha256 is not None or write.etag is not None
        if not write.overwrite and expects:
            raise Failure(
                "invalid",
                "What may not be overwritten cannot be expected to be something.",
                hint="Leave out `overwrite: false`, or `expectedSha256` and `etag`.",
            )
        expected = write.expected_sha256 if write.overwrite else ""
        async with self._changing(project_id, path) as guest:
            mode = await _mode(guest, path, write.executable)
            try:
                return await guest.write(
                    path,
                    write.data,
                    expected_sha256=expected,
                    etag=write.etag,
                    mode=mode,
                    create=write.create,
                )
            except Failure as failure:
                if expects:
                    raise await _explained(guest, path, failure) from failure
                if failure.kind == "conflict":
                    raise Failure(
                        "conflict", f"{path} is already there.", hint="Allow it to be overwritten."
                    ) from failure
                raise

    async def stat(self, project_id: str, path: str) -> Stat:
        async with guest_of(self._manager, project_id) as guest:
            return await _stat(guest, path)

    async def directory(
        self, project_id: str, path: str, *, cursor: str | None, limit: int
    ) -> tuple[DirectoryPage, str | None]:
        """A page of a directory, and the cursor of the next one."""
        after = _from_cursor(cursor)
        async with guest_of(self._manager, project_id) as guest:
            page = await guest.entries(path, after=after, limit=limit)
        return page, None if page.last is None else base64.urlsafe_b64encode(page.last.encode()).decode()

    async def create_directory(self, project_id: str, path: str) -> Stat:
        async with self._changing(project_id, path) as guest:
            await guest.make_directory(path)
            return await _stat(guest, path)

    async def rename(self, project_id: str, path: str, new_path: str, *, overwrite: bool) -> Stat:
        async with self._changing(project_id, path, new_path) as guest:
            if overwrite:
                await guest.replace(path, new_path)
            else:
                await guest.rename(path, new_path, overwrite=False)
            return await _stat(guest, new_path)

    async def delete(self, project_id: str, path: str, *, recursive: bool) -> None:
        async with self._changing(project_id, path) as guest:
            await guest.remove(path, recursive=recursive)


async def _stat(guest: Guest, path: str) -> Stat:
    found = await guest.stat(path)
    if found is None:
        raise Failure("not_found", f"There is no {path}.", hint="List the directory to see what is there.")
    return found


async def _mode(guest: Guest, path: str, executable: bool | None) -> int | None:
    if executable is None:
        return None
    now = await guest.stat(path)
    mode = now.mode if now is not None and now.kind == "file" else 0o644
    return mode | 0o111 if executable else mode & ~0o111


async def _explained(guest: Guest, path: str, failure: Failure) -> Failure:
    """A conflict with what is there now, hash included."""
    if failure.kind != "conflict":
        return failure
    present = await guest.stat(path)
    if present is None or present.kind != "file" or present.size > HASHED_BYTES_MAX:
        return ContentModified(failure, present)
    content = await guest.read(path, limit=0)
    found = content.stat or present
    return ContentModified(
        failure, Stat(found.kind, found.size, found.mode, found.mtime_ns, content.sha256, found.etag)
    )


def _from_cursor(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise Failure(
            "invalid", "This is no cursor of a directory.", hint="`cursor`: send `nextCursor` as it came."
        ) from error
