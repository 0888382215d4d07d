"""Texts that users give to open runs, until the run takes them (`inbox.py`) or they become runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from journeyman.agent.open_runs import OpenRun, OpenRuns
from journeyman.agent.queue import Queue
from journeyman.agent.services import Services
from journeyman.agent.starting import BLANK, check_pictures, checked
from journeyman.editing import NOTHING, EditorContext
from journeyman.failures import Failure
from journeyman.pictures import Attached
from journeyman.records import Input

WAITING_MAX = 100
"""Most texts that wait for one run."""


class Texts:
    def __init__(
        self, services: Services, open_runs: OpenRuns, queue: Queue, pump: Callable[[], None]
    ) -> None:
        self._services = services
        self._open = open_runs
        self._queue = queue
        self._pump = pump

    async def say(
        self,
        run_id: str,
        text: str,
        *,
        client_run_id: str | None = None,
        context: EditorContext = NOTHING,
        attached: tuple[Attached, ...] = (),
    ) -> Input:
        """Give an open run a text, which it takes between two of its steps. Raises `conflict` for a run that
        has ended (`data` names its chat), and `overloaded`."""
        checked(text, pictured=bool(attached))
        entry = self._open.get(run_id)
        if entry is None or entry.inbox.closed:
            run = await self._services.store.runs.get(run_id)
            raise Failure(
                "conflict",
                f"Run {run.id} has ended.",
                hint="Start another with agent/run.",
                data={"chatId": run.chat_id},
            )
        inputs, chat_id = self._services.store.inputs, entry.run.chat_id
        if len(await inputs.waiting(chat_id, run_id)) >= WAITING_MAX:
            raise Failure(
                "overloaded",
                f"{WAITING_MAX} texts wait for run {run_id} already.",
                hint="Wait until it has taken them.",
                retryable=True,
            )
        await check_pictures(self._services, attached, model=entry.run.model, chat_id=chat_id)
        await self._services.store.pictures.add(chat_id, attached)
        late = entry.cancelled  # said after the cancellation: wanted all the same
        given = await inputs.add(
            Input(
                self._services.ids.new(),
                chat_id,
                run_id,
                text,
                self._services.clock.now(),
                client_run_id,
                context=context,
                pictures=tuple(each.picture for each in attached),
            )
        )
        if late or entry.inbox.closed:  # it ended meanwhile, and may not have seen this one
            await self.become_runs([given])
            self._pump()
            given = await inputs.get(given.id)
        else:
            entry.inbox.something = True
            if self._services.gatekeeper is not None:  # what the user says comes before what they were asked
                await self._services.gatekeeper.take_back(run_id)
        await self._queue.changed(chat_id)
        return given

    async def become_runs(self, inputs: Sequence[Input]) -> list[OpenRun]:
        """A run for each text, before everything else that waits, with the ceilings of the run it was for."""
        made: list[OpenRun] = []
        for given in inputs:
            origin = await self._services.store.runs.get(given.run_id)
            run = replace(
                origin,
                id=self._services.ids.new(),
                client_run_id=given.client_run_id,
                prompt=given.text,
                context=given.context,
                pictures=given.pictures,
                status="queued",
                created_at=self._services.clock.now(),
                resumes=None,
                rev=0,
                **BLANK,
            )
            try:
                made.append(self._queue.add(await self._services.store.inputs.become(given, run)))
            except Failure as failure:
                if failure.kind != "conflict":  # somebody else took or removed it
                    raise
        if made:
            await self._queue.in_front(made)
        return made
