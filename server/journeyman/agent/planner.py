"""The plan phase: the model looks around with reading tools and writes a todo list.

The same history, prompt and tool list as the execute phase: the runtime refuses what would change things.
Where another model plans, its family's: the history goes on, so that the one that works has all it read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeyman.agent.families import family_of
from journeyman.agent.limits import check_price
from journeyman.agent.services import Services
from journeyman.agent.state import Outcome
from journeyman.agent.step import step
from journeyman.failures import Failure

if TYPE_CHECKING:
    from journeyman.agent.session import Session
    from journeyman.agent.telling import Telling
    from journeyman.model.registry import ResolvedModel
    from journeyman.records import Run

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


async def another_planner(
    services: Services, run: Run, own: ResolvedModel, telling: Telling
) -> ResolvedModel | None:
    """The user's model for plans; None where the run's own plans: it is the same one, a recording, or the
    other cannot be had."""
    wanted = services.planner_model
    if wanted is None or wanted == own.info.id or own.info.extra.get("recording"):
        return None
    try:
        planner = await services.models.choose(wanted)
        check_price(run.budget, planner.info)
    except Failure as failure:
        message = f"{failure.message} The plan is made by {own.info.id}."
        await telling.notice("warning", message, failure.hint)
        return None
    if not family_of(planner.info).plans:
        return None
    await telling.notice("info", f"The plan is made by {planner.info.id}.")
    return planner
