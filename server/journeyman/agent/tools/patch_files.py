"""Putting several files to what a patch makes of them: all, or none.

Everything is looked at and computed before the first write. Each write says what it expects to find, what
may fail comes before what takes something away, and whatever fails is undone in reverse order. Only the
workspace itself going away in the middle leaves some of it done, and then the answer says so.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from journeyman.agent.tools.patch_place import NotPatched, patch
from journeyman.agent.tools.patch_text import Section
from journeyman.failures import Failure
from journeyman.ports.guest import Guest

FILE_BYTES_MAX = 20_000_000
AT_ONCE_BYTES_MAX = 200_000
"""Larger files are looked through in a thread."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file, before and after."""

    path: str
    before: bytes | None
    """None: it is not there."""
    after: bytes | None
    """None: it goes."""
    sha256: str = ""
    """Of what is there before."""
    mode: int | None = None
    rung: str = "exact"
    came_from: str | None = None
    """Where its content was before the patch moved it."""


@dataclass(frozen=True, slots=True)
class NotCommitted:
    why: Failure
    left: tuple[str, ...]
    """What could not be taken back; empty where everything is as it was."""


class RefusedError(Exception):
    """Why nothing was changed, and what to do next."""


async def plan(guest: Guest, sections: Sequence[Section], at: Callable[[str], str]) -> list[Change]:
    """What every file would be. Raises `RefusedError`; changes nothing."""
    changes: list[Change] = []
    for section in sections:
        path = at(section.path)
        if section.kind == "add":
            content = "".join(f"{line}\n" for line in section.content).encode("utf-8", "surrogateescape")
            changes.append(await _new(guest, path, section.path, content))
            continue
        old = await _present(guest, path, section.path)
        if section.kind == "delete":
            changes.append(Change(path, old.before, None, old.sha256, old.mode))
            continue
        after, rung = old.before or b"", "exact"
        if section.hunks:
            if len(after) <= AT_ONCE_BYTES_MAX:
                patched = patch(after, section.hunks)
            else:
                patched = await asyncio.to_thread(patch, after, section.hunks)
            if isinstance(patched, NotPatched):
                raise RefusedError(f"{section.path}: {patched.message}")
            after, rung = patched.data, patched.rung
        if section.moved_to is None or at(section.moved_to) == path:
            changes.append(Change(path, old.before, after, old.sha256, old.mode, rung))
        else:
            new = await _new(guest, at(section.moved_to), section.moved_to, after)
            changes.append(Change(new.path, None, after, "", old.mode, rung, came_from=path))
            changes.append(Change(path, old.before, None, old.sha256, old.mode))
    named = [change.path for change in changes]
    twice = next((path for path in named if named.count(path) > 1), None)
    if twice is not None:
        raise RefusedError(f"{twice} is named twice: put all that happens to it in one section")
    return changes


async def _new(guest: Guest, path: str, shown: str, content: bytes) -> Change:
    if await guest.stat(path) is not None:
        raise RefusedError(f"{shown} is there already: use '*** Update File', or delete it first")
    return Change(path, None, content)


async def _present(guest: Guest, path: str, shown: str) -> Change:
    found = await guest.stat(path)
    if found is None:
        raise RefusedError(f"there is no file {shown}: use '*** Add File' to create it, or glob to find it")
    if found.kind != "file":
        raise RefusedError(f"{shown} is a {found.kind}: patch changes files; use terminal for it")
    if found.size > FILE_BYTES_MAX:
        raise RefusedError(f"{shown} has {found.size} bytes, too many for a patch: use terminal (sed)")
    content = await guest.read(path)
    return Change(path, content.data, None, content.sha256, found.mode)


async def commit(guest: Guest, changes: Sequence[Change]) -> dict[str, str] | NotCommitted:
    """Do it; answers the SHA-256 of every file that is there afterwards, or what stood in the way."""
    undo: list[Callable[[], Awaitable[object]]] = []
    hashes: dict[str, str] = {}
    try:
        for change in sorted(changes, key=lambda each: each.after is None):
            if change.after is None:
                await _take_away(guest, change, undo)
            else:
                hashes[change.path] = await _write(guest, change, change.after, undo)
    except Failure as failure:
        return NotCommitted(failure, await _undo(undo))
    return hashes


async def _write(
    guest: Guest, change: Change, after: bytes, undo: list[Callable[[], Awaitable[object]]]
) -> str:
    if change.before is None:
        made = await _missing_parent(guest, change.path)
        if made is not None:
            undo.append(lambda: _remove_empty(guest, change.path, made))
    stat = await guest.write(change.path, after, expected_sha256=change.sha256, mode=change.mode)
    written, before = stat.sha256 or "", change.before
    if before is None:
        undo.append(lambda: guest.remove(change.path, recursive=False))
    else:
        undo.append(lambda: guest.write(change.path, before, expected_sha256=written, mode=change.mode))
    return written


async def _take_away(guest: Guest, change: Change, undo: list[Callable[[], Awaitable[object]]]) -> None:
    before = change.before or b""
    now = await guest.read(change.path)
    if now.sha256 != change.sha256:
        raise Failure("conflict", f"{change.path} has changed since it was read.", hint="Read it again.")
    await guest.remove(change.path, recursive=False)
    undo.append(lambda: guest.write(change.path, before, expected_sha256="", mode=change.mode))


async def _missing_parent(guest: Guest, path: str) -> str | None:
    """The topmost directory that has to be made for `path`."""
    missing: str | None = None
    parent = posixpath.dirname(path)
    while parent not in ("", "/") and await guest.stat(parent) is None:
        missing, parent = parent, posixpath.dirname(parent)
    return missing


async def _remove_empty(guest: Guest, path: str, top: str) -> None:
    """The directories made for `path`, from the innermost to `top`, as far as they are empty."""
    parent = posixpath.dirname(path)
    while parent.startswith(top):
        try:
            await guest.remove(parent, recursive=False)
        except Failure as failure:
            if failure.kind == "conflict":
                return  # somebody else put something there
            if failure.kind != "not_found":
                raise
        parent = posixpath.dirname(parent)


async def _undo(undo: list[Callable[[], Awaitable[object]]]) -> tuple[str, ...]:
    """Answers what could not be taken back."""
    left: list[str] = []
    for step in reversed(undo):
        try:
            await step()
        except Failure as failure:
            left.append(failure.message)
    return tuple(left)
