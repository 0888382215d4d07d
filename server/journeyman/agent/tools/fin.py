"""`fin`: says the work is finished. The gate and the verification decide whether it is."""

from __future__ import annotations

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation
from journeyman.agent.tools.tool import Arguments, Tool, alone, spec, text


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    return await context.finish(arguments["summary"], arguments.get("status", "done"))


TOOL = Tool(
    spec(
        "fin",
        "Finish: say what was done, or the answer. Refused while todo items are open or checks are stale; "
        "the known build, test and run commands are run before it is accepted.",
        {"summary": text("What was done, for the user")},
        {"status": text("Default done", enum=["done", "partial", "blocked"])},
    ),
    _run,
    resources=alone,
)
