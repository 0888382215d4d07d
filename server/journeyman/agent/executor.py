"""The execute phase: steps until `fin` is accepted, a ceiling is reached, or nothing moves any more."""

from __future__ import annotations

from journeyman.agent import replanning
from journeyman.agent.session import Session
from journeyman.agent.step import step


async def execute(session: Session) -> None:
    """Ends with `session.state.outcome` set."""
    session.state.phase = "execute"
    await session.telling.phase("execute")
    done = await _verified_items(session)
    while session.state.outcome is None:
        await step(session)
        await replanning.follow(session)
        before, done = done, await _verified_items(session)
        if done > before:
            session.meter.progressed()


async def _verified_items(session: Session) -> int:
    """Items that are done with evidence: what opens a new segment."""
    todos = await session.tools.get_todos()
    return sum(item.status == "done" and item.evidence is not None for item in todos.items)
