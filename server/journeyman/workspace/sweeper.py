"""Looks at the map now and then, on the injected clock, and starts what is due.

It decides *when*; what is to be done is given to it: duties of single projects, and chores of the whole
house. Both are functions that answer values. A bounded number of each duty run at once, one thing per
project; a stray cancellation from below does not end it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from journeyman.ports.clock import Clock
from journeyman.tasks import Supervisor

TICK_S = 30.0
BUSY_TICK_S = 1.0
AT_ONCE = 4
"""Workspaces put away at the same time."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Something done to one project when it is due. `due` names projects in the order to take them."""

    verb: str
    due: Callable[[float], Iterable[str]]
    do: Callable[[str], Awaitable[object]]
    at_once: int = AT_ONCE


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done now and then for all of them; never twice at a time."""

    name: str
    every_s: float
    do: Callable[[], Awaitable[object]]


class Sweeper:
    """`next_due` says when, in monotonic seconds, a duty will be due next; None: not by time alone."""

    def __init__(
        self,
        clock: Clock,
        supervisor: Supervisor,
        duties: Sequence[Duty],
        chores: Sequence[Chore],
        next_due: Callable[[], float | None],
    ) -> None:
        self._clock = clock
        self._supervisor = supervisor
        self._duties = tuple(duties)
        self._chores = tuple(chores)
        self._next_due = next_due
        self._going: dict[str, str] = {}
        self._doing: set[str] = set()
        self._done_at = {chore.name: clock.monotonic() for chore in chores}

    async def run(self) -> None:
        """For ever. Cancel it to stop."""
        while True:
            await self._clock.sleep(self._pause_s())
            self.sweep()

    def sweep(self) -> None:
        """Start what is due now, as far as the bounds allow. Waits for none of it."""
        now = self._clock.monotonic()
        for duty in self._duties:
            free = duty.at_once - sum(verb == duty.verb for verb in self._going.values())
            for project_id in duty.due(now):
                if free <= 0:
                    break
                if project_id not in self._going:
                    free -= 1
                    self._going[project_id] = duty.verb
                    name = f"{duty.verb} workspace {project_id}"
                    self._supervisor.start(self._one(project_id, duty), name=name)
        for chore in self._chores:
            if chore.name not in self._doing and now - self._done_at[chore.name] >= chore.every_s:
                self._done_at[chore.name] = now
                self._doing.add(chore.name)
                self._supervisor.start(self._do(chore), name=chore.name)

    async def _one(self, project_id: str, duty: Duty) -> None:
        try:
            await duty.do(project_id)
        finally:
            self._going.pop(project_id, None)

    async def _do(self, chore: Chore) -> None:
        try:
            await chore.do()
        finally:
            self._doing.discard(chore.name)

    def _pause_s(self) -> float:
        if self._going:
            return BUSY_TICK_S
        due = self._next_due()
        if due is None:
            return TICK_S
        return min(TICK_S, max(BUSY_TICK_S, due - self._clock.monotonic()))
