"""What the daemon remembers of changed paths and of what was decided: plain frozen values, as in `records`.

States of a path are texts, as `checkpoint.state` writes them; None where nothing is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class PathChange:
    """What a checkpoint did to one path. The states are as `checkpoint.state` writes them; None: nothing."""

    path: bytes
    before: str | None
    after: str | None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class ChangedPath:
    """A path the agent of a chat changed, until it is decided on and carried to the user's folder."""

    path: bytes
    origin: str | None
    """What the user's folder has: what was there before the agent's first change, or was carried since."""
    base: str | None
    """What changes are counted from: the origin, or what was accepted since."""
    last: str | None
    """What the agent left there last."""
    sure: bool = True


Decision = Literal["accepted", "rejected", "rejecting", "conflict"]
"""`rejecting`: decided while a run is at work, and done at its next step; `conflict`: it was not there any
more by then."""


@dataclass(frozen=True, slots=True)
class HunkDecision:
    """What somebody decided of a hunk. `note` is what the model is told of it; empty: nothing."""

    hunk_id: str
    path: bytes
    decision: Decision
    decided_at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class NewBase:
    """What a path's changes are counted from once its base, which must be `expected`, was moved."""

    path: bytes
    expected: str | None
    base: str | None


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A file of the user's folder as it was when it was last copied, either way."""

    path: str
    sha256: str
    executable: bool
