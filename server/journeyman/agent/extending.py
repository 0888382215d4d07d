"""What extensions give one run: blocks for its environment, and words beside the results of its calls."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeyman.extensions.extensions import Extensions
from journeyman.extensions.rules import Rules
from journeyman.failures import Failure
from journeyman.ports.guest import Guest

if TYPE_CHECKING:
    from journeyman.agent.state import RunState
    from journeyman.agent.tools.registry import Prepared

ON_FILES = frozenset({"read", "write", "edit"})
ON_DIRECTORIES = frozenset({"ls", "cd", "grep", "glob"})


@dataclass(slots=True)
class Extended:
    """Of one run."""

    rules: Rules
    blocks: tuple[str, ...] = ()
    """For the end of the first message."""

    async def beside(self, prepared: Prepared, state: RunState) -> str | None:
        """What is said with the result of a call that came to a directory for the first time."""
        name = prepared.tool.spec.name
        if name not in ON_FILES | ON_DIRECTORIES:
            return None
        path = state.at(prepared.arguments.get("path", "."))
        try:
            return await self.rules.near(posixpath.dirname(path) if name in ON_FILES else path) or None
        except Failure:  # the workspace went away: the call itself says so, or the next one
            return None


async def extend(_user: Extensions, guest: Guest, root: str, cwd: str) -> Extended:
    rules = Rules(guest, root)
    return Extended(rules, blocks=(await rules.first(cwd),))
