"""project/*"""

from __future__ import annotations

from journeyman.rpc import wire
from journeyman.rpc.handlers.answers import value_of
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.base import Empty, Page
from journeyman_protocol.project import (
    Project,
    ProjectCreateParams,
    ProjectDeleteParams,
    ProjectListParams,
    ProjectRef,
    ProjectUpdateParams,
)


async def create(context: Context, params: ProjectCreateParams) -> Project:
    made = await context.services.projects.create(name=params.name, source=params.source, image=params.image)
    return wire.project_(made)


async def list_(context: Context, params: ProjectListParams) -> Page[Project]:
    page = await context.services.projects.list(cursor=params.cursor, limit=params.limit)
    return Page[Project](items=[wire.project_(item) for item in page.items], next_cursor=page.next_cursor)


async def get(context: Context, params: ProjectRef) -> Project:
    return wire.project_(await context.services.projects.get(params.project_id))


async def update(context: Context, params: ProjectUpdateParams) -> Project:
    commands = None if params.commands is None else wire.from_commands(params.commands)
    changed = await context.services.projects.update(params.project_id, name=params.name, commands=commands)
    return wire.project_(changed)


async def delete(context: Context, params: ProjectDeleteParams) -> Empty:
    services = context.services
    await services.projects.get(params.project_id)
    value_of(await services.manager.delete(params.project_id, archives=params.archives))
    chat_ids = await services.projects.delete(params.project_id)
    services.events.forget(chat_ids)
    return Empty()


HANDLERS: dict[str, Handler] = {
    "project/create": create,
    "project/list": list_,
    "project/get": get,
    "project/update": update,
    "project/delete": delete,
}
