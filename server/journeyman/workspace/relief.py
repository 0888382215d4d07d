"""Making room when the machine is short of it, in an order in which nothing is lost.

Disk: the trash (what is in it was archived and verified, or given up by its user) loses its grace, oldest
first; then warm workspaces become cold, their archive looked at again; then idle ones are archived, verified
and removed; of both nothing stays in the trash. Memory: frozen workspaces are put away first, since a paused
one keeps its memory; then idle ones. Least recently used first, one at a time, and after each the machine is
looked at again. What is used stays.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from journeyman.ports.host import Host, Surroundings
from journeyman.records import WorkspaceState
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.pressure import Marks
from journeyman.workspace.registry import Entry, Registry
from journeyman.workspace.tiers import Warm

log = logging.getLogger(__name__)

TRASH_KEPT_S = 3600.0
"""What else went to the trash within the last hour stays, however short the disk is."""
AT_MOST = 8
"""Workspaces put away in one pass."""


class Duties(Protocol):
    """What upkeep can do to one workspace; all answer values."""

    def cool(self, project_id: str) -> Awaitable[bool | WorkspaceError]: ...

    def put_away(self, project_id: str, *, warm: bool) -> Awaitable[object]: ...


class Relief:
    def __init__(
        self,
        host: Host,
        marks: Marks,
        registry: Registry,
        duties: Duties,
        *,
        trash_grace_s: float,
        purge: Callable[[float], Awaitable[int]],
        purge_of: Callable[[str, datetime], Awaitable[int]],
        now: Callable[[], datetime],
        warm: Callable[[], Awaitable[tuple[Warm, ...]]],
    ) -> None:
        self._host = host
        self._marks = marks
        self._registry = registry
        self._duties = duties
        self._trash_grace_s = trash_grace_s
        self._purge = purge
        self._purge_of = purge_of
        self._now = now
        self._warm = warm
        self.said: tuple[str, ...] = ()
        """What is short now, as sentences."""

    async def run(self) -> None:
        seen = await self._look()
        if self._marks.memory_short(seen):
            seen = await self._free_memory()
        if self._marks.disk_short(seen):
            await self._free_disk()

    async def _look(self) -> Surroundings:
        seen = await self._host.look()
        said = self._marks.sentences(seen)
        for sentence in said if len(said) > len(self.said) else ():
            log.warning("%s", sentence)
        self.said = said
        return seen

    async def _free_memory(self) -> Surroundings:
        """By how much processes wait is told late: then one goes, and the next pass sees."""
        seen = await self._look()
        for project_id in _idle(self._registry.entries(), ("frozen", "idle"))[:AT_MOST]:
            by_waiting = not (seen.memory_free is not None and seen.memory_free < self._marks.memory_low)
            await self._duties.put_away(project_id, warm=True)
            seen = await self._look()
            if by_waiting or not self._marks.memory_short(seen):
                break
        return seen

    async def _free_disk(self) -> None:
        for grace_s in _shorter(self._trash_grace_s):
            if await self._purge(grace_s) and not await self._disk_short():
                return
        if not await self._disk_short():
            return
        for each in sorted(await self._warm(), key=lambda each: (each.used_at, each.project_id)):
            since = self._now()
            if await self._duties.cool(each.project_id) is True:
                await self._purge_of(each.project_id, since)
                if not await self._disk_short():
                    return
        for project_id in _idle(self._registry.entries(), ("frozen", "idle"))[:AT_MOST]:
            since = self._now()
            await self._duties.put_away(project_id, warm=False)
            await self._purge_of(project_id, since)
            if not await self._disk_short():
                return

    async def _disk_short(self) -> bool:
        return self._marks.disk_short(await self._look())


def _shorter(grace_s: float) -> Iterable[float]:
    """Half the time, a quarter of it and so on, down to an hour."""
    while grace_s > TRASH_KEPT_S:
        grace_s = max(grace_s / 2, TRASH_KEPT_S)
        yield grace_s


def _idle(entries: Sequence[Entry], states: Sequence[WorkspaceState]) -> list[str]:
    """Projects nobody uses, by state in this order, least recently used first. One that could not be put
    away is left to its own time."""
    free = [e for e in entries if e.state in states and not e.held and e.failures == 0 and e.tidy_at is None]
    free.sort(key=lambda entry: (states.index(entry.state), entry.last_used, entry.project_id))
    return [entry.project_id for entry in free]
