"""`fin`: says the work is finished. The gate and the verification decide whether it is."""

from __future__ import annotations

from journeyman.agent.gate import checks_to_run
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation
from journeyman.agent.tools.tool import Arguments, Tool, alone, spec, text
from journeyman.permission.effect import Effect


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    return await context.finish(arguments["summary"], arguments.get("status", "done"))


async def _effect(context: ToolContext, arguments: Arguments) -> Effect | None:
    """Before it is accepted, the project's commands and the checks that are out of date are run."""
    state = context.state
    known = [each for each in (state.commands.build, state.commands.test, state.commands.run) if each]
    commands = [*known, *checks_to_run(await context.get_todos(), state)]
    if not commands or state.activity == 0 or arguments.get("status", "done") != "done":
        return None
    return Effect("command", "build, test and run the project", state.root, command="\n".join(commands))


TOOL = Tool(
    spec(
        "fin",
        "Finish. Refused while items are open, the last edit is not checked, or a recorded command fails.",
        {"summary": text("For the user")},
        {"status": text(enum=["done", "partial", "blocked"])},
    ),
    _run,
    resources=alone,
    effect=_effect,
)
