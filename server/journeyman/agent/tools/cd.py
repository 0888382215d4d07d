"""`cd`: the working directory of every tool, kept with the chat."""

from __future__ import annotations

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.tool import Arguments, Tool, alone, spec, text


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    path = context.state.at(arguments["path"])
    found = await context.guest.stat(path)
    if found is None or found.kind == "file":
        what = "no such directory" if found is None else "that is a file"
        return failed(
            f"{what}: {arguments['path']}", hint=f"The working directory is still {context.state.cwd}."
        )
    await context.guest.list(path)  # the guest refuses a directory outside the workspace
    context.state.cwd = path
    await context.set_cwd(path)
    return Observation(f"cwd={path}")


TOOL = Tool(
    spec("cd", "Change the working directory.", {"path": text()}),
    _run,
    resources=alone,
)
