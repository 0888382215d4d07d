"""workspace/ports, forward and unforward."""

from __future__ import annotations

from journeyman.rpc import wire
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.base import Empty
from journeyman_protocol.ports import Forwarded, ForwardParams, PortList, PortsParams, UnforwardParams


async def ports(context: Context, params: PortsParams) -> PortList:
    services, watches = context.services, context.peer.port_watches
    await services.projects.get(params.project_id)
    if params.watch:
        watches.check_room(params.project_id)
    elif params.watch is not None:
        watches.end(params.project_id)
    found = await services.ports.list(params.project_id)
    if params.watch:
        watches.add(params.project_id, found)
    return wire.ports(params.project_id, found)


async def forward(context: Context, params: ForwardParams) -> Forwarded:
    await context.services.projects.get(params.project_id)
    made, created = await context.services.forwards.open(params.project_id, params.port)
    return Forwarded(project_id=params.project_id, port=params.port, url=made.url, created=created)


async def unforward(context: Context, params: UnforwardParams) -> Empty:
    context.services.forwards.close(params.project_id, params.port)
    return Empty()


HANDLERS: dict[str, Handler] = {
    "workspace/ports": ports,
    "workspace/forward": forward,
    "workspace/unforward": unforward,
}
