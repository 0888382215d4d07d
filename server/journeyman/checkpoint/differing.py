"""What a checkpoint changed, or what was changed since it, as unified diffs: from what is kept alone."""

from __future__ import annotations

import base64
import bisect
from dataclasses import dataclass
from typing import Literal

from journeyman.checkpoint import state
from journeyman.checkpoint.parts import Parts
from journeyman.checkpoint.plan import lines
from journeyman.checkpoint.state import Change, State, same
from journeyman.checkpoint.vault import Vault
from journeyman.failures import Failure
from journeyman.records import Checkpoint, Page
from journeyman.workspace.archive import tree
from journeyman.workspace.differences import FILE_BYTES_MAX, FileDiff, unified

Against = Literal["before", "now"]
PAGE_CHARS = 2_000_000
"""A page of diffs stays under this; one longer diff alone may exceed it."""


@dataclass(frozen=True, slots=True)
class FileDifference:
    change: Change
    diff: FileDiff | None
    """None where there is none to show: a link, a directory, another mode, or content that is not kept."""


async def page(
    parts: Parts, checkpoint: Checkpoint, against: Against, *, cursor: str | None, limit: int, context: int
) -> Page[FileDifference]:
    changes = await _changes(parts, checkpoint, against)
    begin = 0
    if cursor is not None:
        last = tree.order(_from_cursor(cursor))
        begin = bisect.bisect_right(changes, last, key=lambda change: tree.order(change.path))
    vault = parts.vault(checkpoint.project_id)
    await vault.open()
    items: list[FileDifference] = []
    size = 0
    for change in changes[begin : begin + limit]:
        diff = await _diff(vault, change, context)
        size += len(diff.text) if diff is not None else 0
        if items and size > PAGE_CHARS:
            break
        items.append(FileDifference(change, diff))
    more = begin + len(items) < len(changes)
    following = base64.urlsafe_b64encode(items[-1].change.path).decode() if more and items else None
    return Page(tuple(items), following)


async def _changes(parts: Parts, checkpoint: Checkpoint, against: Against) -> list[Change]:
    store = parts.store.checkpoints
    if against == "before":
        blob = await store.changes(checkpoint.id)
        found = state.from_bytes(blob) if blob else ()
    else:
        blobs = await store.changes_after(checkpoint.chat_id, checkpoint.n)
        chain = (change for blob in blobs for change in state.from_bytes(blob))
        found = (Change(path, line.first, line.last, line.alone) for path, line in lines(chain).items())
    kept = (change for change in found if not same(change.before, change.after))
    return sorted(kept, key=lambda change: tree.order(change.path))


async def _diff(vault: Vault, change: Change, context: int) -> FileDiff | None:
    before, after = change.before, change.after
    if all(side is None or side.kind != "file" for side in (before, after)):
        return None
    old, new = await _content(vault, before), await _content(vault, after)
    if old is False or new is False or old == new:
        return None
    try:
        return await unified(change.path, old, new, context)
    except Failure as failure:
        if failure.kind != "invalid":  # too many lines
            raise
        return None


async def _content(vault: Vault, side: State | None) -> bytes | Literal[False] | None:
    """None where there is no file; False where its content cannot be shown."""
    if side is None or side.kind != "file":
        return None
    if not side.kept or side.size > FILE_BYTES_MAX or not vault.holds(side.chunks):
        return False
    return b"".join([chunk async for chunk in vault.read(side.chunks)])


def _from_cursor(cursor: str) -> bytes:
    try:
        return base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
    except ValueError as error:
        raise Failure(
            "invalid", "This is no cursor of a diff.", hint="`cursor`: send `nextCursor` as it came."
        ) from error
