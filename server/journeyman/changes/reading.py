"""From what is stored of changed paths to hunks: which there are, and, where both sides are text, what lines.

Whatever is no text, is too large or is no file is one piece. Directories are nobody's decision: they come and
go with what is in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from journeyman.changed import ChangedPath
from journeyman.changes import hunks
from journeyman.changes.hunks import Block
from journeyman.checkpoint.state import State, from_text, same
from journeyman.checkpoint.vault import Vault

Kind = Literal["edit", "created", "deleted", "renamed", "mode", "replaced"]
"""`edit`: lines of a text; `mode`: permissions or attributes alone; `replaced`: content that is no text, or
something else altogether."""


@dataclass(frozen=True, slots=True)
class Hunk:
    id: str
    path: bytes
    kind: Kind
    block: Block | None = None
    """Of an edit."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A path that is not decided on."""

    row: ChangedPath
    base: State | None
    last: State | None
    source: ChangedPath | None = None
    """Where it was moved from."""

    @property
    def path(self) -> bytes:
        return self.row.path


@dataclass(frozen=True, slots=True)
class Changed:
    """An entry with its hunks."""

    entry: Entry
    hunks: tuple[Hunk, ...]
    old: Sequence[bytes] | None = None
    """Lines of the base, where it is text; none where there is no file."""
    new: Sequence[bytes] | None = None


def entries(rows: Iterable[ChangedPath]) -> list[Entry]:
    """Those not decided on; a file that went and came elsewhere with the same content is one."""
    found = [Entry(row, from_text(row.base), from_text(row.last)) for row in rows if row.base != row.last]
    found = [each for each in found if not same(each.base, each.last) and not _directories(each)]
    gone, come = _by_content(found, came=False), _by_content(found, came=True)
    moved = {come[value].path: gone[value] for value in come.keys() & gone.keys()}
    sources = {each.path for each in moved.values()}
    return [
        Entry(each.row, each.base, each.last, moved[each.path].row) if each.path in moved else each
        for each in found
        if each.path not in sources
    ]


def _directories(entry: Entry) -> bool:
    return all(side is None or side.kind == "directory" for side in (entry.base, entry.last))


def _by_content(found: Sequence[Entry], *, came: bool) -> dict[bytes, Entry]:
    """Files that came, or went, whose content no other one that did has."""
    sides = [(each, each.last if came else each.base, each.base if came else each.last) for each in found]
    only = [
        (side.value, each)
        for each, side, other in sides
        if other is None and side is not None and side.kind == "file" and side.kept and side.size
    ]
    count = Counter(value for value, _ in only)
    return {value: each for value, each in only if count[value] == 1}


async def read(vault: Vault, entry: Entry) -> Changed:
    """The vault is open."""
    base, last = entry.base, entry.last
    if entry.source is not None:
        return Changed(entry, (_whole(entry, "renamed"),), *await _sides(vault, base, last))
    if base is None or last is None:
        kind = "created" if base is None else "deleted"
        return Changed(entry, (_whole(entry, kind),), *await _sides(vault, base, last))
    if base.kind != "file" or last.kind != "file" or base.kept != last.kept:
        return Changed(entry, (_whole(entry, "replaced"),))
    if base.value == last.value:
        return Changed(entry, (_mode(entry),))
    old, new = await _sides(vault, base, last)
    if old is None or new is None or len(old) + len(new) > hunks.LINES_MAX:
        return Changed(entry, (_whole(entry, "replaced"),))
    blocks = await vault.workers.run(lambda: hunks.blocks(old, new))
    names = hunks.names(entry.path, old, new, blocks)
    found = [Hunk(ident, entry.path, "edit", block) for ident, block in zip(names, blocks, strict=True)]
    if (base.mode, base.xattrs) != (last.mode, last.xattrs):
        found.append(_mode(entry))
    return Changed(entry, tuple(found), old, new)


def _whole(entry: Entry, kind: Kind) -> Hunk:
    source = (entry.source.path, _text(entry.source.base)) if entry.source is not None else ()
    states = (_text(entry.row.base), _text(entry.row.last))
    return Hunk(hunks.name(entry.path, kind.encode(), *states, *source), entry.path, kind)


def _mode(entry: Entry) -> Hunk:
    sides = [
        repr((side.mode, side.xattrs) if side is not None else None).encode()
        for side in (entry.base, entry.last)
    ]
    return Hunk(hunks.name(entry.path, b"mode", *sides), entry.path, "mode")


def _text(stored: str | None) -> bytes:
    return b"" if stored is None else stored.encode()


async def _sides(
    vault: Vault, base: State | None, last: State | None
) -> tuple[list[bytes] | None, list[bytes] | None]:
    return await text(vault, base), await text(vault, last)


async def text(vault: Vault, side: State | None) -> list[bytes] | None:
    """Lines of a text file, none where nothing is there; None for what is no text, or is not kept."""
    if side is None:
        return []
    found = await content(vault, side, hunks.BYTES_MAX)
    return None if found is None else hunks.lines(found)


async def content(vault: Vault, side: State, bytes_max: int) -> bytes | None:
    """What a file holds; None where it is none, is larger, or is not kept."""
    if side.kind != "file" or not side.kept or side.size > bytes_max or not vault.holds(side.chunks):
        return None
    return b"".join([chunk async for chunk in vault.read(side.chunks)])


def accepted(changed: Changed, chosen: Sequence[Hunk]) -> State | bytes | None:
    """What the base becomes: a state there is already, or content that is to be kept first."""
    entry = changed.entry
    if len(chosen) == len(changed.hunks):
        return entry.last
    assert entry.base is not None
    assert entry.last is not None
    edits = [hunk.block for hunk in chosen if hunk.block is not None]
    if not edits:  # the mode alone
        return entry.base._replace(mode=entry.last.mode, xattrs=entry.last.xattrs)
    assert changed.old is not None
    if len(edits) == sum(hunk.block is not None for hunk in changed.hunks):  # everything but the mode
        return entry.last._replace(mode=entry.base.mode, xattrs=entry.base.xattrs)
    return hunks.take(changed.old, edits)
