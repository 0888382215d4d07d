"""What a project may hold, and what it holds. Plain values that judge themselves; they know no room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "near", "over"]
NEAR = 0.8
"""Share of a quota from which its user is told."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a workspace holds."""

    bytes: int
    """Content of its files."""
    entries: int
    """Files, directories and links."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What a project may hold. None: not said; 0: as much as it likes."""

    bytes: int | None = None
    entries: int | None = None
    archive_bytes: int | None = None
    """Stored bytes of its archives."""

    def over(self, default: Quota) -> Quota:
        """With `default` where nothing is said."""
        return Quota(
            default.bytes if self.bytes is None else self.bytes,
            default.entries if self.entries is None else self.entries,
            default.archive_bytes if self.archive_bytes is None else self.archive_bytes,
        )

    def level(self, held: Held) -> Level:
        pairs = ((held.bytes, self.bytes), (held.entries, self.entries))
        share = max((used / most for used, most in pairs if most), default=0.0)
        return "over" if share > 1 else "near" if share >= NEAR else "ok"
