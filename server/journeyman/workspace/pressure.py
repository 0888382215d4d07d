"""When the machine is short of room, and what is said of it. Pure, but for looking at the host."""

from __future__ import annotations

from dataclasses import dataclass

from journeyman.failures import Failure
from journeyman.ports.host import Host, Surroundings

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Marks:
    """In bytes and percent; 0 switches a mark off."""

    disk_low: int = 0
    """Below this, room is made."""
    disk_floor: int = 0
    """What must be left after a workspace's files were made or restored."""
    memory_low: int = 0
    """Below this, idle workspaces are put away early."""
    memory_stalled: float = 0.0
    """So much waiting for memory, in percent, counts as too little of it."""

    def disk_short(self, seen: Surroundings) -> bool:
        return seen.disk_free is not None and seen.disk_free < self.disk_low

    def memory_short(self, seen: Surroundings) -> bool:
        if seen.memory_free is not None and seen.memory_free < self.memory_low:
            return True
        stalled = seen.memory_stalled
        return bool(self.memory_stalled) and stalled is not None and stalled >= self.memory_stalled

    def sentences(self, seen: Surroundings) -> tuple[str, ...]:
        """What is short, for people."""
        said: list[str] = []
        if self.disk_short(seen):
            floor = seen.disk_free is not None and seen.disk_free < self.disk_floor
            what = "no workspace is made or restored" if floor else "idle workspaces are put away early"
            said.append(f"The disk has {(seen.disk_free or 0) // MIB:,} MiB left, so {what}.")
        if self.memory_short(seen):
            left = "" if seen.memory_free is None else f" ({seen.memory_free // MIB:,} MiB free)"
            said.append(f"Memory is short{left}, so idle workspaces are put away early.")
        return tuple(said)


class Space:
    """Asked before anything writes a workspace's worth of files."""

    def __init__(self, host: Host, marks: Marks) -> None:
        self._host = host
        self._marks = marks

    async def refuse_when_full(self, needed: int = 0) -> None:
        """Raises `disk_full` where less than the floor would be left after `needed` bytes."""
        free = (await self._host.look()).disk_free
        if free is None or free - needed >= self._marks.disk_floor:
            return
        wanted = f" and the files take {needed // MIB:,} MiB" if needed else ""
        raise Failure(
            "disk_full",
            f"The disk for workspaces has {free // MIB:,} MiB left{wanted}, and "
            f"{self._marks.disk_floor // MIB:,} MiB are to stay free.",
            hint="Free space on it, or lower disk_floor_mb; workspaces and archives that are there are kept.",
            retryable=True,
        )
