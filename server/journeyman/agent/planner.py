"""The plan phase: the model looks around with reading tools and writes a todo list.

The same history, prompt and tool list as the execute phase: the runtime refuses what would change things.
"""

from __future__ import annotations

from journeyman.agent.session import Session
from journeyman.agent.state import Outcome
from journeyman.agent.step import step

STEPS_MAX = 15


async def plan(session: Session) -> None:
    """Ends at `todoWrite`, at an outcome, or when its budget is used up (then work begins without a plan)."""
    await session.telling.phase("plan")
    for _ in range(STEPS_MAX):
        await step(session)
        if session.state.outcome is not None or session.state.phase == "execute":
            break
    else:
        session.state.phase = "execute"
        await session.telling.notice(
            "warning", f"There is no plan after {STEPS_MAX} steps; the work begins without one."
        )
    if session.run.mode == "plan":
        written = session.state.todo_changes > 0
        session.end(
            Outcome("completed", "planned", "The plan is written.")
            if written
            else Outcome("partial", "no_plan", f"The model wrote no plan in {STEPS_MAX} steps.")
        )
