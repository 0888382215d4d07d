"""How much of the store a project's archives take, and which go where that is more than it may. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from journeyman.workspace.archive.model import Pack

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Listed:
    """A manifest in the store."""

    key: str
    seq: int
    archive_id: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Needs:
    """An archive, and the packs it needs."""

    listed: Listed
    packs: frozenset[Pack]

    @property
    def seq(self) -> int:
        return self.listed.seq


def stored(archives: Iterable[Needs]) -> int:
    """Bytes of the packs these archives need. What belongs to other projects is counted there."""
    packs = {pack for each in archives for pack in each.packs}
    return sum(pack.size for pack in packs if pack.owner is None)


def too_many(archives: Collection[Needs], named: Collection[str], bytes_max: int) -> list[Needs]:
    """The oldest, until the rest needs at most `bytes_max` (0: any). Never the newest, never a named one."""
    rest = sorted(archives, key=lambda each: (each.seq, each.listed.archive_id))
    going: list[Needs] = []
    if not bytes_max or stored(rest) <= bytes_max:
        return going
    for each in [each for each in rest[:-1] if each.listed.archive_id not in named]:
        rest.remove(each)
        going.append(each)
        if stored(rest) <= bytes_max:
            break
    return going


def over_quota(size: int, bytes_max: int) -> str:
    return (
        f"The archives that stay take {size / MIB:,.0f} MiB of the {bytes_max / MIB:,.0f} MiB the project "
        "may store: the newest and those with a name are not removed."
    )
