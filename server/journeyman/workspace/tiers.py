"""The four tiers of a workspace, their limits, and who goes down first. Pure: no clock, no side effect.

Hot runs. Frozen is paused: it takes memory and no processor. Warm is stopped: archived and verified, with its
files still here. Cold is the archive alone. Only what nobody holds goes down, least recently used first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from journeyman.records import WorkspaceState
from journeyman.workspace.registry import Entry

Tier = Literal["hot", "frozen", "warm", "cold"]

GIB = 1 << 30
WARN_S = 60.0


@dataclass(frozen=True, slots=True)
class Tiers:
    """Limits, in seconds, counts and bytes. None: never."""

    freeze_s: float | None = 120.0
    """Idle time after which a hot workspace is frozen."""
    hot_max: int = 8
    """Running workspaces beyond this are frozen as soon as they are idle."""
    frozen_max: int = 16
    """Frozen workspaces beyond this are put away before their time is up."""
    warm_max: int = 16
    """Most warm workspaces; 0: expiry leaves nothing on this machine."""
    warm_bytes: int = 10 * GIB
    """Most bytes of files in warm workspaces."""
    warm_s: float = 24 * 3600.0
    """Time after which a warm workspace becomes cold."""
    upload_after_s: float | None = 30.0
    """Idle time after which what changed is archived in the background."""


NO_TIERS = Tiers(freeze_s=None, hot_max=1 << 30, frozen_max=1 << 30, warm_max=0, upload_after_s=None)
"""Everything hot until it is archived and gone."""


@dataclass(frozen=True, slots=True)
class Warm:
    """A warm workspace. Times are seconds since the epoch."""

    project_id: str
    used_at: float
    since: float
    bytes: int


def tier_of(state: WorkspaceState, *, files: bool, instance: bool) -> Tier | None:
    """Where a workspace is; None for one that was never there."""
    match state:
        case "live" | "idle" | "archiving" | "creating" | "restoring":
            return "hot"
        case "frozen" | "warm":
            return state
        case "archived":
            return "cold"
        case "cold" | "failed":
            return "hot" if instance else "warm" if files else None


def to_freeze(entries: Iterable[Entry], tiers: Tiers, now: float) -> tuple[str, ...]:
    """Idle workspaces whose time to freeze has come, or that are too many."""
    hot = [entry for entry in entries if entry.state in ("live", "idle")]
    idle = _oldest_first(entry for entry in hot if entry.state == "idle" and _can_freeze(entry))
    spare = max(0, len(hot) - tiers.hot_max)
    return tuple(
        entry.project_id
        for place, entry in enumerate(idle)
        if place < spare or (tiers.freeze_s is not None and entry.last_used + tiers.freeze_s <= now)
    )


def crowding(entries: Iterable[Entry], tiers: Tiers) -> tuple[str, ...]:
    """Frozen workspaces that are too many. One that could not be put away waits like any other."""
    frozen = _oldest_first(entry for entry in entries if entry.state == "frozen")
    spare = max(0, len(frozen) - tiers.frozen_max)
    return tuple(e.project_id for e in frozen[:spare] if not e.held and e.failures == 0)


def to_upload(entries: Iterable[Entry], now: float) -> tuple[str, ...]:
    """Idle workspaces whose changes are to be archived now, in the background."""
    return tuple(
        entry.project_id
        for entry in entries
        if entry.state == "idle"
        and not +entry.users
        and entry.upload_at is not None
        and entry.upload_at <= now
    )


def to_warn(entries: Iterable[Entry], warn_s: float, now: float) -> tuple[Entry, ...]:
    """Workspaces that will be archived within `warn_s` and whose deadline was not announced yet."""
    return tuple(
        entry
        for entry in entries
        if entry.state in ("idle", "frozen")
        and not entry.held
        and entry.deadline - warn_s <= now
        and entry.warned != entry.deadline
    )


def to_cool(warm: Sequence[Warm], tiers: Tiers, now: float) -> tuple[str, ...]:
    """Warm workspaces that are too old, too many or too big, in the order they should go."""
    going: list[str] = []
    count, size = len(warm), sum(each.bytes for each in warm)
    for each in sorted(warm, key=lambda each: (each.used_at, each.project_id)):
        if count > tiers.warm_max or size > tiers.warm_bytes or each.since + tiers.warm_s <= now:
            going.append(each.project_id)
            count, size = count - 1, size - each.bytes
    return tuple(going)


def next_time(entries: Iterable[Entry], tiers: Tiers, warn_s: float) -> float | None:
    """When the next of all this is due by time alone; None when nothing waits."""
    times: list[float] = []
    for entry in entries:
        if entry.held:
            continue
        times.append(entry.deadline if entry.warned == entry.deadline else entry.deadline - warn_s)
        if entry.state == "idle" and entry.upload_at is not None:
            times.append(entry.upload_at)
        if entry.state == "idle" and tiers.freeze_s is not None and _can_freeze(entry):
            times.append(entry.last_used + tiers.freeze_s)
    return min(times, default=None)


def _can_freeze(entry: Entry) -> bool:
    return entry.freezable and not entry.held and entry.tidy_at is None


def _oldest_first(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.last_used, entry.project_id))
