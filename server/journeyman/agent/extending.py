"""What extensions give one run: blocks for its environment, and words beside the results of its calls."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeyman.agent.tools import skill
from journeyman.agent.tools.tool import Tool
from journeyman.extensions.extensions import Extensions
from journeyman.extensions.prompt_files import expand
from journeyman.extensions.rules import Rules
from journeyman.extensions.skills import find as find_skills
from journeyman.failures import Failure
from journeyman.ports.guest import Guest

if TYPE_CHECKING:
    from journeyman.agent.state import RunState
    from journeyman.agent.tools.registry import Prepared

ON_FILES = frozenset({"read", "write", "edit"})
CALLED = "The user called /{name}, which says:\n\n{text}"
ON_DIRECTORIES = frozenset({"ls", "cd", "grep", "glob"})


@dataclass(slots=True)
class Extended:
    """Of one run."""

    rules: Rules
    request: str
    """What the user asks for: the prompt, or what the command it calls says."""
    blocks: tuple[str, ...] = ()
    """For the end of the first message."""
    tools: tuple[Tool, ...] = ()
    """Beside those every run has."""
    called: str = ""
    """What the model is told of a command the prompt calls; empty for any other prompt."""

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


async def extend(user: Extensions, guest: Guest, root: str, cwd: str, prompt: str) -> Extended:
    """Raises `invalid` for a command that cannot be carried out."""
    rules = Rules(guest, root)
    skills = await find_skills(user.skills(guest, root))
    command = await expand(prompt, user.commands(guest, root))
    return Extended(
        rules,
        prompt if command is None else command.text,
        blocks=(await rules.first(cwd), skills.block),
        tools=(skill.tool(skills),) if skills.known else (),
        called="" if command is None else CALLED.format(name=command.command.name, text=command.text),
    )
