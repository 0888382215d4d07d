"""What checkpoints are told of a run: which step is about to change files, and which calls it was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from journeyman.agent.services import Services, StepRecorder
from journeyman.agent.state import RunState
from journeyman.agent.telling import title
from journeyman.agent.tools.jobs import Jobs

if TYPE_CHECKING:
    from journeyman.agent.telling import Telling
    from journeyman.agent.tools.registry import Prepared
    from journeyman.ports.guest import Guest
    from journeyman.records import Run

CLOSE_DEADLINE_S = 120.0
SHOWN_CALLS = 3


@dataclass(slots=True)
class Recording:
    recorder: StepRecorder
    state: RunState
    _titles: list[str] = field(default_factory=list[str])
    _named: set[str] = field(default_factory=set[str])

    async def before(self, prepared: Prepared) -> None:
        """Before a call is run."""
        name = prepared.tool.spec.name
        verifies = name == "fin" and self.state.activity > 0
        if not verifies and not prepared.tool.mutates(prepared.arguments):
            return
        self._titles.append(title(name, prepared.arguments))
        paths = prepared.tool.changed_paths(self.state, prepared.arguments)
        self._named.update(self.state.shown(path) for path in paths)
        await self.recorder.before_change()

    def after_step(self, message_id: str) -> None:
        shown, more = self._titles[:SHOWN_CALLS], len(self._titles) - SHOWN_CALLS
        text = "; ".join(shown) + (f" and {more} more" if more > 0 else "")
        self.recorder.after_step(message_id, text, frozenset(self._named))
        self._titles.clear()
        self._named.clear()

    async def close(self) -> None:
        async with asyncio.timeout(CLOSE_DEADLINE_S):
            await self.recorder.close()

    def released(self) -> None:
        self.recorder.released()


async def start(
    services: Services, guest: Guest, run: Run, state: RunState, jobs: Jobs, telling: Telling, *, look: bool
) -> Recording | None:
    """Checkpoints of this run from now on, where there are any."""
    if services.checkpoints is None:
        return None

    def say(message: str, hint: str) -> Awaitable[None]:
        return telling.notice("warning", message, hint)

    recorder = services.checkpoints.recorder(
        guest,
        project_id=run.project_id,
        chat_id=run.chat_id,
        run_id=run.id,
        at_work=lambda: bool(jobs.live),
        say=say,
    )
    await recorder.begin(look=look)
    return Recording(recorder, state)
