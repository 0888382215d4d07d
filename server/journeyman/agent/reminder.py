"""What is added to a tool result: the item at hand now and then, nudges, warnings. Only ever at the tail."""

from __future__ import annotations

from journeyman.agent.session import Session
from journeyman.agent.tools.todo_rows import is_open

EVERY_STEPS = 8
STEPS_WITHOUT_CHANGE = 4


async def reminder(session: Session) -> str | None:
    """The current item and how many are open: every 8 steps, or after 4 without a change to the list."""
    if session.state.phase == "plan":
        session.steps_since_reminder = 0  # counted from the list on: nobody forgets what was just written
        return None
    due = session.steps_since_reminder >= EVERY_STEPS or (
        session.steps_since_todo >= STEPS_WITHOUT_CHANGE
        and session.steps_since_reminder >= STEPS_WITHOUT_CHANGE
    )
    if not due:
        return None
    session.steps_since_reminder = 0
    todos = await session.tools.get_todos()
    still_open = [item for item in todos.items if is_open(item)]
    if not still_open:
        return None
    current = next((item for item in still_open if item.status == "in_progress"), still_open[0])
    return f"[todo: {len(still_open)} open; now {current.id}: {current.content}]"
