"""Files in and out of a workspace for clients: copy in, list with hashes.

Every call holds the workspace while it works, so that nothing is archived under it. The guest checks
paths; knows nothing of the wire.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from journeyman.failures import Failure
from journeyman.ports.guest import Guest, TreeEntry
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.manager import WorkspaceManager

FILES_MAX = 40_000
"""Most files one listing names."""
HOLDER = "transfer"


@dataclass(frozen=True, slots=True)
class NewFile:
    path: str
    """Relative to the workspace's root."""
    data: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class FileFact:
    path: str
    size: int
    sha256: str
    executable: bool


@dataclass(frozen=True, slots=True)
class Listing:
    files: tuple[FileFact, ...]
    skipped: tuple[str, ...]
    """Links, special files and names that are not UTF-8."""


async def put_files(manager: WorkspaceManager, project_id: str, files: Sequence[NewFile]) -> int:
    """Write `files` in order; answers the number of bytes. A file that cannot be written ends it with a
    `Failure` naming it; those before it are there."""
    async with guest_of(manager, project_id) as guest:
        for file in files:
            manager.outsiders.file(project_id, file.path)
            try:
                await guest.write(file.path, file.data, mode=0o755 if file.executable else 0o644)
            finally:
                manager.outsiders.file(project_id, file.path)
    return sum(len(file.data) for file in files)


async def list_files(manager: WorkspaceManager, project_id: str, exclude: Collection[str]) -> Listing:
    """Every regular file with the hash of its content; names in `exclude` are left out at any depth."""
    unwanted = {name.encode("utf-8", "surrogateescape") for name in exclude}
    found: list[TreeEntry] = []
    skipped: list[str] = []
    async with guest_of(manager, project_id) as guest:
        async for entry in guest.scan():
            if unwanted and not unwanted.isdisjoint(entry.path.split(b"/")):
                continue
            if entry.kind == "file" and _is_utf8(entry.path):
                found.append(entry)
            elif entry.kind != "directory":
                skipped.append(entry.path.decode("utf-8", "backslashreplace"))
            if len(found) + len(skipped) > FILES_MAX:
                raise Failure(
                    "overloaded",
                    f"The workspace has more than {FILES_MAX} files.",
                    hint="Exclude directories that need no copying, such as node_modules.",
                )
        hashes, unreadable = await _hashes(guest, [entry.path for entry in found])
    files = tuple(
        FileFact(entry.path.decode(), size, digest, bool(entry.mode & 0o100))
        for entry in found
        if entry.path in hashes
        for size, digest in (hashes[entry.path],)
    )
    return Listing(files, (*skipped, *unreadable))


async def _hashes(guest: Guest, paths: list[bytes]) -> tuple[dict[bytes, tuple[int, str]], list[str]]:
    hashes: dict[bytes, tuple[int, str]] = {}
    unreadable: list[str] = []
    digest, size = hashlib.sha256(), 0
    if not paths:
        return hashes, unreadable
    async for piece in guest.read_many(paths):
        digest.update(piece.data)
        size += len(piece.data)
        if piece.last:
            if piece.error is None:
                hashes[piece.path] = (size, digest.hexdigest())
            else:
                # It went away or changed its kind since the scan.
                unreadable.append(piece.path.decode("utf-8", "backslashreplace"))
            digest, size = hashlib.sha256(), 0
    return hashes, unreadable


def _is_utf8(path: bytes) -> bool:
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True


@asynccontextmanager
async def guest_of(manager: WorkspaceManager, project_id: str) -> AsyncGenerator[Guest]:
    """The workspace's guest, however it is to be had, for the moment of one operation."""
    workspace = await manager.acquire(project_id, holder=HOLDER)
    if isinstance(workspace, WorkspaceError):
        raise workspace.as_failure()
    try:
        yield workspace.guest
    finally:
        await manager.release(project_id, holder=HOLDER)
