"""What extensions give one run: blocks for its environment, and words beside the results of its calls."""

from __future__ import annotations

import posixpath
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeyman.agent.tools import mcp, skill
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.shell import ENVIRONMENT
from journeyman.agent.tools.tool import Tool
from journeyman.extensions.extensions import Extensions
from journeyman.extensions.hooks import Hooks
from journeyman.extensions.places import Place
from journeyman.extensions.prompt_files import Expanded, expand
from journeyman.extensions.rules import Rules
from journeyman.extensions.servers import Servers
from journeyman.extensions.skills import find as find_skills
from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.tasks import Supervisor

if TYPE_CHECKING:
    from journeyman.agent.state import RunState
    from journeyman.agent.tools.registry import Prepared
    from journeyman.records import Run

CALLED = "The user called /{name}, which says:\n\n{text}"
ON_DIRECTORIES = frozenset({"ls", "cd", "grep", "glob"})


@dataclass(slots=True)
class Extended:
    """Of one run."""

    rules: Rules
    hooks: Hooks
    request: str
    """What the user asks for: the prompt, or what the command it calls says."""
    first_rules: str = ""
    """What the project says, as far as it is told at the beginning."""
    blocks: tuple[str, ...] = ()
    """For the end of the first message."""
    tools: tuple[Tool, ...] = ()
    """Beside those every run has."""
    servers: Servers | None = None
    called: str = ""
    """What the model is told of a command the prompt calls; empty for any other prompt."""
    commands: Sequence[Place] = ()
    """Where commands are."""

    async def close(self) -> None:
        """The run is over: end what it had started."""
        if self.servers is not None:
            await self.servers.close()

    async def call(self, text: str) -> Expanded | None:
        """The command that what the user says meanwhile calls. Raises `invalid` where that is too long."""
        return await expand(text, self.commands)

    async def before(self, prepared: Prepared, state: RunState) -> Observation | None:
        """What the model is told instead of a call that a hook of the user's refuses."""
        refused = await self.hooks.before(prepared.tool.spec.name, prepared.arguments, state.cwd)
        return None if refused is None else failed(f"a hook of the user's refused this: {refused}")

    async def after(self, prepared: Prepared, state: RunState, made: Observation) -> str | None:
        """What a hook of the user's says of a call that was made."""
        name, arguments = prepared.tool.spec.name, prepared.arguments
        said = await self.hooks.after(name, arguments, state.cwd, ok=made.ok, text=made.text)
        return None if said is None else f"note: a hook of the user's says: {said}"

    async def beside(self, prepared: Prepared, state: RunState) -> str | None:
        """What is said with the result of a call that came to a directory for the first time."""
        name = prepared.tool.spec.name
        if name in ON_DIRECTORIES:
            directories = [state.at(prepared.arguments.get("path", "."))]
        else:
            changed = prepared.tool.changed_paths(state, prepared.arguments)
            files = [state.at(prepared.arguments["path"])] if name == "read" else sorted(changed)
            directories = list(dict.fromkeys(map(posixpath.dirname, files)))
        try:
            said = [await self.rules.near(directory) for directory in directories]
            return "\n\n".join(filter(None, said)) or None
        except Failure:  # the workspace went away: the call itself says so, or the next one
            return None


async def extend(
    user: Extensions,
    guest: Guest,
    state: RunState,
    run: Run,
    say: Callable[[str], Awaitable[None]],
    supervisor: Supervisor,
    *,
    short: bool,
) -> Extended:
    """Raises `invalid` for a command that cannot be carried out. `short`: as little as helps a weak model."""
    root = state.root
    rules = Rules(guest, root, short=short)
    first_rules = await rules.first(state.cwd)
    skills = await find_skills(user.skills(guest, root))
    commands = user.commands(guest, root)
    command = await expand(run.prompt, commands)
    servers = None
    if user.servers and user.connector is not None:
        servers = Servers(user.servers, user.connector, guest, supervisor)
    facts = {"runId": run.id, "chatId": run.chat_id, "projectId": run.project_id}
    return Extended(
        rules,
        Hooks(user.hooks, guest, root, user.host, facts, say, ENVIRONMENT),
        run.prompt if command is None else command.text,
        first_rules=first_rules,
        blocks=(first_rules, skills.block),
        tools=(
            *((skill.tool(skills),) if skills.known else ()),
            *(() if servers is None else mcp.tools(servers)),
        ),
        servers=servers,
        called="" if command is None else told(command),
        commands=commands,
    )


def told(command: Expanded) -> str:
    """What the model is told of a command the user called."""
    return CALLED.format(name=command.command.name, text=command.text)
