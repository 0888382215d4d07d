"""The runs that have not ended, in the order of the queue, and which of them may begin.

In memory only: the store has the same queue for the next daemon. Knows nothing of what a run does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from journeyman.agent.inbox import Inbox
from journeyman.ports.tracing import Parent
from journeyman.records import Run


@dataclass(slots=True, eq=False)
class OpenRun:
    run: Run
    inbox: Inbox
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    begun: bool = False
    cancelled: bool = False
    superseded: bool = False
    """Cancelled because another run shall be done in its place."""
    held: bool = False
    """Somebody changes it: it does not begin meanwhile."""
    shown: bool = False
    """Was told of as waiting."""
    above: Parent | None = None
    """The span of who asked for it. Not stored: a run of the next daemon begins a trace of its own."""
    result: Run | None = None

    def stop(self) -> None:
        """Cancel what it does. A task that is cancelled before its first step would end without a word, and
        one that is at its end would end without its last."""
        if self.begun and self.task is not None and not self.inbox.ended:
            self.task.cancel()


class OpenRuns:
    def __init__(self, running_max: int) -> None:
        self._running_max = running_max
        self._entries: dict[str, OpenRun] = {}

    def __iter__(self) -> Iterator[OpenRun]:
        return iter(tuple(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, run_id: str) -> OpenRun | None:
        return self._entries.get(run_id)

    def add(self, entry: OpenRun) -> None:
        self._entries[entry.run.id] = entry

    def drop(self, run_id: str) -> None:
        self._entries.pop(run_id, None)

    @property
    def running(self) -> int:
        return sum(each.task is not None for each in self._entries.values())

    def running_in(self, *, project_id: str | None = None, chat_id: str | None = None) -> OpenRun | None:
        """The run that is going on there."""
        for each in self._entries.values():
            there = each.run.project_id == project_id or each.run.chat_id == chat_id
            if there and each.task is not None and not each.ended.is_set():
                return each
        return None

    def queued(self, *, chat_id: str | None = None, project_id: str | None = None) -> list[OpenRun]:
        """Those that wait, of one chat or one project, in order."""
        return [
            each
            for each in self._entries.values()
            if each.task is None
            and chat_id in (None, each.run.chat_id)
            and project_id in (None, each.run.project_id)
        ]

    def place(self, order: Sequence[OpenRun]) -> None:
        """These share out the places they have in this order."""
        ids = {each.run.id for each in order}
        rest = iter(order)
        self._entries = {
            each.run.id: each
            for each in [next(rest) if each.run.id in ids else each for each in self._entries.values()]
        }

    def may_begin(self) -> OpenRun | None:
        """The next one: the first of its project, in a project where none runs, while there is room."""
        if self.running >= self._running_max:
            return None
        busy = {each.run.project_id for each in self._entries.values() if each.task is not None}
        for each in self._entries.values():
            if each.task is not None:
                continue
            if not each.held and not each.cancelled and each.run.project_id not in busy:
                return each
            busy.add(each.run.project_id)  # the first of a project goes first
        return None
