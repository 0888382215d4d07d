"""workspace/diff and diffFile."""

from __future__ import annotations

from journeyman.rpc.router import Context, Handler
from journeyman.workspace.archive.compare import Difference, Side
from journeyman.workspace.archive.tree import shown
from journeyman_protocol.differences import (
    DiffEntry,
    DiffFileParams,
    DiffFileResult,
    DiffPage,
    DiffParams,
    DiffSide,
)


async def diff(context: Context, params: DiffParams) -> DiffPage:
    await context.services.projects.get(params.project_id)
    page = await context.services.differences.page(
        params.project_id, before=params.from_, after=params.to, cursor=params.cursor, limit=params.limit
    )
    found = page.comparison
    return DiffPage.model_validate(
        {
            "from_": found.before,
            "to": found.after,
            "items": [_entry(item) for item in page.items],
            "next_cursor": page.cursor,
            "total": len(found.differences),
        }
    )


async def diff_file(context: Context, params: DiffFileParams) -> DiffFileResult:
    await context.services.projects.get(params.project_id)
    found = await context.services.differences.file(
        params.project_id, params.path, before=params.from_, after=params.to, context=params.context
    )
    return DiffFileResult(
        change=found.verdict, binary=found.binary, diff=found.text, truncated=found.truncated
    )


def _entry(item: Difference) -> DiffEntry:
    return DiffEntry(
        path=shown(item.path),
        change=item.verdict,
        content=item.content,
        before=_side(item.before),
        after=_side(item.after),
    )


def _side(side: Side | None) -> DiffSide | None:
    return None if side is None else DiffSide(kind=side.kind, size=side.size, mode=side.mode)


HANDLERS: dict[str, Handler] = {"workspace/diff": diff, "workspace/diffFile": diff_file}
