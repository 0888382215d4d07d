"""The agent with real parts around it (SQLite, guest, event log). Only the model's words are scripted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from journeyman.adapters.sqlite import SqliteStore
from journeyman.agent.limits import Limits
from journeyman.agent.runs import RunService, StartRun
from journeyman.agent.services import Services
from journeyman.chat.event_log import EventLog
from journeyman.chat.service import ChatService
from journeyman.extensions.extensions import Extensions
from journeyman.failures import Failure
from journeyman.model.registry import ModelRegistry
from journeyman.permission.policy import Policy
from journeyman.permission.service import Permissions
from journeyman.ports.clock import Clock, SystemClock, SystemIds
from journeyman.ports.guest import Guest
from journeyman.ports.model import Model, ModelInfo
from journeyman.ports.sandbox import InstanceSpec, Workspace
from journeyman.ports.sandbox import Limits as SandboxLimits
from journeyman.project.service import ProjectService
from journeyman.records import Chat, Event, Permission, Run
from journeyman.tasks import Supervisor
from journeyman.testing.model import ScriptedModel, Step
from journeyman.testing.sandbox import DirectSandbox
from journeyman.todo.service import TodoService
from journeyman.workspace.errors import WorkspaceError

MODEL = "scripted/test"


class FastClock(SystemClock):
    """Real time, but nobody waits for a retry."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@dataclass
class DirectWorkspaces:
    """Workspaces without isolation, one directory a project; what is released is counted."""

    root: Path
    sandbox: DirectSandbox
    files: dict[str, Path] = field(default_factory=dict)
    acquired: dict[str, Workspace] = field(default_factory=dict)
    in_use: int = 0
    refuse: WorkspaceError | None = None

    async def acquire(self, project_id: str) -> Workspace | WorkspaceError:
        if self.refuse:
            return self.refuse
        self.in_use += 1
        try:
            return await self._acquired(project_id)
        except BaseException:  # who is cancelled on the way gets nothing to give back
            self.in_use -= 1
            raise

    async def _acquired(self, project_id: str) -> Workspace:
        if project_id not in self.acquired:
            files = self.folder(project_id)
            limits = SandboxLimits(memory_mb=1024, cpus=1, pids=100)
            spec = InstanceSpec(project_id, project_id, 1, 1, files, "none", limits)
            instance = await self.sandbox.find(project_id) or await self.sandbox.create(spec)
            await self.sandbox.start(instance.id)
            guest = await self.sandbox.attach(instance.id)
            self.acquired[project_id] = Workspace(project_id, instance, guest, "created")
        return self.acquired[project_id]

    async def release(self, project_id: str) -> object:
        self.in_use -= 1
        return None

    def folder(self, project_id: str) -> Path:
        files = self.files.setdefault(project_id, self.root / "files" / project_id)
        files.mkdir(parents=True, exist_ok=True)
        return files

    async def close(self) -> None:
        for workspace in self.acquired.values():
            await workspace.guest.close()
            await self.sandbox.remove(workspace.instance.id)
        await self.sandbox.close()


@dataclass
class House:
    services: Services
    store: SqliteStore
    workspaces: DirectWorkspaces
    models: ModelRegistry
    runs: RunService
    permissions: Permissions

    def script(
        self, steps: Sequence[Step], *, window: int | None = None, cycle: bool = False
    ) -> ScriptedModel:
        model = ScriptedModel(steps, cycle=cycle)
        self.offer(model, window)
        return model

    def offer(self, model: Model, window: int | None = None) -> None:
        self.models.inject(MODEL, model, ModelInfo(MODEL, "scripted", "test", window, True))

    async def chat(self) -> Chat:
        project = await self.services.projects.create()
        return await self.services.chats.create(project.id)

    def folder(self, chat: Chat) -> Path:
        return self.workspaces.folder(chat.project_id)

    async def guest(self, chat: Chat) -> Guest:
        got = await self.workspaces.acquire(chat.project_id)
        assert isinstance(got, Workspace)
        return got.guest

    async def run(self, prompt: str = "Make it work.", **more: object) -> Run:
        """Start and wait."""
        started = await self.runs.start(StartRun(prompt, **more))  # type: ignore[arg-type]
        async with asyncio.timeout(60):
            return await self.runs.wait(started.id)

    async def events(self, chat_id: str) -> tuple[Event, ...]:
        return await self.store.events.read(chat_id, after=0)

    async def tool_texts(self, chat_id: str) -> list[str]:
        return [m.text for m in await self.store.messages.history(chat_id) if m.role == "tool"]

    async def asked(self, chat_id: str, number: int = 1) -> Permission:
        """The newest question of a chat, once `number` have been asked."""
        await self.until_event(chat_id, "permission/requested", number)
        return (await self.permissions.pending(chat_id))[-1]

    async def until_event(self, chat_id: str, kind: str, number: int = 1) -> None:
        async with asyncio.timeout(90):
            async for event in self.services.events.subscribe(chat_id, after=0):
                number -= event.kind == kind
                if number <= 0:
                    return


@contextlib.asynccontextmanager
async def house(
    root: Path,
    *,
    limits: Limits | None = None,
    runs_max: int = 4,
    policy: Policy | None = None,
    clock: Clock | None = None,
    extensions: Extensions | None = None,
) -> AsyncGenerator[House]:
    """Nobody is asked for permission unless there is a `policy`."""
    clock, ids = clock or FastClock(), SystemIds()
    store = await SqliteStore.open(root / "state.db", clock=clock)
    events, supervisor = EventLog(store.events, clock), Supervisor()
    workspaces = DirectWorkspaces(root, DirectSandbox(root / "data"))
    models = ModelRegistry({})
    permissions = Permissions(store.permissions, events, clock, ids, supervisor, policy=policy)
    services = Services(
        store=store,
        projects=ProjectService(store, clock, ids),
        chats=ChatService(store, clock, ids, events=events),
        todos=TodoService(store.todos, events, clock, ids),
        events=events,
        models=models,
        workspaces=workspaces,
        supervisor=supervisor,
        clock=clock,
        ids=ids,
        limits=limits or Limits(),
        gatekeeper=permissions if policy else None,
        default_model=MODEL,
        extensions=extensions or Extensions(),
    )
    try:
        runs = RunService(services, runs_max=runs_max)
        yield House(services, store, workspaces, models, runs, permissions)
    finally:
        await supervisor.close()
        with contextlib.suppress(Failure):
            await workspaces.close()
        await store.close()
