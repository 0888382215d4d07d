"""checkpoint/*"""

from __future__ import annotations

from journeyman import records
from journeyman.checkpoint.differing import FileDifference
from journeyman.checkpoint.rewinding import Report
from journeyman.rpc import wire
from journeyman.rpc.router import Context, Handler
from journeyman.workspace.archive.tree import shown
from journeyman_protocol.base import Page
from journeyman_protocol.checkpoint import (
    Checkpoint,
    CheckpointDiffParams,
    CheckpointFile,
    CheckpointListParams,
    KeptFile,
    RewindParams,
    RewindResult,
    RewoundFile,
    UndoParams,
)

PATHS_MAX = 1000


async def list_(context: Context, params: CheckpointListParams) -> Page[Checkpoint]:
    page = await context.services.checkpoints.list(params.chat_id, cursor=params.cursor, limit=params.limit)
    return Page[Checkpoint](items=[_checkpoint(item) for item in page.items], next_cursor=page.next_cursor)


async def diff(context: Context, params: CheckpointDiffParams) -> Page[CheckpointFile]:
    page = await context.services.checkpoints.diff(
        params.chat_id,
        params.checkpoint_id,
        against=params.against,
        cursor=params.cursor,
        limit=params.limit,
        context=params.context,
    )
    return Page[CheckpointFile](items=[_file(item) for item in page.items], next_cursor=page.next_cursor)


async def preview(context: Context, params: RewindParams) -> RewindResult:
    report = await context.services.checkpoints.preview(
        params.chat_id, params.checkpoint_id, scope=params.scope, conflicts=params.on_conflict
    )
    return _result(report)


async def restore(context: Context, params: RewindParams) -> RewindResult:
    report = await context.services.checkpoints.restore(
        params.chat_id, params.checkpoint_id, scope=params.scope, conflicts=params.on_conflict
    )
    return _result(report)


async def undo(context: Context, params: UndoParams) -> RewindResult:
    return _result(await context.services.checkpoints.undo(params.chat_id, conflicts=params.on_conflict))


def _checkpoint(value: records.Checkpoint) -> Checkpoint:
    return Checkpoint(
        id=value.id,
        chat_id=value.chat_id,
        run_id=value.run_id,
        kind=value.kind,
        title=value.title,
        files=value.files,
        seq=value.seq,
        created_at=wire.timestamp(value.created_at),
    )


def _file(item: FileDifference) -> CheckpointFile:
    change = item.change
    side = change.after or change.before
    assert side is not None, "a change has a side"
    verdict = "added" if change.before is None else "removed" if change.after is None else "changed"
    kept = all(each is None or each.kept for each in (change.before, change.after))
    return CheckpointFile(
        path=shown(change.path),
        change=verdict,
        kind=side.kind,
        binary=item.diff is not None and item.diff.binary,
        diff=item.diff.text if item.diff is not None and not item.diff.binary else None,
        truncated=item.diff is not None and item.diff.truncated,
        kept=kept,
    )


def _result(report: Report) -> RewindResult:
    return RewindResult(
        checkpoint_id=report.order.checkpoint.id,
        scope=report.order.scope,
        rewind_id=report.rewind_id,
        files=[
            RewoundFile(path=shown(item.path), action="removed" if item.after is None else "written")
            for item in report.items[:PATHS_MAX]
        ],
        files_total=len(report.items),
        kept=[
            KeptFile(path=shown(each.path), why=each.why, message=each.message or None)
            for each in report.kept[:PATHS_MAX]
        ],
        kept_total=len(report.kept),
        messages_hidden=report.turned.hidden,
        messages_shown=report.turned.shown,
        todos_changed=report.turned.todos is not None,
    )


HANDLERS: dict[str, Handler] = {
    "checkpoint/list": list_,
    "checkpoint/diff": diff,
    "checkpoint/preview": preview,
    "checkpoint/restore": restore,
    "checkpoint/undo": undo,
}
