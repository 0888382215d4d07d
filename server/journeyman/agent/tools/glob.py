"""`glob`: files whose path matches a pattern, newest first."""

from __future__ import annotations

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation
from journeyman.agent.tools.tool import Arguments, Tool, integer, spec, text


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    path = context.state.at(arguments.get("path", "."))
    limit = min(max(arguments.get("limit", 200), 1), 2_000)
    found = await context.guest.glob(arguments["pattern"], path=path, limit=limit)
    where = context.state.shown(path)
    if not found.paths:
        return Observation(f"no file matches {arguments['pattern']!r} in {where}")
    tail = [f"{found.more} more files"] if found.more else []
    return Observation("\n".join([f"{len(found.paths)} files in {where}, newest first", *found.paths, *tail]))


TOOL = Tool(
    spec(
        "glob",
        "Find files by a pattern such as **/*.py; newest first.",
        {"pattern": text()},
        {
            "path": text(),
            "limit": integer(),
        },
    ),
    _run,
)
