"""Copying a folder of this machine into an empty workspace, whole files and links as they are.

The folder is the user's own and may change meanwhile: it is read by directory descriptors and nothing in it
is followed, so that a link put there in the middle leads nowhere. The guest writes.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from journeyman.changed import FolderFile
from journeyman.failures import Failure
from journeyman.ports.guest import Guest, RestoreEntry
from journeyman.project.excludes import Excludes
from journeyman.sources.spec import FromFolder, Notice, Say

ENTRIES_MAX = 200_000
BYTES_MAX = 4 * 1024**3
PIECE = 1024 * 1024
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MODE = 0o755


@dataclass(slots=True)
class Survey:
    """What there is to copy, parents first, and what stays behind."""

    entries: list[RestoreEntry] = field(default_factory=list[RestoreEntry])
    left: Counter[str] = field(default_factory=Counter[str])
    bytes: int = 0


def check(source: FromFolder) -> None:
    """Raises `invalid` where it is no folder, or one that nobody means."""
    path = source.path
    if not path.is_absolute() or path in (Path("/"), Path.home()):
        raise Failure(
            "invalid",
            f"{path} is not a folder to copy.",
            hint="Give the absolute path of the project's folder.",
        )
    Excludes.chosen(source.exclude, source.include)
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no path"
        raise Failure(
            "invalid", f"{path} cannot be read as a folder: {why}.", hint="Name an existing folder."
        ) from None


def left_out(source: FromFolder) -> tuple[str, ...]:
    """Names that are not copied, now or later."""
    return Excludes.chosen(source.exclude, source.include).patterns


async def copy(guest: Guest, source: FromFolder, say: Say) -> tuple[list[Notice], list[FolderFile]]:
    """Into the empty /workspace; answers what is to be told, and what every file was. Raises `source_failed`,
    or what the guest raises."""
    root = await asyncio.to_thread(os.open, source.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = await asyncio.to_thread(survey, root, Excludes.chosen(source.exclude, source.include))
        target = await guest.begin_restore("/workspace")
        try:
            done = 0
            copied: list[FolderFile] = []
            for entry in found.entries:
                await target.add(entry)
                if entry.kind == "file":
                    digest = hashlib.sha256()
                    async for piece in _content(root, entry):
                        digest.update(piece)
                        await target.data(entry.path, piece)
                        done += len(piece)
                    copied += _copied(entry, digest.hexdigest())
                    say("Copying files", 100 * done // max(1, found.bytes))
            await target.finish()
        except BaseException:  # the guest is told, whatever ended it
            await target.abort()
            raise
    finally:
        os.close(root)
    if not found.left:
        return [], copied
    what = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in found.left.most_common(20))
    return [Notice("info", f"Left behind: {what}.", "Name what you need in `include`.")], copied


def _copied(entry: RestoreEntry, digest: str) -> list[FolderFile]:
    """Nothing for a name no client could say."""
    try:
        return [FolderFile(entry.path.decode(), digest, bool(entry.mode & 0o100))]
    except UnicodeDecodeError:
        return []


def survey(root: int, excludes: Excludes) -> Survey:
    """Walk without following links."""
    found = Survey()
    todo: list[bytes] = [b""]
    while todo:
        directory = todo.pop()
        try:
            handle = _open_below(root, directory, _DIRECTORY) if directory else os.dup(root)
        except OSError:
            continue  # it went, or became something else, since it was seen
        try:
            deeper: list[bytes] = []
            for name in sorted(map(os.fsencode, os.listdir(handle))):
                path = directory + b"/" + name if directory else name
                if _note(found, handle, path, name, excludes):
                    deeper.append(path)
            todo += reversed(deeper)
        finally:
            os.close(handle)
        if len(found.entries) > ENTRIES_MAX or found.bytes > BYTES_MAX:
            raise Failure(
                "invalid",
                f"The folder holds more than {ENTRIES_MAX:,} entries or {BYTES_MAX // 1024**3} GiB.",
                hint="Name a smaller folder, or leave parts out with `exclude`.",
            )
    return found


def _note(found: Survey, handle: int, path: bytes, name: bytes, excludes: Excludes) -> bool:
    """Note what is there; whether to look into it."""
    if excludes.name(os.fsdecode(name)):
        found.left[name.decode("utf-8", "replace")] += 1
        return False
    try:
        status = os.stat(name, dir_fd=handle, follow_symlinks=False)
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFLNK:
            target = os.readlink(name, dir_fd=handle)
            found.entries.append(RestoreEntry(path, "symlink", 0o777, status.st_mtime_ns, target=target))
        elif kind == stat.S_IFREG:
            mode = status.st_mode & _MODE | 0o600
            found.entries.append(RestoreEntry(path, "file", mode, status.st_mtime_ns, size=status.st_size))
            found.bytes += status.st_size
        elif kind == stat.S_IFDIR:
            if os.access(name + b"/pyvenv.cfg", os.F_OK, dir_fd=handle):
                found.left["virtual environments"] += 1
                return False
            found.entries.append(RestoreEntry(path, "directory", 0o755, status.st_mtime_ns))
            return True
        else:
            found.left["special files"] += 1
    except OSError:
        found.left["what went meanwhile"] += 1
    return False


def _open_below(root: int, path: bytes, flags: int) -> int:
    """Open a path of plain names below `root`, a directory at a time, following nothing."""
    *parents, last = path.split(b"/")
    handle = os.dup(root)
    try:
        for parent in parents:
            inner = os.open(parent, _DIRECTORY, dir_fd=handle)
            os.close(handle)
            handle = inner
        return os.open(last, flags, dir_fd=handle)
    finally:
        os.close(handle)


async def _content(root: int, entry: RestoreEntry):
    pieces = _pieces(root, entry)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _pieces(root: int, entry: RestoreEntry) -> Iterator[bytes]:
    """Just as many bytes as it had when it was looked at; a file that shrank meanwhile ends the copy."""
    left = entry.size
    try:
        handle = _open_below(root, entry.path, _FILE)
    except OSError as error:
        raise _moved(entry, error.strerror or "it went away") from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise _moved(entry, "it became something else")
        while left:
            data = os.read(handle, min(PIECE, left))
            if not data:
                raise _moved(entry, "it became shorter")
            left -= len(data)
            yield data
    finally:
        os.close(handle)


def _moved(entry: RestoreEntry, why: str) -> Failure:
    return Failure(
        "source_failed",
        f"{entry.path.decode('utf-8', 'backslashreplace')[:200]} could not be copied: {why}.",
        hint="See that nothing writes to the folder, then try again. No project was made.",
        retryable=True,
    )
