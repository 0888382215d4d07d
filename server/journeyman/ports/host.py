"""How much room the machine has left, as far as it tells. What it does not tell is None."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Surroundings:
    disk_free: int | None = None
    """Bytes we may still write, on the fullest of the file systems that matter."""
    memory_free: int | None = None
    """Bytes programs can take without anything being moved out."""
    memory_stalled: float | None = None
    """Percent of the last ten seconds in which some process waited for memory."""


class Host(Protocol):
    async def look(self) -> Surroundings:
        """Must not raise: what cannot be found out is None."""
        ...


class UnknownHost:
    """Tells nothing, so nothing is ever short."""

    async def look(self) -> Surroundings:
        return Surroundings()
