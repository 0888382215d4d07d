"""Runs and workspaces that do nothing but what a test tells them."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from journeyman.agent.runs import Delivered, StartRun
from journeyman.chat.event_log import EventLog
from journeyman.chat.service import ChatService
from journeyman.failures import Failure
from journeyman.model.registry import ResolvedModel
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.model import ModelInfo
from journeyman.ports.store import Store
from journeyman.project.service import ProjectService
from journeyman.records import Run, RunStatus
from journeyman.testing.model import ScriptedModel
from journeyman.workspace.archive.keeping import Thinned
from journeyman.workspace.archive.load import no_archive
from journeyman.workspace.archive.outcomes import VerifyReport
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.kept_archives import Kept
from journeyman.workspace.outsiders import Outsiders
from journeyman.workspace.status import WorkspaceStatus


class PuppetQueue:
    """Nothing waits."""

    async def list(self, chat_id: str) -> tuple[Any, ...]:
        return ()


class PuppetRuns:
    """Starts runs for real (stored, with events) and lets the test end them. A cancel takes effect when
    the test says so (`deaths`), as real processes take their time."""

    def __init__(
        self,
        store: Store,
        events: EventLog,
        projects: ProjectService,
        chats: ChatService,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store, self._events, self._clock, self._ids = store, events, clock, ids
        self._projects, self._chats = projects, chats
        self.queue = PuppetQueue()
        self.started: list[Run] = []
        self.orders: list[StartRun] = []
        self.cancels: list[str] = []
        self.dies_at_once = True
        self._news = asyncio.Event()
        self._ended: dict[str, asyncio.Event] = {}

    async def deliver(self, order: StartRun) -> Delivered:
        return Delivered(await self.start(order))

    async def start(self, order: StartRun) -> Run:
        chat_id = order.chat_id
        if chat_id is None:
            project_id = order.project_id or (await self._projects.create()).id
            chat_id = (await self._chats.create(project_id, prompt=order.prompt)).id
        chat = await self._chats.get(chat_id)
        self.orders.append(order)
        await self._store.pictures.add(chat_id, order.attached)
        run = Run(
            id=self._ids.new(),
            chat_id=chat_id,
            project_id=chat.project_id,
            client_run_id=order.client_run_id,
            prompt=order.prompt,
            mode=order.mode,
            model=order.model,
            status="running",
            created_at=self._clock.now(),
            budget=order.budget,
            pictures=order.pictures,
        )
        stored = await self._store.runs.add(run)
        if stored.id != run.id:
            return stored
        self._ended[run.id] = asyncio.Event()
        await self.event(run, "run/started", {"prompt": order.prompt, "mode": order.mode})
        self.started.append(run)
        self._news.set()
        return run

    def running_in(self, project_id: str) -> Run | None:
        return next(
            (
                run
                for run in self.started
                if run.project_id == project_id and not self._ended[run.id].is_set()
            ),
            None,
        )

    async def event(self, run: Run, kind: Any, data: dict[str, Any]) -> None:
        await self._events.append(run.chat_id, kind, data, run_id=run.id)

    def delta(self, run: Run, text: str) -> None:
        data = {"text": text, "channel": "text"}
        self._events.publish_delta(run.chat_id, "message/delta", data, run_id=run.id)

    async def finish(self, run: Run, status: RunStatus = "completed") -> None:
        ended = replace(run, status=status, summary=f"{status}.", finished_at=self._clock.now())
        await self._store.runs.update(ended)
        await self.event(run, "run/finished", {"status": status})
        self._ended[run.id].set()

    async def wait(self, run_id: str) -> Run:
        if run_id in self._ended:
            await self._ended[run_id].wait()
        return await self._store.runs.get(run_id)

    async def cancel(self, run_id: str) -> Run:
        run = await self._store.runs.get(run_id)
        self.cancels.append(run_id)
        self._news.set()
        if self.dies_at_once and run.status == "running":
            await self.finish(run, "cancelled")
        return await self._store.runs.get(run_id)

    async def cancel_asked(self) -> None:
        async with asyncio.timeout(60):
            while not self.cancels:
                self._news.clear()
                await self._news.wait()

    async def begun(self, count: int = 1) -> Run:
        """The newest run, once `count` have been started."""
        async with asyncio.timeout(60):
            while len(self.started) < count:
                self._news.clear()
                await self._news.wait()
        return self.started[-1]


class PuppetModels:
    async def refresh(self) -> None:
        return None

    def list(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo("scripted/one", "scripted", "one", None, True, available=True),)

    def resolve(self, model_id: str) -> ResolvedModel:
        known = next((info for info in self.list() if info.id == model_id), None)
        if known is None:
            raise Failure("model_unknown", f"There is no model {model_id!r}.")
        return ResolvedModel(known, ScriptedModel([]))

    def default_model(self, wanted: str | None = None) -> str:
        if wanted:
            return wanted
        raise Failure("model_key_missing", "No model is set up.")


class PuppetKept:
    """A project with no archive."""

    async def list(self, project_id: str) -> tuple[Kept, ...]:
        return ()

    async def name(self, project_id: str, archive_id: str, name: str | None) -> Any:
        return _nothing(project_id, archive_id)

    async def drop(self, project_id: str, archive_id: str) -> Any:
        return _nothing(project_id, archive_id)

    async def verify(self, project_id: str, archive_id: str | None, *, read_data: bool) -> Any:
        return VerifyReport("a", ok=True, packs=1, bytes_read=int(read_data), problems=())

    async def thin(self, project_id: str, *, dry_run: bool = False) -> Any:
        return Thinned(("a",), packs=2, bytes=3, noted=4 if dry_run else 5)


def _nothing(project_id: str, archive_id: str) -> WorkspaceError:
    failure = no_archive(project_id, archive_id)
    return WorkspaceError(failure.kind, failure.message, failure.hint)


class PuppetForks:
    """A project with nothing to fork."""

    async def fork(self, project_id: str, source_id: str, archive_id: str | None, **_: Any) -> Any:
        return _nothing(source_id, archive_id or "newest")


class PuppetManager:
    """Answers what the test queued, method by method; otherwise a workspace that is not there."""

    def __init__(self) -> None:
        self.kept = PuppetKept()
        self.forks = PuppetForks()
        self.outsiders = Outsiders()
        self.guest: Any = None
        """Where set, every project's workspace is at hand and has this guest."""
        self.held: Counter[tuple[str, str]] = Counter()
        self.answers: dict[str, deque[Any]] = {}
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.listeners: list[Any] = []

    def will(self, method: str, *answers: Any) -> None:
        self.answers.setdefault(method, deque()).extend(answers)

    def _answer(self, method: str, args: tuple[Any, ...], more: dict[str, Any]) -> Any:
        self.calls.append((method, args, more))
        queued = self.answers.get(method)
        if queued:
            return queued.popleft()
        if method == "acquire" and self.guest is not None:
            return SimpleNamespace(guest=self.guest)
        return WorkspaceError("no_sandbox", "There is no sandbox.", "Install one.")

    async def acquire(self, project_id: str, *, holder: str = "run") -> Any:
        return self._answer("acquire", (project_id,), {"holder": holder})

    def at_hand(self, project_id: str) -> Any:
        return self.guest

    def subscribe(self, listener: Any) -> Any:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    async def release(self, project_id: str, *, holder: str = "run") -> Any:
        self.calls.append(("release", (project_id,), {"holder": holder}))
        return WorkspaceStatus(project_id, "idle")

    async def undisturbed(self, project_id: str, work: Any) -> Any:
        self.calls.append(("undisturbed", (project_id,), {}))
        queued = self.answers.get("undisturbed")
        return queued.popleft() if queued else await work()

    async def touch(self, project_id: str) -> WorkspaceStatus:
        self.calls.append(("touch", (project_id,), {}))
        return WorkspaceStatus(project_id, "idle")

    async def hold(self, project_id: str, reason: str) -> WorkspaceStatus:
        self.held[project_id, reason] += 1
        return WorkspaceStatus(project_id, "live")

    async def let_go(self, project_id: str, reason: str) -> WorkspaceStatus:
        self.held[project_id, reason] -= 1
        return WorkspaceStatus(project_id, "live")

    async def status(self, project_id: str) -> WorkspaceStatus:
        self.calls.append(("status", (project_id,), {}))
        return WorkspaceStatus(project_id, "cold")

    async def list(self) -> tuple[WorkspaceStatus, ...]:
        queued = self.answers.get("list")
        if queued:
            return queued.popleft()
        return (WorkspaceStatus("p1", "idle", acquired="created", instance_id="i1"),)

    async def archive(self, project_id: str, *, keep: bool = False, on_progress: Any = None) -> Any:
        return self._answer("archive", (project_id,), {"keep": keep})

    async def restore(
        self, project_id: str, archive_id: str | None = None, *, on_progress: Any = None
    ) -> Any:
        return self._answer("restore", (project_id, archive_id), {})

    async def close(self, project_id: str) -> Any:
        self.calls.append(("close", (project_id,), {}))
        return WorkspaceStatus(project_id, "cold")

    async def delete(self, project_id: str, *, archives: bool = True) -> Any:
        self.calls.append(("delete", (project_id,), {"archives": archives}))
        return None
