"""A world whose runs really work: a scripted model, real tools, workspaces without isolation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from journeyman.agent.limits import Limits
from journeyman.agent.runs import RunService
from journeyman.agent.services import Services
from journeyman.model.registry import ModelRegistry
from journeyman.ports.model import Model, ModelInfo
from journeyman.testing.model import ScriptedModel, Step
from journeyman.testing.sandbox import DirectSandbox
from rpc.harness import World, world
from unit.agent.gated import GatedModel
from unit.agent.house import MODEL, DirectWorkspaces


@dataclass
class Working:
    world: World
    agent: Services
    workspaces: DirectWorkspaces

    def offer(self, model: Model, info: ModelInfo | None = None) -> None:
        models = self.agent.models
        models.inject(MODEL, model, info or ModelInfo(MODEL, "scripted", "test", None, True))

    def script(self, steps: Sequence[Step], *, cycle: bool = False) -> ScriptedModel:
        model = ScriptedModel(steps, cycle=cycle)
        self.offer(model)
        return model

    def gated(self, steps: Sequence[Step]) -> GatedModel:
        model = GatedModel(steps)
        self.offer(model)
        return model

    async def until_waiting(self, chat_id: str) -> None:
        """Until something waits in that chat's queue."""
        async with asyncio.timeout(60):
            async for event in self.agent.events.subscribe(chat_id, after=0):
                if event.kind == "queue/changed" and event.data["total"]:
                    return

    async def restart(self) -> None:
        """The runs of a daemon that shuts down, and then another daemon's."""
        await self.world.services.runs.close()
        self.start()
        await self.world.services.runs.recover()

    def start(self) -> None:
        """From the next connection on."""
        runs = RunService(self.agent)
        self.world.services = replace(self.world.services, runs=runs, models=self.agent.models)


@asynccontextmanager
async def working(directory: Path, *, limits: Limits | None = None) -> AsyncGenerator[Working]:
    async with world(directory) as built:
        services = built.services
        workspaces = DirectWorkspaces(directory, DirectSandbox(directory / "data"))
        agent = Services(
            store=services.store,
            projects=services.projects,
            chats=services.chats,
            todos=services.todos,
            events=services.events,
            models=ModelRegistry({}),
            workspaces=workspaces,
            supervisor=services.supervisor,
            clock=services.clock,
            ids=services.ids,
            limits=limits or Limits(),
            editors=services.editors,
            default_model=MODEL,
        )
        made = Working(built, agent, workspaces)
        made.start()
        try:
            yield made
        finally:
            await built.services.runs.close()
            await workspaces.close()
