"""The runs of the daemon: started, queued, waited for, cancelled, and cleared up after a crash.

A run belongs to the daemon, not to who asked for it. One at a time in a project, a bounded number in all;
the others wait in the order they came.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace

from journeyman.agent.recovery import recover
from journeyman.agent.run import perform
from journeyman.agent.services import Services
from journeyman.agent.state import Outcome
from journeyman.agent.telling import Telling
from journeyman.failures import Failure, not_found
from journeyman.records import LOCAL_USER_ID, Budget, Chat, Run, RunMode

log = logging.getLogger(__name__)

QUEUED_MAX = 1_000
PROMPT_CHARACTERS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class StartRun:
    """What to do and where. Neither chat nor project: both are made."""

    prompt: str
    user_id: str = LOCAL_USER_ID
    chat_id: str | None = None
    project_id: str | None = None
    client_run_id: str | None = None
    mode: RunMode = "plan+execute"
    model: str | None = None
    effort: str | None = None
    budget: Budget = field(default_factory=Budget)


@dataclass(slots=True)
class _Open:
    """A run that has not ended."""

    run: Run
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    begun: bool = False
    cancelled: bool = False
    result: Run | None = None


class RunService:
    def __init__(self, services: Services, *, runs_max: int = 32) -> None:
        self._services = services
        self._runs_max = runs_max
        self._draining = False
        self._open: dict[str, _Open] = {}
        """In the order they came; the first ones are the next to run."""

    def drain(self) -> None:
        """Start nothing more: the daemon is about to close its supervisor."""
        self._draining = True

    @property
    def running(self) -> int:
        return sum(each.task is not None for each in self._open.values())

    def running_in(self, project_id: str) -> Run | None:
        """The run that is going on in this project."""
        for each in self._open.values():
            if each.task is not None and each.run.project_id == project_id:
                return each.run
        return None

    @property
    def queued(self) -> int:
        return len(self._open) - self.running

    async def start(self, wanted: StartRun) -> Run:
        """The stored run, running or queued; for a `client_run_id` that was used before, that run as it is.
        Raises `invalid`, `not_found` and `overloaded`."""
        if not wanted.prompt.strip() or len(wanted.prompt) > PROMPT_CHARACTERS_MAX:
            raise Failure(
                "invalid", "A run needs a prompt of 1 to 1,000,000 characters.", hint="Say what to do."
            )
        if self._draining:
            raise Failure("draining", "The daemon is shutting down.", hint="Try again later.", retryable=True)
        if self.queued >= QUEUED_MAX:
            raise Failure(
                "overloaded",
                f"{QUEUED_MAX} runs are waiting already.",
                hint="Try again later.",
                retryable=True,
            )
        services = self._services
        chat, made_project = await self._chat(wanted)
        run = Run(
            id=services.ids.new(),
            chat_id=chat.id,
            project_id=chat.project_id,
            client_run_id=wanted.client_run_id,
            prompt=wanted.prompt,
            mode=wanted.mode,
            model=wanted.model,
            status="queued",
            created_at=services.clock.now(),
            effort=wanted.effort,
            budget=wanted.budget,
        )
        stored = await services.store.runs.add(run)
        if stored.id != run.id:  # the same clientRunId again
            await self._undo(wanted, chat, made_project)
            return stored
        self._open[run.id] = _Open(run)
        self._pump()
        return self._open[run.id].run

    async def wait(self, run_id: str) -> Run:
        """The run once it has ended. Cancelling the wait does not touch the run."""
        entry = self._open.get(run_id)
        if entry is not None:
            await entry.ended.wait()
            if entry.result is not None:
                return entry.result
        return await self._services.store.runs.get(run_id)

    async def cancel(self, run_id: str) -> Run:
        """Acknowledged at once: a queued run has ended when this returns, a running one ends within
        seconds (`wait` for it). A run that has ended stays as it is."""
        entry = self._open.get(run_id)
        if entry is None:
            return await self._services.store.runs.get(run_id)
        if entry.cancelled:
            return entry.run
        entry.cancelled = True
        if entry.task is None:
            return await self._end_queued(entry)
        if entry.begun:  # a task that is cancelled before its first step would end without a word
            entry.task.cancel()
        return entry.run

    async def close(self, *, grace_s: float = 10.0) -> None:
        """Start nothing more and end every open run as interrupted by the shutdown, each with its terminal
        event. Waits up to `grace_s` seconds for them."""
        self._draining = True
        entries = tuple(self._open.values())
        for entry in entries:
            if entry.task is None:
                await self._end_queued(entry)
            elif entry.begun:
                entry.task.cancel()
        if tasks := {entry.task for entry in entries if entry.task is not None}:
            await asyncio.wait(tasks, timeout=grace_s)

    async def recover(self) -> tuple[Run, ...]:
        """At start, before any run: end what a crash left in the middle (answers those runs), and take up
        what was still waiting."""
        found = await recover(self._services)
        self._open.update({run.id: _Open(run) for run in found.waiting})
        self._pump()
        return found.ended

    def _pump(self) -> None:
        """Start what may run now."""
        if self._draining:
            return
        busy = {each.run.project_id for each in self._open.values() if each.task is not None}
        for entry in self._open.values():
            if self.running >= self._runs_max:
                return
            if entry.task is None and not entry.cancelled and entry.run.project_id not in busy:
                busy.add(entry.run.project_id)
                entry.run = replace(entry.run, status="running")
                entry.task = self._services.supervisor.start(self._perform(entry), name=f"run {entry.run.id}")
            busy.add(entry.run.project_id)  # the first of a project goes first

    async def _perform(self, entry: _Open) -> None:
        def why() -> Outcome:
            if entry.cancelled:
                return Outcome("cancelled", "cancelled", "The run was cancelled.")
            self._draining = True  # only a closing supervisor cancels a run that nobody cancelled
            return Outcome("cancelled", "shutdown", "The daemon shut down; start the run again.")

        entry.begun = True
        if entry.cancelled:
            await self._end_queued(entry)
            self._pump()
            return
        try:
            entry.result = await perform(self._services, entry.run, why)
        except Failure as failure:  # the end itself could not be stored; the next start clears it up
            message = f"The run's end could not be stored: {failure.message} {failure.hint}".strip()
            entry.result = replace(entry.run, status="failed", stop_reason=failure.kind, summary=message)
            log.error("run %s: %s", entry.run.id, message)
        finally:
            self._open.pop(entry.run.id, None)
            entry.ended.set()
            self._pump()

    async def _end_queued(self, entry: _Open) -> Run:
        run = replace(
            entry.run,
            status="cancelled",
            stop_reason="cancelled",
            summary="The run was cancelled before it began.",
            finished_at=self._services.clock.now(),
        )
        await Telling(self._services.events, run.chat_id, run.id).finished(run)
        await self._services.store.runs.update(run)
        entry.result = run
        self._open.pop(run.id, None)
        entry.ended.set()
        return run

    async def _chat(self, wanted: StartRun) -> tuple[Chat, bool]:
        """The chat to run in, and whether its project was made for it."""
        services = self._services
        if wanted.chat_id is not None:
            chat = await services.chats.get(wanted.chat_id)
            project = await services.projects.get(chat.project_id)
            if project.user_id != wanted.user_id:
                raise not_found("chat", wanted.chat_id)
            if wanted.project_id not in (None, chat.project_id):
                raise Failure(
                    "invalid",
                    f"Chat {wanted.chat_id} belongs to another project.",
                    hint="Leave projectId out: the chat knows its project.",
                )
            return await services.chats.name_after(chat.id, wanted.prompt), False
        made = wanted.project_id is None
        if wanted.project_id is not None:
            project = await services.projects.get(wanted.project_id)
            if project.user_id != wanted.user_id:
                raise not_found("project", wanted.project_id)
        else:
            project = await services.projects.create(user_id=wanted.user_id)
        return await services.chats.create(project.id, prompt=wanted.prompt, model=wanted.model), made

    async def _undo(self, wanted: StartRun, chat: Chat, made_project: bool) -> None:
        """Take back what was made for a run that turned out to exist."""
        if made_project:
            await self._services.projects.delete(chat.project_id)
        elif wanted.chat_id is None:
            await self._services.chats.delete(chat.id)
