"""What waits in a chat: texts for the run that is going on, then runs. To be looked at, changed and removed
until it is taken; every change is told.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

from journeyman.agent.inbox import Inbox
from journeyman.agent.open_runs import OpenRun, OpenRuns
from journeyman.agent.services import Services
from journeyman.agent.starting import checked
from journeyman.failures import Failure
from journeyman.records import Input, Run
from journeyman.redaction import redact

log = logging.getLogger(__name__)

TOLD_ITEMS_MAX = 50
TOLD_CHARACTERS_MAX = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    id: str
    kind: Literal["steer", "run"]
    chat_id: str
    run_id: str
    """Of a text: the run it is for."""
    prompt: str
    rev: int
    created_at: datetime


class Queue:
    def __init__(
        self,
        services: Services,
        open_runs: OpenRuns,
        end: Callable[[OpenRun], Awaitable[Run]],
        pump: Callable[[], None],
    ) -> None:
        self._services = services
        self._open = open_runs
        self._end = end
        self._pump = pump

    def add(self, run: Run) -> OpenRun:
        """A stored run, behind what waits."""
        changed = partial(self.changed, run.chat_id)
        entry = OpenRun(run, Inbox(self._services.store.inputs, run.chat_id, run.id, changed))
        self._open.add(entry)
        return entry

    async def in_front(self, entries: Sequence[OpenRun]) -> None:
        """Runs of one project before everything else that waits there."""
        waiting = self._open.queued(project_id=entries[0].run.project_id)
        await self._place([*entries, *(each for each in waiting if each not in entries)])

    async def list(self, chat_id: str) -> tuple[Waiting, ...]:
        texts = await self._services.store.inputs.waiting(chat_id)
        return (*map(_text, texts), *(_run(each.run) for each in self._open.queued(chat_id=chat_id)))

    async def update(
        self,
        item_id: str,
        *,
        prompt: str | None = None,
        if_rev: int | None = None,
        position: int | None = None,
    ) -> Waiting:
        """Another prompt, another position among the chat's waiting runs. Raises `conflict` where it is not
        waiting any more, or changed since `if_rev`: `data` names the chat."""
        if prompt is not None:
            checked(prompt)
        entry = self._open.get(item_id)
        if entry is not None:
            return await self._update_run(entry, prompt, if_rev, position)
        given = await self._input(item_id)
        if position is not None:
            raise Failure(
                "invalid", "A text for a run has no position.", hint="Texts are said in the order they came."
            )
        if prompt is not None:
            with _naming(given.chat_id):
                given = await self._services.store.inputs.edit(item_id, prompt, if_rev=if_rev)
            await self.changed(given.chat_id)
        return _text(given)

    async def _update_run(
        self, entry: OpenRun, prompt: str | None, if_rev: int | None, position: int | None
    ) -> Waiting:
        with _naming(entry.run.chat_id):
            _still_waiting(entry)
            if entry.held or if_rev not in (None, entry.run.rev):
                raise Failure("conflict", f"Run {entry.run.id} changed meanwhile.", hint="Look at it again.")
            entry.held = True  # the pump lets it wait
            try:
                if prompt is not None:
                    runs = self._services.store.runs
                    entry.run = await runs.edit(entry.run.id, prompt, if_rev=entry.run.rev)
                if position is not None:
                    order = [
                        each for each in self._open.queued(chat_id=entry.run.chat_id) if each is not entry
                    ]
                    order.insert(position, entry)
                    await self._place(order)
            finally:
                entry.held = False
                self._pump()
        await self.changed(entry.run.chat_id)
        return _run(entry.run)

    async def _place(self, order: Sequence[OpenRun]) -> None:
        """These waiting runs share out their places in this order."""
        self._open.place(order)
        try:
            await self._services.store.runs.reorder([each.run.id for each in order])
        except Failure as failure:
            if failure.kind != "conflict":  # one of them has ended meanwhile; the others wait as they shall
                raise

    async def remove(self, item_id: str) -> None:
        """It shall not be done. `conflict` as `update`."""
        entry = self._open.get(item_id)
        if entry is not None:
            with _naming(entry.run.chat_id):
                _still_waiting(entry)
            entry.cancelled = True
            await self._end(entry)
            return
        given = await self._input(item_id)
        with _naming(given.chat_id):
            await self._services.store.inputs.remove(item_id)
        await self.changed(given.chat_id)

    async def changed(self, chat_id: str) -> None:
        """Tell what waits now. A store that fails here fails nobody's run."""
        try:
            waiting = await self.list(chat_id)
            await self._services.events.append(chat_id, "queue/changed", queue_data(waiting))
        except Failure as failure:
            log.warning("the queue of chat %s could not be told: %s", chat_id, failure.message)

    async def _input(self, item_id: str) -> Input:
        """The text of that id. For a run that has ended: `conflict`."""
        try:
            return await self._services.store.inputs.get(item_id)
        except Failure as failure:
            if failure.kind != "not_found":
                raise
        run = await self._services.store.runs.get(item_id)
        raise Failure(
            "conflict",
            f"Run {run.id} has ended.",
            hint="Look at the queue again.",
            data={"chatId": run.chat_id},
        )


def queue_data(waiting: tuple[Waiting, ...]) -> dict[str, Any]:
    """As events carry it: the first ones, long texts cut."""
    return {"items": [_told(each) for each in waiting[:TOLD_ITEMS_MAX]], "total": len(waiting)}


def _told(waiting: Waiting) -> dict[str, Any]:
    text = redact(waiting.prompt)
    return {
        "itemId": waiting.id,
        "kind": waiting.kind,
        "runId": waiting.run_id,
        "prompt": text[:TOLD_CHARACTERS_MAX],
        "truncated": len(text) > TOLD_CHARACTERS_MAX,
        "rev": waiting.rev,
        "createdAt": waiting.created_at.astimezone(UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
    }


def _text(given: Input) -> Waiting:
    return Waiting(given.id, "steer", given.chat_id, given.run_id, given.text, given.rev, given.created_at)


def _run(run: Run) -> Waiting:
    return Waiting(run.id, "run", run.chat_id, run.id, run.prompt, run.rev, run.created_at)


def _still_waiting(entry: OpenRun) -> None:
    if entry.task is not None or entry.cancelled:
        raise Failure("conflict", f"Run {entry.run.id} does not wait any more.", hint="Cancel or steer it.")


@contextmanager
def _naming(chat_id: str) -> Generator[None]:
    """Says of a conflict inside the block which chat's queue is to be looked at again."""
    try:
        yield
    except Failure as failure:
        if failure.kind == "conflict":
            failure.data["chatId"] = chat_id
        raise
