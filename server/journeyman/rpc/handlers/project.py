"""project/*"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from journeyman import records
from journeyman.failures import Failure
from journeyman.rpc import wire
from journeyman.rpc.bringing import bring_open_documents, of_folder
from journeyman.rpc.handlers.answers import value_of
from journeyman.rpc.progress import SourceWork
from journeyman.rpc.router import Context, Handler
from journeyman.sources import spec
from journeyman_protocol.base import Empty, Page
from journeyman_protocol.project import (
    FromArchive,
    FromFolder,
    FromGit,
    Project,
    ProjectCreated,
    ProjectCreateParams,
    ProjectDeleteParams,
    ProjectForkParams,
    ProjectListParams,
    ProjectNotice,
    ProjectOpenParams,
    ProjectRef,
    ProjectUpdateParams,
)


async def create(context: Context, params: ProjectCreateParams) -> ProjectCreated:
    if isinstance(params.source, str):
        plain = await context.services.projects.create(
            name=params.name, source=params.source, image=params.image
        )
        return _created(plain)
    source = _source(context, params.source)
    with SourceWork(context.peer, params.work_done_token) as work:
        made = await context.services.sources.create(
            source, name=params.name, image=params.image, say=work.show
        )
    return _created(made.project, made.notices)


def _source(context: Context, given: FromFolder | FromGit | FromArchive) -> spec.Source:
    if isinstance(given, FromGit):
        return spec.FromGit(given.git.url, given.git.ref, given.git.depth)
    if isinstance(given, FromArchive):
        return spec.FromArchive(given.archive.project_id, given.archive.archive_id)
    if not context.peer.local:
        raise _elsewhere()
    folder = given.folder
    return spec.FromFolder(Path(folder.path), tuple(folder.exclude), tuple(folder.include))


def _elsewhere() -> Failure:
    return Failure(
        "unauthorized",
        "Only a client on the daemon's own machine can name a folder of it.",
        hint='Create the project with source "folder" and send the files with workspace/import.',
    )


def _created(project: records.Project, notices: Sequence[spec.Notice] = ()) -> ProjectCreated:
    told = [ProjectNotice(level=n.level, message=n.message, hint=n.hint or None) for n in notices]
    return ProjectCreated(**dict(wire.project_(project)), notices=told or None)


async def open_(context: Context, params: ProjectOpenParams) -> ProjectCreated:
    if not context.peer.local:
        raise _elsewhere()
    opened = await of_folder(context, Path(params.folder), params.work_done_token)
    await bring_open_documents(context, opened.project)
    return _created(opened.project, opened.notices)


async def fork(context: Context, params: ProjectForkParams) -> Project:
    with SourceWork(context.peer, params.work_done_token) as work:
        made = await context.services.sources.fork(
            params.project_id, archive_id=params.archive_id, name=params.name, say=work.show
        )
    return wire.project_(made)


async def list_(context: Context, params: ProjectListParams) -> Page[Project]:
    page = await context.services.projects.list(cursor=params.cursor, limit=params.limit)
    return Page[Project](items=[wire.project_(item) for item in page.items], next_cursor=page.next_cursor)


async def get(context: Context, params: ProjectRef) -> Project:
    return wire.project_(await context.services.projects.get(params.project_id))


async def update(context: Context, params: ProjectUpdateParams) -> Project:
    await context.services.projects.get(params.project_id)
    commands = None if params.commands is None else wire.from_commands(params.commands)
    quota = None if params.quota is None else wire.from_quota(params.quota)
    changed = await context.services.projects.update(
        params.project_id, name=params.name, commands=commands, quota=quota
    )
    return wire.project_(changed)


async def delete(context: Context, params: ProjectDeleteParams) -> Empty:
    services = context.services
    await services.projects.get(params.project_id)
    value_of(await services.manager.delete(params.project_id, archives=params.archives))
    chat_ids = await services.projects.delete(params.project_id)
    services.events.forget(chat_ids)
    await services.checkpoints.forget_project(params.project_id)
    return Empty()


HANDLERS: dict[str, Handler] = {
    "project/create": create,
    "project/open": open_,
    "project/fork": fork,
    "project/list": list_,
    "project/get": get,
    "project/update": update,
    "project/delete": delete,
}
