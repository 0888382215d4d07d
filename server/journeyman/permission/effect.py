"""What a call would do, exactly: what a permission is bound to, and what a person reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

EffectType = Literal["git", "command", "edit", "mcp"]
DETAIL_CHARACTERS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Effect:
    type: EffectType
    title: str
    """One short line for people."""
    cwd: str
    argv: tuple[str, ...] = ()
    """Of `git`: the words as they would be run. Of `mcp`: server, tool, and where the server runs."""
    command: str = ""
    """Of `command`: the line a shell would be given."""
    paths: tuple[str, ...] = ()
    """Of `edit`: the files that would be written, from the workspace's root."""
    detail: str = ""
    """What would be written, for people; cut."""
    bound: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Everything else that makes it this effect and no other: the call's arguments."""

    @property
    def exact(self) -> dict[str, Any]:
        """Equal for the same effect only; the rest is for people."""
        return {
            "type": self.type,
            "cwd": self.cwd,
            "argv": self.argv,
            "command": self.command,
            "paths": self.paths,
            "bound": dict(self.bound),
        }

    @property
    def hash(self) -> str:
        """As `exact`, to be kept."""
        text = json.dumps(self.exact, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
