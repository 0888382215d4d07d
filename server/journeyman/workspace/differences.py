"""What differs between a workspace and its archives, for people: pages of paths, and one file as a diff."""

from __future__ import annotations

import asyncio
import base64
import binascii
import bisect
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.workspace.archive import tree
from journeyman.workspace.archive.compare import Comparison, Difference
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.transfer import guest_of

FILE_BYTES_MAX = 1024 * 1024
"""Largest file that is shown as a diff."""
LINES_MAX = 20_000
DIFF_CHARS_MAX = 1024 * 1024

FileVerdict = Literal["added", "removed", "changed", "same"]


class Comparer(Protocol):
    """The part of the archive engine this needs."""

    async def compare(
        self,
        project_id: str,
        *,
        before: str | None = None,
        after: str | None = None,
        guest: Guest | None = None,
        generation: int = 0,
    ) -> Comparison: ...

    async def content(
        self, project_id: str, archive_id: str | None, path: bytes, *, limit: int
    ) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Page:
    comparison: Comparison
    items: tuple[Difference, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class FileDiff:
    verdict: FileVerdict
    binary: bool
    text: str
    """Unified; empty where both are the same or one is no text."""
    truncated: bool = False


class Differences:
    def __init__(self, manager: WorkspaceManager, engine: Comparer) -> None:
        self._manager = manager
        self._engine = engine

    async def page(
        self, project_id: str, *, before: str | None, after: str | None, cursor: str | None, limit: int
    ) -> Page:
        """Archive `before` (None: the newest) against archive `after` (None: the workspace, which is got
        for it). Each page compares anew."""
        last = _from_cursor(cursor)
        if after is not None:
            found = await self._engine.compare(project_id, before=before, after=after)
        else:
            async with guest_of(self._manager, project_id) as guest:
                status = await self._manager.status(project_id)
                generation = 0 if isinstance(status, WorkspaceError) else status.generation
                found = await self._engine.compare(
                    project_id, before=before, guest=guest, generation=generation
                )
        everything = found.differences
        begin = 0
        if last is not None:
            begin = bisect.bisect_right(everything, tree.order(last), key=lambda each: tree.order(each.path))
        items = everything[begin : begin + limit]
        more = begin + limit < len(everything)
        return Page(found, items, base64.urlsafe_b64encode(items[-1].path).decode() if more else None)

    async def file(
        self, project_id: str, path: str, *, before: str | None, after: str | None, context: int
    ) -> FileDiff:
        """One file as a unified diff. `not_found` where neither side has it, `invalid` where one is larger
        than 1 MiB."""
        name = _relative(path)
        old = await self._engine.content(project_id, before, name, limit=FILE_BYTES_MAX)
        if after is not None:
            new = await self._engine.content(project_id, after, name, limit=FILE_BYTES_MAX)
        else:
            new = await self._present(project_id, name)
        if old is None and new is None:
            raise Failure("not_found", f"There is no file {path}.", hint="workspace/diff lists what differs.")
        return await unified(name, old, new, context)

    async def _present(self, project_id: str, name: bytes) -> bytes | None:
        path = name.decode()
        async with guest_of(self._manager, project_id) as guest:
            found = await guest.stat(path)
            if found is None or found.kind != "file":
                return None
            if found.size > FILE_BYTES_MAX:
                raise Failure("invalid", f"{path} has {found.size:,} bytes, more than {FILE_BYTES_MAX:,}.")
            return (await guest.read(path, limit=FILE_BYTES_MAX, digest=False)).data


async def unified(name: bytes, old: bytes | None, new: bytes | None, context: int) -> FileDiff:
    """Two sides of a file, one of which may not be there. `invalid` where there are too many lines."""
    verdict: FileVerdict = "added" if old is None else "removed" if new is None else "changed"
    if old == new:
        return FileDiff("same", binary=False, text="")
    was, now = _lines(old), _lines(new)
    if was is None or now is None:
        return FileDiff(verdict, binary=True, text="")
    if len(was) + len(now) > LINES_MAX:
        raise Failure("invalid", f"{tree.shown(name)} has too many lines.", hint="Read both sides instead.")
    source = "/dev/null" if old is None else f"a/{tree.shown(name)}"
    target = "/dev/null" if new is None else f"b/{tree.shown(name)}"
    text, truncated = await asyncio.to_thread(
        _joined, difflib.unified_diff(was, now, source, target, n=context)
    )
    return FileDiff(verdict, binary=False, text=text, truncated=truncated)


def _relative(path: str) -> bytes:
    """As it is in an archive, where nothing leads out."""
    inside = path.removeprefix("/workspace/")
    parts = [part for part in inside.split("/") if part not in ("", ".")]
    if not parts or inside.startswith("/") or ".." in parts or "\0" in inside:
        raise Failure(
            "path_refused",
            f"{path} is no file's path.",
            hint="Take one from workspace/diff.",
        )
    return "/".join(parts).encode()


def _lines(content: bytes | None) -> list[str] | None:
    """Lines with their ends; None for what no diff can show."""
    if content is None:
        return []
    if b"\0" in content:
        return None
    try:
        lines = content.decode().split("\n")
    except UnicodeDecodeError:
        return None
    ended = [line + "\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def _joined(lines: Iterator[str]) -> tuple[str, bool]:
    kept: list[str] = []
    size = 0
    for line in lines:
        whole = line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"
        size += len(whole)
        if size > DIFF_CHARS_MAX:
            return "".join(kept), True
        kept.append(whole)
    return "".join(kept), False


def _from_cursor(cursor: str | None) -> bytes | None:
    if cursor is None:
        return None
    try:
        return base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failure(
            "invalid", "This is no cursor of a comparison.", hint="`cursor`: send `nextCursor` as it came."
        ) from error
