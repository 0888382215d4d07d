"""Planning again in the middle of the work: where the run is stuck, where the same verification failed twice,
and where the user said something. Until the list was written again the registry runs reading tools only.

For runs that work by a list; a few steps at most, and without a new list the work goes on all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeyman.agent.inbox import STEERED, STEERED_WITH_A_PLAN
from journeyman.agent.state import RunState
from journeyman.agent.stuck import Stuck
from journeyman.agent.wording import is_question

if TYPE_CHECKING:
    from journeyman.agent.session import Session

STEPS_MAX = 5
PLAN_AGAIN = "Plan again before you change anything: write the whole list with todoWrite, as it is now."


def nudged(state: RunState, stuck: Stuck | None) -> str | None:
    """What the model is told where it is stuck."""
    if stuck is None:
        return None
    if stuck.what == "nudge" and state.plan_again("The run goes in circles."):
        return f"{stuck.message} {PLAN_AGAIN}"
    return stuck.message


async def steered(session: Session, request: str) -> str:
    """What the model is told to do about words of the user: to plan again, where there is a plan and they are
    no mere question."""
    todos = await session.tools.get_todos()
    if todos.items and not is_question(request) and session.state.plan_again("The user said something."):
        return STEERED_WITH_A_PLAN
    return STEERED


def wanted(state: RunState) -> str:
    """For the end of a result, before what else is to be done."""
    return f"{state.replan} {PLAN_AGAIN} " if state.replan else ""


async def follow(session: Session) -> None:
    """After each step: tell people of the new plan that is wanted and written, and give up on one in time."""
    state = session.state
    if not state.replan:
        if session.steps_to_replan:
            session.steps_to_replan = 0
            await session.telling.phase("execute")
        return
    session.steps_to_replan += 1
    if session.steps_to_replan == 1:
        await session.telling.phase("plan")
    elif session.steps_to_replan > STEPS_MAX:
        state.replan = ""
        await session.telling.notice(
            "warning", f"There is no new plan after {STEPS_MAX} steps; the work goes on without one."
        )
