"""What the handlers may use of the rooms below, and nothing else. `app` builds it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from journeyman.extensions.extensions import Extensions
from journeyman.rpc.metrics import Metrics

if TYPE_CHECKING:
    from journeyman.agent.runs import RunService
    from journeyman.changes.carrying import Carrying
    from journeyman.changes.service import Changes
    from journeyman.chat.event_log import EventLog
    from journeyman.chat.service import ChatService
    from journeyman.checkpoint.service import Checkpoints
    from journeyman.config import Settings
    from journeyman.model.registry import ModelRegistry
    from journeyman.overlay.editors import Editors
    from journeyman.permission.service import Permissions
    from journeyman.ports.clock import Clock, Ids
    from journeyman.ports.store import Store
    from journeyman.ports.tracing import Tracer
    from journeyman.project.service import ProjectService
    from journeyman.sources.folders import Folders
    from journeyman.sources.service import Sources
    from journeyman.tasks import Supervisor
    from journeyman.todo.service import TodoService
    from journeyman.workspace.differences import Differences
    from journeyman.workspace.forwards import Forwards
    from journeyman.workspace.manager import WorkspaceManager
    from journeyman.workspace.ports import Ports
    from journeyman.workspace.terminals import Terminals


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """What `daemon/status` says beyond what the wire itself knows (clients, draining, version)."""

    started_at: datetime
    runs_active: int
    runs_queued: int
    workspaces_live: int
    objects: str
    """Where archives go, without credentials."""
    sandbox_name: str | None = None
    sandbox_tier: str = ""
    sandbox_gaps: tuple[str, ...] = ()
    sandbox_problem: str | None = None
    shortages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Services:
    runs: RunService
    editors: Editors
    manager: WorkspaceManager
    terminals: Terminals
    differences: Differences
    forwards: Forwards
    ports: Ports
    checkpoints: Checkpoints
    permissions: Permissions
    changes: Changes
    carrying: Carrying
    projects: ProjectService
    sources: Sources
    folders: Folders
    chats: ChatService
    todos: TodoService
    events: EventLog
    models: ModelRegistry
    store: Store
    supervisor: Supervisor
    clock: Clock
    ids: Ids
    settings: Settings
    status: Callable[[], Awaitable[StatusFacts]]
    sandbox_name: str | None = None
    """`docker` or `bubblewrap`; None where no sandbox can be had."""
    extensions: Extensions = field(default_factory=Extensions)
    metrics: Metrics = field(default_factory=Metrics)
    tracer: Tracer | None = None
    """None: nobody collects traces."""
