"""Between two runs: some work needs that no run begins meanwhile, and runs wait for it rather than fail.

Others who use the workspace (editors, terminals) are not kept out: who works here looks before it touches.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from journeyman.failures import Failure
from journeyman.workspace.deadlines import within
from journeyman.workspace.room import Desk

RUN = "run"
"""Who holds a workspace while a run is at work in it."""


@asynccontextmanager
async def undisturbed(desk: Desk) -> AsyncGenerator[None]:
    """`busy` while a run is at work."""
    if desk.quiet.locked() or desk.entry.users[RUN] > 0:
        raise Failure(
            "busy",
            "The project is in use: a run or a rewind is at work in it.",
            hint="Wait until it is over, or cancel it.",
            retryable=True,
        )
    async with desk.quiet:
        yield


async def run_may_begin(desk: Desk, holder: str, within_s: float) -> None:
    """Wait until no such work goes on, where `holder` is a run. Whoever counts it in must do so at once."""
    while holder == RUN and desk.quiet.locked():
        async with within(within_s, "Waiting for the work on the project"), desk.quiet:
            pass
