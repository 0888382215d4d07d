"""`commands`: how the project is built, run and tested, recorded with the project."""

from __future__ import annotations

from dataclasses import replace

from journeyman.agent.state import shows_nothing
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.tool import Arguments, Tool, alone, spec, text
from journeyman.records import Commands


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    given = {name: arguments[name].strip() or None for name in ("build", "run", "test") if name in arguments}
    empty = [each for name, each in given.items() if each and name != "run" and shows_nothing(each)]
    if empty:
        return failed(f"`{empty[0]}` passes whatever is done", hint="Name the real command, or leave it out.")
    if given:
        context.state.commands = replace(context.state.commands, **given)
        await context.set_commands(context.state.commands)
    status = "commands recorded" if given else "commands as known"
    return Observation(f"{status}\n{shown(context.state.commands)}")


def shown(commands: Commands) -> str:
    return "\n".join(
        f"{name}: {command or '(unknown)'}"
        for name, command in (("build", commands.build), ("run", commands.run), ("test", commands.test))
    )


TOOL = Tool(
    spec(
        "commands",
        "Record the shell commands that build, run and test the project in its root.",
        {},
        {
            "build": text(),
            "run": text(),
            "test": text(),
        },
    ),
    _run,
    resources=alone,
)
