"""The plan phase: the model looks around with reading tools and writes a todo list.

The same history, prompt and tool list as the execute phase: the runtime refuses what would change things.
"""

from __future__ import annotations

import re

from journeyman.agent.session import Session
from journeyman.agent.state import Outcome
from journeyman.agent.step import step

STEPS_MAX = 15
_SMALL_CHARACTERS = 160
_SMALL_EDIT = re.compile(
    r"^\s*(please\s+)?(rename|fix (the |a )?typos?|remove|delete|change|replace|bump|add)\b", re.I
)
_ASKS = re.compile(
    r"^\s*(what|why|how|where|which|who|when|is|are|does|do (you|we|they|i|these|those)|can|explain"
    r"|describe|tell me)\b",
    re.I,
)
_ORDERS = re.compile(
    r"\b(fix|add|change|implement|write|create|make|refactor|remove|update|build|rename)\b", re.I
)


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


def is_question(prompt: str) -> bool:
    """Whether the words of the prompt ask for an answer and for nothing to be changed."""
    asks = prompt.rstrip().endswith("?") or _ASKS.match(prompt) is not None
    return asks and not orders_something(prompt)


def orders_something(prompt: str) -> bool:
    """Whether the words of the prompt say that something is to be changed."""
    return _ORDERS.search(prompt) is not None


def is_small_edit(prompt: str) -> bool:
    """One short line that names a single small change."""
    one = "\n" not in prompt.strip() and len(prompt) <= _SMALL_CHARACTERS
    return (
        one and _SMALL_EDIT.match(prompt) is not None and not re.search(r"\b(and|then|also)\b|[;,]", prompt)
    )
