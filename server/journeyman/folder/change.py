"""What shall become of one file of a folder, and what must be there for that: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Copied:
    """A file as it was when it was copied."""

    sha256: str
    executable: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One file that differs. `content` is None for a removed file, and for one too large to fetch."""

    path: str
    kind: Literal["added", "modified", "removed"]
    was: Copied | None
    executable: bool
    content: bytes | None
    size: int = 0

    @property
    def fetched(self) -> bool:
        return self.kind == "removed" or self.content is not None
