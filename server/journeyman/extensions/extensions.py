"""What the user's own configuration adds to every run: read once, handed in by the composition root."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extensions:
    """Nothing of it comes from a project."""
