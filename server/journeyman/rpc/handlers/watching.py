"""workspace/watch and unwatch."""

from __future__ import annotations

from journeyman.rpc.router import Context, Handler
from journeyman.workspace.transfer import guest_of
from journeyman_protocol.base import Empty
from journeyman_protocol.watching import WatchParams, WatchRef, WatchResult


async def watch(context: Context, params: WatchParams) -> WatchResult:
    services, watches = context.services, context.peer.watches
    await services.projects.get(params.project_id)
    watches.check_room()
    async with guest_of(services.manager, params.project_id) as guest:
        found = await guest.watch(params.path, recursive=params.recursive, excludes=params.excludes)
        ident = services.ids.new()
        watches.add(ident, found)
    return WatchResult(watch_id=ident, by=found.by, directories=found.directories)


async def unwatch(context: Context, params: WatchRef) -> Empty:
    context.peer.watches.end(params.watch_id)
    return Empty()


HANDLERS: dict[str, Handler] = {"workspace/watch": watch, "workspace/unwatch": unwatch}
