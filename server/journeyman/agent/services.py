"""What runs need of the rest of the daemon, handed in by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Protocol

from journeyman.agent.limits import Limits
from journeyman.chat.event_log import EventLog
from journeyman.chat.service import ChatService
from journeyman.model.registry import ModelRegistry
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.sandbox import Workspace
from journeyman.ports.store import Store
from journeyman.project.service import ProjectService
from journeyman.tasks import Supervisor
from journeyman.todo.service import TodoService
from journeyman.workspace.errors import WorkspaceError


class Workspaces(Protocol):
    """The workspace manager, as far as a run needs it. It answers values and does not raise."""

    def acquire(self, project_id: str) -> Awaitable[Workspace | WorkspaceError]: ...

    def release(self, project_id: str) -> Awaitable[object]: ...


@dataclass(frozen=True, slots=True)
class Services:
    store: Store
    projects: ProjectService
    chats: ChatService
    todos: TodoService
    events: EventLog
    models: ModelRegistry
    workspaces: Workspaces
    supervisor: Supervisor
    clock: Clock
    ids: Ids
    limits: Limits = field(default_factory=Limits)
    default_model: str | None = None
    """The user's setting; None: the first usable one of the catalogue."""
