"""The runs of the daemon: started, queued, steered, waited for, cancelled, and cleared up after a crash.

A run belongs to the daemon, not to who asked for it. One at a time in a project, a bounded number in all;
the others wait in the order of the queue.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from journeyman import spans
from journeyman.agent import starting, stopped, traced
from journeyman.agent.open_runs import OpenRun, OpenRuns
from journeyman.agent.queue import Queue
from journeyman.agent.recovery import recover
from journeyman.agent.run import perform
from journeyman.agent.services import Services
from journeyman.agent.starting import StartRun
from journeyman.agent.state import Outcome
from journeyman.agent.telling import Telling
from journeyman.agent.texts import Texts
from journeyman.editing import NOTHING, EditorContext
from journeyman.failures import Failure
from journeyman.pictures import Attached
from journeyman.records import Input, Run

log = logging.getLogger(__name__)

QUEUED_MAX = 1_000
RESUMABLE = ("interrupted", "shutdown")


@dataclass(frozen=True, slots=True)
class Delivered:
    run: Run
    input_id: str | None = None
    """The text that waits for that run, where it went to one that was going on."""


class RunService:
    def __init__(self, services: Services, *, runs_max: int = 32) -> None:
        self._services = services
        self._draining = False
        self._open = OpenRuns(runs_max)
        self._asking: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self.queue = Queue(services, self._open, self._end_queued, self._pump)
        self.texts = Texts(services, self._open, self.queue, self._pump)

    def drain(self) -> None:
        """Start nothing more: the daemon is about to close its supervisor."""
        self._draining = True

    @property
    def running(self) -> int:
        return self._open.running

    @property
    def queued(self) -> int:
        return len(self._open) - self.running

    def running_in(self, project_id: str) -> Run | None:
        """The run that is going on in this project."""
        entry = self._open.running_in(project_id=project_id)
        return None if entry is None else entry.run

    async def start(self, wanted: StartRun) -> Run:
        """The stored run, running or queued, or the one that gets the text. Raises as `deliver`."""
        return (await self.deliver(wanted)).run

    async def deliver(self, wanted: StartRun) -> Delivered:
        """A run for this prompt, or the prompt to the run that is going on, as `delivery` says. For a
        `client_run_id` that was used before: what came of it then. Raises `invalid`, `not_found`, `conflict`
        (the id was used for something else) and `overloaded`."""
        starting.checked(wanted.prompt, pictured=bool(wanted.attached))
        self._check_not_draining()
        async with self._asked(wanted):
            found = await starting.known(self._services, wanted)
            if isinstance(found, Run):
                return Delivered(found)
            if found is not None:
                return Delivered(await self._services.store.runs.get(found.run_id), found.id)
            return await self._deliver(wanted)

    async def steer(
        self,
        run_id: str,
        text: str,
        *,
        client_run_id: str | None = None,
        context: EditorContext = NOTHING,
        attached: tuple[Attached, ...] = (),
    ) -> Input:
        """Give an open run a text. Raises as `Texts.say`, and `conflict` as `deliver`."""
        wanted = StartRun(text, client_run_id=client_run_id, attached=attached)
        async with self._asked(wanted):
            found = await starting.known_text(self._services, wanted)
            return found or await self.texts.say(
                run_id, text, client_run_id=client_run_id, context=context, attached=attached
            )

    async def _deliver(self, wanted: StartRun) -> Delivered:
        chat_id = wanted.chat_id
        going_on = None if chat_id is None else self._open.running_in(chat_id=chat_id)
        if wanted.delivery == "steer" and going_on is not None and not going_on.cancelled:
            await starting.chat_for(self._services, wanted)
            if not going_on.inbox.closed:
                given = await self.texts.say(
                    going_on.run.id,
                    wanted.prompt,
                    client_run_id=wanted.client_run_id,
                    context=wanted.context,
                    attached=wanted.attached,
                )
                return Delivered(await self._now(given.run_id), given.id)
        if self.queued >= QUEUED_MAX:
            raise Failure(
                "overloaded",
                f"{QUEUED_MAX} runs are waiting already.",
                hint="Try again later.",
                retryable=True,
            )
        await starting.check_budget(self._services, wanted)
        await starting.check_pictures(
            self._services, wanted.attached, model=wanted.model, chat_id=wanted.chat_id
        )
        chat = await starting.chat_for(self._services, wanted)
        await self._services.store.pictures.add(chat.id, wanted.attached)
        run = Run(
            id=self._services.ids.new(),
            chat_id=chat.id,
            project_id=chat.project_id,
            client_run_id=wanted.client_run_id,
            prompt=wanted.prompt,
            mode=wanted.mode,
            model=wanted.model,
            status="queued",
            created_at=self._services.clock.now(),
            effort=wanted.effort,
            budget=wanted.budget,
            context=wanted.context,
            pictures=wanted.pictures,
        )
        entry = self.queue.add(await self._services.store.runs.add(run))
        entry.above = wanted.above
        if wanted.delivery == "interrupt":
            await self.queue.in_front([entry])
            self._supersede(entry)
        await self._begin_or_tell([entry])
        return Delivered(entry.run)

    async def resume(self, run_id: str) -> Run:
        """A run that carries on where an interrupted one was left; asked again, the same one. Raises
        `conflict` for a run that ended in another way."""
        self._check_not_draining()
        run = await self._services.store.runs.get(run_id)
        if run.stop_reason not in RESUMABLE:
            raise Failure(
                "conflict",
                f"Run {run_id} was not interrupted: it is {run.status}.",
                hint="Only a run that a crash or a shutdown ended can be carried on; start another one.",
            )
        fresh = replace(
            run,
            id=self._services.ids.new(),
            client_run_id=None,
            status="queued",
            created_at=self._services.clock.now(),
            budget=starting.rest_of(run),
            resumes=run.id,
            rev=0,
            **starting.BLANK,
        )
        stored = await self._services.store.runs.add(fresh)
        if stored.id != fresh.id:
            return await self._now(stored.id)
        entry = self.queue.add(stored)
        entry.above = spans.parent()
        await self.queue.in_front([entry])
        await self._begin_or_tell([entry])
        return entry.run

    async def carrier(self, input_id: str) -> Run:
        """The run that has a text now: the one it was for, or the one it became."""
        return await self._now((await self._services.store.inputs.get(input_id)).run_id)

    async def wait(self, run_id: str) -> Run:
        """The run once it has ended, or, where the daemon shuts down first, as it waits for the next one.
        Cancelling the wait does not touch the run."""
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
        entry.stop()
        return entry.run

    async def close(self, *, grace_s: float = 10.0) -> None:
        """Start nothing more and end every run that goes on as interrupted by the shutdown, each with its
        terminal event. Waits up to `grace_s` seconds for them. Those that wait do so for the next daemon."""
        self._draining = True
        tasks = {entry.task for entry in self._open if entry.task is not None}
        for entry in self._open:
            if entry.task is None:
                entry.ended.set()
            else:
                entry.stop()
        if tasks:
            await asyncio.wait(tasks, timeout=grace_s)

    async def recover(self) -> tuple[Run, ...]:
        """At start, before any run: end what a crash left in the middle (answers those runs), and take up
        what was still waiting."""
        found = await recover(self._services)
        for run in found.waiting:
            self.queue.add(run).inbox.something = True
        await self.texts.become_runs(await self._services.store.inputs.stranded())
        self._pump()
        return found.ended

    # Within.

    def _check_not_draining(self) -> None:
        if self._draining:
            raise Failure("draining", "The daemon is shutting down.", hint="Try again later.", retryable=True)

    def _asked(self, wanted: StartRun) -> asyncio.Lock:
        """Who asks with the same id waits for the one before."""
        if wanted.client_run_id is None:
            return asyncio.Lock()
        return self._asking.setdefault((wanted.user_id, wanted.client_run_id), asyncio.Lock())

    async def _now(self, run_id: str) -> Run:
        entry = self._open.get(run_id)
        return entry.run if entry is not None else await self._services.store.runs.get(run_id)

    def _supersede(self, by: OpenRun) -> None:
        going_on = self._open.running_in(chat_id=by.run.chat_id)
        if going_on is not None and going_on is not by and not going_on.cancelled:
            going_on.cancelled = going_on.superseded = True
            going_on.stop()

    async def _begin_or_tell(self, entries: list[OpenRun]) -> None:
        self._pump()
        if any(each.task is None for each in entries):
            for each in entries:
                each.shown = True
            await self.queue.changed(entries[0].run.chat_id)

    def _pump(self) -> None:
        """Start what may run now."""
        while not self._draining and (entry := self._open.may_begin()) is not None:
            entry.run = replace(entry.run, status="running")
            entry.task = self._services.supervisor.start(self._perform(entry), name=f"run {entry.run.id}")

    async def _perform(self, entry: OpenRun) -> None:
        def why() -> Outcome:
            if entry.superseded:
                return Outcome("cancelled", "superseded", "Another run took this one's place.")
            if entry.cancelled:
                return Outcome("cancelled", "cancelled", "The run was cancelled.")
            self._draining = True  # only a closing supervisor cancels a run that nobody cancelled
            return Outcome("cancelled", "shutdown", "The daemon shut down; carry on with agent/resume.")

        entry.begun = True
        if entry.cancelled:
            await self._end_queued(entry)
            return
        try:
            with traced.run(self._services.tracer, entry.run, entry.above) as told:
                work = perform(self._services, entry.run, entry.inbox, why, was_queued=entry.shown)
                entry.result = told(await work)
        except Failure as failure:  # the end itself could not be stored; the next start clears it up
            message = f"The run's end could not be stored: {failure.message} {failure.hint}".strip()
            entry.result = replace(entry.run, status="failed", stop_reason=failure.kind, summary=message)
            log.error("run %s: %s", entry.run.id, message)
        finally:
            await self._leave(entry)

    async def _end_queued(self, entry: OpenRun) -> Run:
        run = replace(
            entry.run,
            status="cancelled",
            stop_reason="cancelled",
            summary="The run was cancelled before it began.",
            finished_at=self._services.clock.now(),
        )
        telling = Telling(self._services.events, run.chat_id, run.id)
        await stopped.keep(self._services, run, entry.inbox, telling)
        await telling.finished(run)
        await self._services.store.runs.update(run)
        entry.result = run
        await self._leave(entry)
        if entry.shown:
            await self.queue.changed(run.chat_id)
        return run

    async def _leave(self, entry: OpenRun) -> None:
        """It has ended: what was said and not taken becomes a run, then the next one begins."""
        entry.inbox.closed = True
        left: list[OpenRun] = []
        try:
            waiting = await self._services.store.inputs.waiting(entry.run.chat_id, entry.run.id)
            left = await self.texts.become_runs(waiting)
        except Failure as failure:  # the next start finds them
            log.error("what was said to run %s waits for the next start: %s", entry.run.id, failure.message)
        finally:
            self._open.drop(entry.run.id)
            entry.ended.set()
            self._pump()
        if left:
            await self._begin_or_tell(left)
