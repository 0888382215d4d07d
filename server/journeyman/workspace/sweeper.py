"""Looks at the map now and then, on the injected clock, and starts what is due.

It decides *when*; expiring, tidying and emptying the trash are given to it as functions that answer
values. A bounded number run at once; a stray cancellation from below does not end it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from journeyman.ports.clock import Clock
from journeyman.tasks import Supervisor
from journeyman.workspace.registry import Registry

log = logging.getLogger(__name__)

TICK_S = 30.0
BUSY_TICK_S = 1.0
PURGE_EVERY_S = 3600.0
AT_ONCE = 4
"""Workspaces put away at the same time."""

Duty = Callable[[str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Duties:
    expire: Duty
    tidy: Duty
    purge: Callable[[], Awaitable[object]]


class Sweeper:
    def __init__(self, clock: Clock, registry: Registry, supervisor: Supervisor, duties: Duties) -> None:
        self._clock = clock
        self._registry = registry
        self._supervisor = supervisor
        self._duties = duties
        self._going: set[str] = set()
        self._purged_at = clock.monotonic()

    async def run(self) -> None:
        """For ever. Cancel it to stop."""
        while True:
            await self._clock.sleep(self._pause_s())
            self.sweep()
            if self._clock.monotonic() - self._purged_at >= PURGE_EVERY_S:
                self._purged_at = self._clock.monotonic()
                await self._purge()

    def sweep(self) -> None:
        """Start what is due now, as far as the bound allows."""
        now = self._clock.monotonic()
        due = [(project_id, self._duties.tidy, "tidy") for project_id in self._registry.untidy(now)]
        due += [(project_id, self._duties.expire, "expire") for project_id in self._registry.due(now)]
        for project_id, duty, verb in due:
            if len(self._going) >= AT_ONCE:
                return
            if project_id not in self._going:
                self._going.add(project_id)
                self._supervisor.start(self._one(project_id, duty), name=f"{verb} workspace {project_id}")

    async def _one(self, project_id: str, duty: Duty) -> None:
        try:
            await duty(project_id)
        finally:
            self._going.discard(project_id)

    async def _purge(self) -> None:
        try:
            await self._duties.purge()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            log.warning("emptying the trash was cancelled from below")

    def _pause_s(self) -> float:
        if self._going:
            return BUSY_TICK_S
        deadline = self._registry.next_deadline()
        if deadline is None:
            return TICK_S
        return min(TICK_S, max(BUSY_TICK_S, deadline - self._clock.monotonic()))
