"""Pages of hunks, by path, each with its lines as far as there is room for them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from journeyman.changes import hunks, reading
from journeyman.changes.reading import Changed, Hunk
from journeyman.checkpoint import state
from journeyman.checkpoint.parts import Parts
from journeyman.checkpoint.plan import lines
from journeyman.checkpoint.state import State
from journeyman.checkpoint.vault import Vault
from journeyman.failures import Failure
from journeyman.records import Chat, Page

PAGE_CHARS = 1_000_000
HUNK_CHARS = 50_000


@dataclass(frozen=True, slots=True)
class Listed:
    hunk: Hunk
    changed: Changed
    text: str | None
    """As a unified diff shows it; None where there is none to show."""
    truncated: bool
    rejecting: bool
    """It goes at the end of the step a run is at."""


async def listed(
    parts: Parts, chat: Chat, run_id: str | None, cursor: str | None, limit: int
) -> Page[Listed]:
    after, skip = _place(cursor)
    vault = parts.vault(chat.project_id)
    await vault.open()
    before = await paths_of_run(parts, chat, run_id) if run_id is not None else None
    waiting = await parts.store.changes.waiting(chat.id)
    rejecting = {each.hunk_id for each in waiting if each.decision == "rejecting"}
    items: list[Listed] = []
    size = 0
    for entry in reading.entries(await parts.store.changes.paths(chat.id)):
        if entry.path < after or (before is not None and entry.path not in before):
            continue
        changed = await reading.read(vault, entry)
        found = changed.hunks if before is None else await _of_run(vault, changed, *before[entry.path])
        for number, hunk in enumerate(found):
            if entry.path == after and number < skip:
                continue
            text = _text(changed, hunk)
            size += min(len(text or ""), HUNK_CHARS)
            if len(items) >= limit or (items and size > PAGE_CHARS):
                return Page(tuple(items), _cursor(entry.path, number))
            cut = text is not None and len(text) > HUNK_CHARS
            shown = text[:HUNK_CHARS] if text is not None else None
            items.append(Listed(hunk, changed, shown, cut, hunk.id in rejecting))
    return Page(tuple(items))


async def paths_of_run(
    parts: Parts, chat: Chat, run_id: str
) -> Mapping[bytes, tuple[State | None, State | None]]:
    """The paths a run changed, what they were before it and after it: from those of its checkpoints that are
    kept."""
    run = await parts.store.runs.get(run_id)
    if run.chat_id != chat.id:
        raise Failure("not_found", f"Run {run_id!r} is of another chat.", hint="Leave `chatId` out.")
    blobs = await parts.store.checkpoints.changes_of_run(run_id)
    chain = (change for blob in blobs for change in state.from_bytes(blob))
    return {path: (line.first, line.last) for path, line in lines(chain).items()}


async def _of_run(
    vault: Vault, changed: Changed, before: State | None, after: State | None
) -> tuple[Hunk, ...]:
    """Those of its hunks the run had a part in; all where that cannot be told."""
    blocks = [hunk.block for hunk in changed.hunks if hunk.block is not None]
    if not blocks or changed.new is None:
        return changed.hunks
    was, then = await reading.text(vault, before), await reading.text(vault, after)
    if was is None or then is None or before is None or after is None:
        return changed.hunks
    new = changed.new
    touched = await vault.workers.run(lambda: hunks.touching(blocks, was, then, new))
    return tuple(hunk for hunk in changed.hunks if hunk.block is None or hunk.block in touched)


def _text(changed: Changed, hunk: Hunk) -> str | None:
    old, new = changed.old, changed.new
    if hunk.block is not None and old is not None:
        return hunks.shown(old, hunk.block)
    if old is None or new is None or hunk.kind not in ("created", "deleted"):
        return None
    whole = hunks.blocks(old, new)
    return "".join(hunks.shown(old, block) for block in whole) or None


def _cursor(path: bytes, number: int) -> str:
    return base64.urlsafe_b64encode(b"%d:" % number + path).decode()


def _place(cursor: str | None) -> tuple[bytes, int]:
    if cursor is None:
        return b"", 0
    try:
        raw = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        number, _, path = raw.partition(b":")
        return path, int(number)
    except ValueError as error:
        raise Failure(
            "invalid", "This is no cursor of changes.", hint="`cursor`: send `nextCursor` as it came."
        ) from error
