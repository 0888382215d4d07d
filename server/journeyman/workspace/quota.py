"""How much a workspace holds, and how much it may. Measured by scans, enforced where the daemon writes.

A scan is made while a workspace is used, at most every `MEASURE_EVERY_S`, and once after. Between scans what
is written through the guest is added up. Programs inside write as they like: they are measured, and what
the daemon writes for anybody is refused beyond the quota, until something was deleted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from journeyman.failures import Failure
from journeyman.guest.frames import tree_entries
from journeyman.ports.clock import Clock
from journeyman.ports.guest import Guest
from journeyman.quotas import Held, Quota
from journeyman.workspace.deadlines import Deadlines, within
from journeyman.workspace.registry import Entry, Registry
from journeyman.workspace.status import Announcer

log = logging.getLogger(__name__)

MEASURE_EVERY_S = 120.0
AGAIN_S = 5.0
"""Before something is refused, what there is now is measured, unless that was done just now."""
RECORDS_MAX = 1 << 28
QuotaOf = Callable[[str], Awaitable[Quota]]


async def no_quota(_: str) -> Quota:
    return Quota()


class Quotas:
    def __init__(
        self,
        registry: Registry,
        clock: Clock,
        announcer: Announcer,
        deadlines: Deadlines,
        *,
        default: Quota,
        quota_of: QuotaOf,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._announcer = announcer
        self._deadlines = deadlines
        self._default = default
        self._quota_of = quota_of

    async def of(self, project_id: str) -> Quota:
        """What its user said, and the default where nothing was said."""
        async with within(self._deadlines.store_s, "Reading the project's quota"):
            return (await self._quota_of(project_id)).over(self._default)

    def due(self, now: float) -> tuple[str, ...]:
        """Workspaces at hand that may have changed since they were measured."""
        return tuple(
            entry.project_id
            for entry in self._registry.entries()
            if entry.guest is not None
            and entry.state in ("live", "idle")
            and (entry.held or entry.measured != entry.changes)
            and (entry.measured_at is None or entry.measured_at + MEASURE_EVERY_S <= now or not entry.held)
        )

    async def measure(self, project_id: str) -> Held | None:
        """Scan the workspace where it is at hand; None where it is not."""
        entry = self._registry.get(project_id)
        if entry is None or entry.guest is None:
            return None
        changes, guest = entry.changes, entry.guest
        entry.measured_at = self._clock.monotonic()
        quota = await self.of(project_id)
        async with within(self._deadlines.files_s, "Measuring the workspace"):
            usage = await measured(guest, quota)
        entry.measured = changes
        self._note(entry, usage, quota)
        return usage

    async def allow(self, project_id: str, more: int) -> None:
        """Asked before `more` bytes are written. Raises `quota_exceeded`."""
        entry = self._registry.get(project_id)
        if entry is None or entry.usage is None:
            return
        quota = entry.quota
        after = Held(entry.usage.bytes + more, entry.usage.entries + 1)
        if quota.level(after) == "over":
            if entry.measured_at is None or entry.measured_at + AGAIN_S <= self._clock.monotonic():
                await self.measure(project_id)
            quota, now = entry.quota, entry.usage
            after = Held(now.bytes + more, now.entries + 1)
            if quota.level(after) == "over":
                raise exceeded(quota, now)
        self._note(entry, after, quota)

    def _note(self, entry: Entry, usage: Held, quota: Quota) -> None:
        before = (entry.quota.level(entry.usage), entry.quota) if entry.usage is not None else None
        entry.usage, entry.quota = usage, quota
        level = quota.level(usage)
        if level != "ok" and before != (level, quota):
            log.warning("project %s: %s", entry.project_id, said(quota, usage))
        if (level, quota) != before and (before is not None or level != "ok"):
            self._announcer.tell(entry)


async def measured(guest: Guest, quota: Quota) -> Held:
    """What the workspace holds now. More than can be looked at is more than `quota` allows."""
    try:
        found = await guest.look(xattrs=False, bytes_max=RECORDS_MAX)
    except Failure as failure:
        if failure.kind != "invalid":
            raise
        return Held(0, (quota.entries or 0) + 1)
    return await asyncio.to_thread(_counted, found.records)


def _counted(records: bytes) -> Held:
    size = entries = 0
    seen: set[int] = set()
    for entry in tree_entries(records):
        entries += 1
        if entry.kind != "file":
            continue
        if entry.nlink > 1:
            if entry.inode in seen:
                continue
            seen.add(entry.inode)
        size += entry.size
    return Held(size, entries)


def said(quota: Quota, usage: Held) -> str:
    """How much of what is used, for people and for a model."""
    parts: list[str] = []
    if quota.bytes:
        parts.append(f"{usage.bytes / (1 << 20):,.0f} of {quota.bytes / (1 << 20):,.0f} MiB")
    if quota.entries:
        parts.append(f"{usage.entries:,} of {quota.entries:,} files and directories")
    return f"The workspace holds {' and '.join(parts)} it may hold."


def exceeded(quota: Quota, usage: Held) -> Failure:
    return Failure(
        "quota_exceeded",
        said(quota, usage),
        hint="Delete what is not needed, or allow the project more with project/update.",
    )
