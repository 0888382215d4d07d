"""Permissions put together: the user's settings as a policy."""

from __future__ import annotations

from journeyman.chat.event_log import EventLog
from journeyman.config import Settings
from journeyman.permission.policy import Policy
from journeyman.permission.service import Permissions
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.store import Store
from journeyman.tasks import Supervisor


def permissions_of(
    settings: Settings, store: Store, events: EventLog, clock: Clock, ids: Ids, supervisor: Supervisor
) -> Permissions:
    return Permissions(
        store.permissions,
        events,
        clock,
        ids,
        supervisor,
        policy=Policy(
            git=settings.permission_git,
            protected=settings.permission_protected,
            commands=settings.permission_commands,
            edits=settings.permission_edits,
            mcp=settings.permission_mcp,
        ),
        timeout_s=settings.permission_timeout_s,
    )
