"""The execute phase: steps until `fin` is accepted, a ceiling is reached, or nothing moves any more."""

from __future__ import annotations

from journeyman.agent.session import Session
from journeyman.agent.step import step


async def execute(session: Session) -> None:
    """Ends with `session.state.outcome` set."""
    session.state.phase = "execute"
    await session.telling.phase("execute")
    while session.state.outcome is None:
        done = await _verified_items(session)
        await step(session)
        if await _verified_items(session) > done:
            session.meter.progressed()


async def _verified_items(session: Session) -> int:
    """Items that are done with evidence: what opens a new segment."""
    todos = await session.tools.get_todos()
    return sum(item.status == "done" and item.evidence is not None for item in todos.items)
