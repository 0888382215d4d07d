"""What runs need of the rest of the daemon, handed in by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from journeyman.agent.limits import Limits
from journeyman.changed import HunkDecision
from journeyman.chat.event_log import EventLog
from journeyman.chat.service import ChatService
from journeyman.extensions.extensions import Extensions
from journeyman.model.registry import ModelRegistry
from journeyman.overlay.editors import Editors
from journeyman.overlay.saved import Saved
from journeyman.permission.answers import Admission
from journeyman.permission.effect import Effect
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import Workspace
from journeyman.ports.store import Store
from journeyman.ports.tracing import Tracer
from journeyman.project.service import ProjectService
from journeyman.tasks import Supervisor
from journeyman.todo.service import TodoService
from journeyman.workspace.errors import WorkspaceError


class Workspaces(Protocol):
    """The workspace manager, as far as a run needs it. It answers values and does not raise."""

    def acquire(self, project_id: str) -> Awaitable[Workspace | WorkspaceError]: ...

    def release(self, project_id: str) -> Awaitable[object]: ...


class StepRecorder(Protocol):
    """Makes checkpoints of one run. Its methods do not fail the run."""

    def begin(self, *, look: bool) -> Awaitable[None]:
        """The first message is stored. `look`: the run is likely to change files."""
        ...

    def before_change(self) -> Awaitable[None]:
        """Awaited before each call that may change files."""
        ...

    def after_step(self, message_id: str, title: str, named: Iterable[str]) -> None:
        """The calls of this message are done; `named` are files they name, from the workspace's root."""
        ...

    def settled(self) -> Awaitable[None]:
        """Once the look after the last step is over."""
        ...

    def close(self) -> Awaitable[None]:
        """The run's commands are dead; the workspace is still there."""
        ...

    def released(self) -> None:
        """The run has given the workspace back."""
        ...


class Checkpointing(Protocol):
    def recorder(
        self,
        guest: Guest,
        *,
        project_id: str,
        chat_id: str,
        run_id: str,
        at_work: Callable[[], bool],
        say: Callable[[str, str], Awaitable[None]],
    ) -> StepRecorder: ...


class Gatekeeper(Protocol):
    """Says whether a call may happen, by the user's settings or by asking the user."""

    def admit(
        self, effect: Callable[[], Awaitable[Effect]], *, chat_id: str, run_id: str, call_id: str
    ) -> Awaitable[Admission]:
        """Waits for a person where one is asked. `effect` says what would be done, now and when it is."""
        ...

    def question(
        self, question: str, options: tuple[str, ...], *, chat_id: str, run_id: str, call_id: str
    ) -> Awaitable[str | None]:
        """What the user answers; None where nobody is there to be asked."""
        ...

    def choose(
        self, question: str, options: tuple[str, ...], *, chat_id: str, run_id: str, call_id: str
    ) -> Awaitable[str | None]:
        """The option the user takes; None where nobody is there, or they take none."""
        ...

    def take_back(self, run_id: str) -> Awaitable[None]:
        """The run is over, or its user says something else: what it asked and nobody answered is no more."""
        ...


class Reviewing(Protocol):
    """What people decide of a chat's changes while its runs are at work."""

    def waiting(self, chat_id: str) -> Awaitable[Sequence[HunkDecision]]:
        """What is to be done in the files, or to be told to the model."""
        ...

    def settle(self, chat_id: str, guest: Guest) -> Awaitable[None]:
        """Do it in the files: no call of the run is at work."""
        ...

    def told(self, chat_id: str, decisions: Sequence[HunkDecision]) -> Awaitable[None]: ...


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
    checkpoints: Checkpointing | None = None
    gatekeeper: Gatekeeper | None = None
    """None: nobody is asked, everything may happen."""
    review: Reviewing | None = None
    extensions: Extensions = field(default_factory=Extensions)
    tracer: Tracer | None = None
    """None: nobody collects traces."""
    editors: Editors = field(default_factory=Editors)
    saved: Saved = field(default_factory=Saved)
    touched: Callable[[str, str], None] = lambda _project, _path: None
    """Told of files of a project that are changed for a user, not by the agent."""
    default_model: str | None = None
    """The user's setting; None: the first usable one of the catalogue."""
    planner_model: str | None = None
    """The user's setting: plans in place of a run's model; None: that one plans itself."""
    fallback_models: tuple[str, ...] = ()
    """The user's setting: asked in this order where a run's model cannot be had any more."""
