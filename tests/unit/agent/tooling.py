"""Tools alone, against a real guest: call one and look at what it answers."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from journeyman.agent.state import RunState
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.jobs import Jobs
from journeyman.agent.tools.observation import Observation
from journeyman.agent.tools.registry import Prepared, Registry, run_tool
from journeyman.ports.guest import Guest
from journeyman.records import TodoItem, TodoList, ToolCall
from journeyman.runctx import RunContext
from journeyman.todo.rules import settle
from unit.agent.house import House


@dataclass
class Bench:
    context: ToolContext
    registry: Registry
    folder: Path
    cwds: list[str] = field(default_factory=list)

    @property
    def state(self) -> RunState:
        return self.context.state

    async def call(self, name: str, /, **arguments: Any) -> Observation:
        prepared = self.registry.prepare(ToolCall("call-1", name, arguments), self.state)
        if not isinstance(prepared, Prepared):
            return prepared
        made = await run_tool(prepared, self.context)
        self.context.jobs.ready.begin()  # as a step does at its end
        return made

    async def text(self, name: str, /, **arguments: Any) -> str:
        return (await self.call(name, **arguments)).text


@contextlib.asynccontextmanager
async def bench(agent: House) -> AsyncGenerator[Bench]:
    chat = await agent.chat()
    workspace = await agent.workspaces.acquire(chat.project_id)
    guest: Guest = workspace.guest  # type: ignore[union-attr]
    state = RunState("/workspace", "/workspace", "execute")
    jobs = Jobs(guest, agent.services.supervisor, agent.services.clock)
    todos = [TodoList(chat.id, 0)]
    cwds: list[str] = []

    async def get() -> TodoList:
        return todos[-1]

    async def change(items: tuple[TodoItem, ...], reason: str | None) -> tuple[TodoList, tuple[str, ...]]:
        settled = settle(todos[-1].items, items, by="executor", reason=reason, evidence_of=lambda _: "seen")
        todos.append(TodoList(chat.id, todos[-1].rev + 1, settled.items))
        return todos[-1], settled.notes

    async def set_cwd(cwd: str) -> None:
        cwds.append(cwd)

    async def nothing(*_: Any) -> Any:
        return Observation("")

    run = RunContext("run", chat.id, chat.project_id, "local", "m", workspace)  # type: ignore[arg-type]
    context = ToolContext(run, guest, state, jobs, get, change, set_cwd, nothing, nothing)
    try:
        yield Bench(context, Registry(guest, "/workspace"), agent.folder(chat), cwds)
    finally:
        await jobs.close()
