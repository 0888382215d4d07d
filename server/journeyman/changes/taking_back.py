"""What becomes of the files when hunks are rejected: decided for each path from the base, what the agent left
and what is there now.

Lines somebody else changed stay, and so does a hunk that is not there any more as the agent left it. A
directory the agent made goes with the last thing in it, one it removed comes back with what was in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from journeyman.changed import ChangedPath
from journeyman.changes import hunks
from journeyman.changes.reading import Changed, Hunk, text
from journeyman.checkpoint.picture import above
from journeyman.checkpoint.state import Change, State, from_text, same
from journeyman.checkpoint.vault import Vault
from journeyman.workspace.archive import tree

CHANGED = "it is not as the agent left it any more"
LOST = "its content is not kept, then or now: it could not be brought back"


@dataclass(slots=True)
class Planned:
    items: dict[bytes, Change] = field(default_factory=dict[bytes, Change])
    made: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    """Content no side had, to be kept before anything is done."""
    stuck: dict[str, str] = field(default_factory=dict[str, str])

    def ordered(self) -> tuple[Change, ...]:
        return tuple(sorted(self.items.values(), key=lambda item: tree.order(item.path)))


async def plan(
    vault: Vault,
    present: Mapping[bytes, State],
    chosen: Iterable[tuple[Changed, Sequence[Hunk]]],
    rows: Sequence[ChangedPath],
) -> Planned:
    """`rows`: all of the chat's. The vault is open, and holds `present`; it holds what is made afterwards."""
    planned = Planned()
    for changed, wanted in chosen:
        why = await _one(planned, vault, present, changed, wanted)
        if why is not None:
            planned.stuck.update({hunk.id: why for hunk in wanted})
    await _keep(planned, vault)
    _directories(planned, present, {row.path: row for row in rows})
    return planned


async def _one(
    planned: Planned,
    vault: Vault,
    present: Mapping[bytes, State],
    changed: Changed,
    wanted: Sequence[Hunk],
) -> str | None:
    """Why nothing of it can be done; hunks that alone cannot are noted."""
    entry = changed.entry
    now = present.get(entry.path)
    if all(hunk.block is None for hunk in wanted) and wanted[0].kind != "mode":
        return _whole(planned, vault, present, changed)
    assert entry.base is not None
    assert entry.last is not None
    if now is None or now.kind != "file":
        return CHANGED
    mode, xattrs = now.mode, now.xattrs
    if any(hunk.kind == "mode" for hunk in wanted):
        if (mode, xattrs) != (entry.last.mode, entry.last.xattrs):
            return CHANGED
        mode, xattrs = entry.base.mode, entry.base.xattrs
    edits = [hunk.block for hunk in wanted if hunk.block is not None]
    if not edits:
        planned.items[entry.path] = Change(entry.path, now, now._replace(mode=mode, xattrs=xattrs))
        return None
    there = await text(vault, now)
    if there is None or changed.old is None or changed.new is None:
        return CHANGED
    found = edits
    if now.value != entry.last.value:
        moved = {hunk.id: hunks.moved(there, changed.new, [hunk.block]) for hunk in wanted if hunk.block}
        planned.stuck.update({ident: CHANGED for ident, at in moved.items() if at is None})
        found = [block for at in moved.values() if at is not None for block in at]
        if not found:
            return CHANGED
    left = hunks.leave(there, found)
    if left == b"".join(changed.old) and entry.base.kept:
        after = entry.base._replace(mode=mode, xattrs=xattrs)
    else:
        planned.made[entry.path] = left
        after = State("file", mode, b"", len(left), (), True, xattrs)
    planned.items[entry.path] = Change(entry.path, now, after)
    return None


def _whole(planned: Planned, vault: Vault, present: Mapping[bytes, State], changed: Changed) -> str | None:
    entry = changed.entry
    sides = [(entry.path, entry.base, entry.last)]
    if entry.source is not None:
        source = entry.source
        sides.append((source.path, from_text(source.base), from_text(source.last)))
    for path, base, last in sides:
        now = present.get(path)
        if not same(now, last) and not same(now, base):
            return CHANGED
        if base is not None and base.kind == "file" and not (base.kept and vault.holds(base.chunks)):
            return LOST
        if last is not None and not last.kept:
            return LOST
    for path, base, _ in sides:
        planned.items[path] = Change(path, present.get(path), base)
    return None


async def _keep(planned: Planned, vault: Vault) -> None:
    contents = await vault.keep_made(planned.made)
    for path in planned.made:
        item, content = planned.items[path], contents[path]
        assert item.after is not None
        after = item.after._replace(value=content.digest, chunks=content.ids)
        planned.items[path] = item._replace(after=after)


def _directories(planned: Planned, present: Mapping[bytes, State], rows: Mapping[bytes, ChangedPath]) -> None:
    going = {item.path for item in planned.items.values() if item.after is None}
    coming = [item.path for item in planned.items.values() if item.after is not None]
    for path in coming:
        for parent in above(path):
            if parent not in present and parent not in planned.items:
                was = from_text(rows[parent].base) if parent in rows else None
                after = was if was is not None and was.kind == "directory" else State("directory", 0o755)
                planned.items[parent] = Change(parent, None, after)
    needed = {parent for path in coming for parent in above(path)}
    empty = {
        parent
        for path in going
        for parent in above(path)
        if parent not in needed and parent in present and parent in rows and rows[parent].base is None
    }
    if not empty:
        return
    while kept := {path for path in present if path not in going and path not in empty}:
        full = {parent for path in kept for parent in above(path)} & empty
        if not full:
            break
        empty -= full  # and what is above it has something in it, too
    for path in empty:
        planned.items[path] = Change(path, present[path], None)
