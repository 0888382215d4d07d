"""workspace/archives, nameArchive, verifyArchive, deleteArchive and pruneArchives."""

from __future__ import annotations

from journeyman.rpc import wire
from journeyman.rpc.handlers.answers import value_of
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.archives import (
    ArchiveRef,
    Done,
    NameArchiveParams,
    PruneParams,
    PruneResult,
    VerifyArchiveParams,
    VerifyArchiveResult,
)
from journeyman_protocol.workspace import Archive, ArchivePage, ArchivesParams


async def archives(context: Context, params: ArchivesParams) -> ArchivePage:
    await context.services.projects.get(params.project_id)
    found, cursor = value_of(
        await context.services.manager.kept.page(params.project_id, params.cursor, params.limit)
    )
    return ArchivePage(items=[wire.archive(kept.record, kept.name) for kept in found], next_cursor=cursor)


async def name(context: Context, params: NameArchiveParams) -> Archive:
    await context.services.projects.get(params.project_id)
    kept = value_of(
        await context.services.manager.kept.name(params.project_id, params.archive_id, params.name)
    )
    return wire.archive(kept.record, kept.name)


async def verify(context: Context, params: VerifyArchiveParams) -> VerifyArchiveResult:
    await context.services.projects.get(params.project_id)
    report = value_of(
        await context.services.manager.kept.verify(
            params.project_id, params.archive_id, read_data=params.read_data
        )
    )
    return VerifyArchiveResult(
        archive_id=report.archive_id or None,
        ok=report.ok,
        packs=report.packs,
        bytes_read=report.bytes_read,
        problems=list(report.problems),
    )


async def delete(context: Context, params: ArchiveRef) -> Done:
    await context.services.projects.get(params.project_id)
    value_of(await context.services.manager.kept.drop(params.project_id, params.archive_id))
    return Done()


async def prune(context: Context, params: PruneParams) -> PruneResult:
    await context.services.projects.get(params.project_id)
    thinned = value_of(await context.services.manager.kept.thin(params.project_id, dry_run=params.dry_run))
    return PruneResult(
        archives=list(thinned.dropped),
        packs=thinned.packs,
        bytes=thinned.bytes,
        noted=thinned.noted,
        problems=list(thinned.problems),
    )


HANDLERS: dict[str, Handler] = {
    "workspace/archives": archives,
    "workspace/nameArchive": name,
    "workspace/verifyArchive": verify,
    "workspace/deleteArchive": delete,
    "workspace/pruneArchives": prune,
}
