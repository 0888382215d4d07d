"""The wire of one app: the router over its services, and what the daemon tells unasked."""

from __future__ import annotations

from collections.abc import Callable

from journeyman.rpc import wire
from journeyman.rpc.handlers import HANDLERS
from journeyman.rpc.hub import Hub
from journeyman.rpc.router import Router
from journeyman.rpc.services import Services
from journeyman.workspace.status import WorkspaceStatus
from journeyman_protocol.workspace import WillExpire


def router_for(services: Services) -> Router:
    return Router(services, HANDLERS)


def announce_workspaces(services: Services, hub: Hub) -> Callable[[], None]:
    """Tell every client that wants it how workspaces come and go; the answer ends that."""

    def changed(status: WorkspaceStatus) -> None:
        told = wire.workspace_status(status, services.sandbox_name)
        hub.tell("workspace/didChangeStatus", told.wire(), of=status.project_id)

    def will_expire(status: WorkspaceStatus) -> None:
        if status.expires_at is not None:
            told = WillExpire(project_id=status.project_id, expires_at=wire.timestamp(status.expires_at))
            hub.tell("workspace/willExpire", told.wire())

    ends = (services.manager.subscribe(changed), services.manager.subscribe_warnings(will_expire))

    def end() -> None:
        for each in ends:
            each()

    return end
