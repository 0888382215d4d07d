"""Which archives of a project stay: the last few, one an hour, one a day, the named ones. Pure.

Archives thin out as restic's snapshots do: an hour counts when there is an archive in it, and its newest one
stays. So archives that are far apart are kept for long, and a busy hour leaves one behind. Looking at a
project makes archives, too: where the last few are all of one tree, those of a few others stay as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Policy:
    last: int = 5
    hourly: int = 24
    daily: int = 14


@dataclass(frozen=True, slots=True)
class Dated:
    archive_id: str
    seq: int
    created_at: datetime
    root: bytes = b""
    """Root hash of its tree."""


def kept(archives: Collection[Dated], policy: Policy, named: Iterable[str] = ()) -> frozenset[str]:
    """The ids that stay. The newest always does."""
    newest_first = sorted(
        archives, key=lambda each: (each.seq, each.created_at, each.archive_id), reverse=True
    )
    stay = {each.archive_id for each in newest_first[: max(1, policy.last)]}
    stay |= _one_each(newest_first, policy.last, lambda each: each.root)
    stay |= _one_each(newest_first, policy.hourly, lambda each: f"{_utc(each):%Y-%m-%d %H}")
    stay |= _one_each(newest_first, policy.daily, lambda each: f"{_utc(each):%Y-%m-%d}")
    return frozenset(stay | (set(named) & {each.archive_id for each in archives}))


def _utc(archive: Dated) -> datetime:
    return archive.created_at.astimezone(UTC)


def _one_each(newest_first: Iterable[Dated], count: int, kind: Callable[[Dated], Hashable]) -> set[str]:
    """The newest archive of each of the last `count` periods, or trees, that have one."""
    found: dict[Hashable, str] = {}
    for each in newest_first:
        name = kind(each)
        if name not in found:
            if len(found) >= count:
                break
            found[name] = each.archive_id
    return set(found.values())
