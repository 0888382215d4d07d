"""`todoRead`: the plan as it stands."""

from __future__ import annotations

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation
from journeyman.agent.tools.todo_rows import counts, rows
from journeyman.agent.tools.tool import Arguments, Tool, spec


async def _run(context: ToolContext, _arguments: Arguments) -> Observation:
    todos = await context.get_todos()
    return Observation("\n".join([f"todo list: {counts(todos)}", *rows(todos)]))


TOOL = Tool(spec("todoRead", "Show the todo list.", {}), _run)
