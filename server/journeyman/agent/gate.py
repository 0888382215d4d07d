"""Whether `fin` may pass, from facts alone: no model is asked. Pure."""

from __future__ import annotations

from journeyman.agent.state import RunState
from journeyman.agent.tools.todo_rows import is_open
from journeyman.records import TodoList


def refusal(todos: TodoList, state: RunState) -> str | None:
    """What stands in the way and what to do about it; None when nothing does."""
    still_open = [item for item in todos.items if is_open(item)]
    if still_open:
        names = "; ".join(f"{item.id}: {item.content}" for item in still_open[:10])
        return (
            f"{len(still_open)} todo items are open ({names}). Finish them, or drop them with a reason, "
            "or call fin with status partial."
        )
    checks = [item.check for item in todos.items if item.check and item.status == "done"]
    checked_later = (state.commands.build, state.commands.test, state.commands.run)
    if checks and state.edits and not any(checked_later) and not any(state.passes(check) for check in checks):
        return (
            f"Files were edited after the last passing check. Run the checks again: {'; '.join(checks[:10])}"
        )
    return None
