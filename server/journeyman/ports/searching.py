"""What a search in a workspace answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GrepMatch:
    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class GrepResult:
    matches: tuple[GrepMatch, ...]
    more_matches: int
    """Matches beyond the limit."""
    more_files: int
    """Files that hold them."""


@dataclass(frozen=True, slots=True)
class GlobResult:
    paths: tuple[str, ...]
    """Relative to the directory searched, newest first."""
    more: int
