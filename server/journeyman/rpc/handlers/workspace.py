"""workspace/*"""

from __future__ import annotations

from journeyman.rpc import wire
from journeyman.rpc.handlers.answers import decoded, value_of
from journeyman.rpc.progress import ArchiveWork
from journeyman.rpc.router import Context, Handler
from journeyman.workspace import transfer
from journeyman.workspace.errors import WorkspaceError
from journeyman_protocol.base import Paged
from journeyman_protocol.workspace import (
    ArchiveParams,
    ArchiveResult,
    FileList,
    FilesParams,
    ImportParams,
    ImportResult,
    RestoreParams,
    RestoreResult,
    WorkspaceFile,
    WorkspacePage,
    WorkspaceRef,
    WorkspaceStatus,
)

HOLDER = "client"


async def open_(context: Context, params: WorkspaceRef) -> WorkspaceStatus:
    services = context.services
    await services.projects.get(params.project_id)
    value_of(await services.manager.acquire(params.project_id, holder=HOLDER))
    # Opening is not keeping: the time until expiry counts from here.
    value_of(await services.manager.release(params.project_id, holder=HOLDER))
    return await _status(context, params.project_id)


async def status(context: Context, params: WorkspaceRef) -> WorkspaceStatus:
    await context.services.projects.get(params.project_id)
    return await _status(context, params.project_id)


async def list_(context: Context, params: Paged) -> WorkspacePage:
    services = context.services
    every = value_of(await services.manager.list())
    rest = [item for item in every if params.cursor is None or item.project_id > params.cursor]
    found = rest[: params.limit]
    newest = {
        item.project_id: await services.store.archives.newest(item.project_id)
        for item in found
        if item.archive_id is not None
    }
    return WorkspacePage(
        items=[
            wire.workspace_status(item, services.sandbox_name, newest.get(item.project_id)) for item in found
        ],
        next_cursor=found[-1].project_id if len(rest) > len(found) else None,
    )


async def archive(context: Context, params: ArchiveParams) -> ArchiveResult:
    services = context.services
    await services.projects.get(params.project_id)
    if not params.wait:
        services.supervisor.start(_archive_alone(context, params), name=f"archive {params.project_id}")
        return ArchiveResult(verified=False)
    with ArchiveWork(context.peer, params.work_done_token, "Archiving") as work:
        record = value_of(
            await services.manager.archive(params.project_id, keep=params.keep, on_progress=work.show)
        )
    return ArchiveResult(archive=wire.archive(record), verified=True)


async def _archive_alone(context: Context, params: ArchiveParams) -> None:
    answer = await context.services.manager.archive(params.project_id, keep=params.keep)
    if isinstance(answer, WorkspaceError):
        # The workspace's state and message tell everybody; nobody waits for this answer.
        return


async def restore(context: Context, params: RestoreParams) -> RestoreResult:
    services = context.services
    await services.projects.get(params.project_id)
    with ArchiveWork(context.peer, params.work_done_token, "Restoring") as work:
        restored = value_of(
            await services.manager.restore(params.project_id, params.archive_id, on_progress=work.show)
        )
    record = await services.store.archives.get(restored.archive_id)
    return RestoreResult(archive=wire.archive(record), status=await _status(context, params.project_id))


async def close(context: Context, params: WorkspaceRef) -> WorkspaceStatus:
    await context.services.projects.get(params.project_id)
    value_of(await context.services.manager.close(params.project_id))
    return await _status(context, params.project_id)


async def touch(context: Context, params: WorkspaceRef) -> WorkspaceStatus:
    await context.services.projects.get(params.project_id)
    value_of(await context.services.manager.touch(params.project_id))
    return await _status(context, params.project_id)


async def import_(context: Context, params: ImportParams) -> ImportResult:
    await context.services.projects.get(params.project_id)
    files = [
        transfer.NewFile(
            file.path,
            decoded(file.content, f"the content of {file.path!r}", "files.content"),
            file.executable,
        )
        for file in params.files
    ]
    size = await transfer.put_files(context.services.manager, params.project_id, files)
    return ImportResult(files=len(files), bytes=size)


async def files(context: Context, params: FilesParams) -> FileList:
    await context.services.projects.get(params.project_id)
    listing = await transfer.list_files(context.services.manager, params.project_id, params.exclude)
    items = [
        WorkspaceFile(path=file.path, size=file.size, sha256=file.sha256, executable=file.executable)
        for file in listing.files
    ]
    return FileList(items=items, skipped=list(listing.skipped))


async def _status(context: Context, project_id: str) -> WorkspaceStatus:
    services = context.services
    found = value_of(await services.manager.status(project_id))
    newest = await services.store.archives.newest(project_id)
    return wire.workspace_status(found, services.sandbox_name, newest)


HANDLERS: dict[str, Handler] = {
    "workspace/open": open_,
    "workspace/status": status,
    "workspace/list": list_,
    "workspace/archive": archive,
    "workspace/restore": restore,
    "workspace/close": close,
    "workspace/import": import_,
    "workspace/files": files,
    "workspace/touch": touch,
}
