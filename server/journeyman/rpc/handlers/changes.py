"""changes/*"""

from __future__ import annotations

from pathlib import Path

from journeyman import records
from journeyman.changes.listing import Listed
from journeyman.changes.service import Decided
from journeyman.failures import Failure
from journeyman.folder import protected
from journeyman.rpc.applying import Applying
from journeyman.rpc.edits import folder_of, is_uri
from journeyman.rpc.router import Context, Handler
from journeyman.workspace.archive.tree import shown
from journeyman_protocol.base import Page
from journeyman_protocol.changes import (
    CarriedFile,
    ChangesApplied,
    ChangesApplyParams,
    ChangesDecided,
    ChangesDecideParams,
    ChangesListParams,
    Hunk,
    HunkOutcome,
)


async def list_(context: Context, params: ChangesListParams) -> Page[Hunk]:
    chat = await _chat(context, params.chat_id, params.run_id)
    page = await context.services.changes.list(
        chat.id, run_id=params.run_id, cursor=params.cursor, limit=params.limit
    )
    return Page[Hunk](items=[_hunk(item) for item in page.items], next_cursor=page.next_cursor)


async def accept(context: Context, params: ChangesDecideParams) -> ChangesDecided:
    decided = await context.services.changes.accept(params.chat_id, params.hunk_ids, params.feedback)
    return ChangesDecided(items=[_outcome(each) for each in decided])


async def reject(context: Context, params: ChangesDecideParams) -> ChangesDecided:
    decided = await context.services.changes.reject(params.chat_id, params.hunk_ids, params.feedback)
    return ChangesDecided(items=[_outcome(each) for each in decided])


async def apply(context: Context, params: ChangesApplyParams) -> ChangesApplied:
    carrying = context.services.carrying
    chat = await _chat(context, params.chat_id, params.run_id)
    root = _root(params.root) if params.root is not None else await carrying.root_of(chat)
    proposals = await carrying.proposals(
        chat, root=root, run_id=params.run_id, hunk_ids=params.hunk_ids, allowed=params.allow
    )
    applying = Applying(context.peer, carrying, chat, root, params.allow, params.confirm)
    items = [
        CarriedFile(path=each.path, outcome=each.outcome, why=each.why or None)
        for each in await applying.apply(proposals)
    ]
    return ChangesApplied(root=root, items=items)


def _root(given: str) -> str:
    """A folder of this machine as its path, anything else as its URI."""
    path = folder_of(given)
    if path is None and is_uri(given):
        return given.rstrip("/")
    if path is None or "\0" in path or Path(path) in (Path("/"), Path.home()):
        raise Failure(
            "invalid",
            f"{given[:200]} is no folder changes can go to.",
            hint="`root`: the absolute path of the project's folder, or its URI.",
        )
    return str(Path(path))


async def _chat(context: Context, chat_id: str | None, run_id: str | None) -> records.Chat:
    if chat_id is None and run_id is None:
        raise Failure("invalid", "A chat or a run is needed.", hint="`chatId` or `runId`: name one.")
    if chat_id is None:
        assert run_id is not None
        chat_id = await context.services.changes.chat_of_run(run_id)
    return await context.services.chats.get(chat_id)


def _hunk(item: Listed) -> Hunk:
    hunk, entry = item.hunk, item.changed.entry
    block = hunk.block
    sides = [side for side in (entry.base, entry.last) if side is not None]
    return Hunk(
        hunk_id=hunk.id,
        path=shown(hunk.path),
        kind=hunk.kind,
        renamed_from=shown(entry.source.path) if entry.source is not None else None,
        old_start=block.old_at + bool(block.old) if block is not None else None,
        old_lines=len(block.old) if block is not None else None,
        new_start=block.new_at + bool(block.new) if block is not None else None,
        new_lines=len(block.new) if block is not None else None,
        text=item.text,
        truncated=item.truncated,
        kept=all(side.kept for side in sides),
        doubtful=not entry.row.sure,
        rejecting=item.rejecting,
        guarded=protected.reason(shown(hunk.path)),
    )


def _outcome(decided: Decided) -> HunkOutcome:
    return HunkOutcome(
        hunk_id=decided.hunk_id,
        outcome=decided.outcome,
        path=shown(decided.path) if decided.path is not None else None,
        message=decided.message or None,
        earlier=decided.earlier,
    )


HANDLERS: dict[str, Handler] = {
    "changes/list": list_,
    "changes/accept": accept,
    "changes/reject": reject,
    "changes/apply": apply,
}
