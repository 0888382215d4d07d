"""After `fin`: the project is built, tested and run in a clean shell, and so are checks that are out of date.
The result decides, not the model.
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from journeyman.agent.tools.jobs import Job, Jobs, finished
from journeyman.agent.tools.render import render
from journeyman.agent.tools.shell import clean_spec
from journeyman.records import Commands

BUILD_S = 900.0
ALIVE_S = 10.0
LOOK_S = 0.5
"""How often its ports are looked at."""
PART_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Failed:
    command: str
    signature: str
    """Equal for the same failure, paths and numbers aside."""
    text: str
    """Command, exit code, head and tail: what the model gets."""


async def verify(
    commands: Commands,
    checks: Sequence[str],
    root: str,
    jobs: Jobs,
    tell: Callable[[str], Awaitable[None]],
) -> Failed | None:
    """Build, test, checks, run: the first failure, or None. A program that listens on a port runs, and so
    does one that is still alive after 10 s."""
    wanted = [("build", commands.build), ("test", commands.test), *(("check", each) for each in checks)]
    for name, command in (*wanted, ("run", commands.run)):
        if command:
            failed = await _one(name, command, root, jobs, tell)
            if failed:
                return failed
    return None


async def _one(
    name: str, command: str, root: str, jobs: Jobs,
    tell: Callable[[str], Awaitable[None]],
) -> Failed | None:  # fmt: skip
    job = await jobs.start(clean_spec(command, root), command)
    runs = await _runs(job, jobs) if name == "run" else ""
    ended = not runs and await finished(job, BUILD_S)
    if not ended:
        await jobs.kill(job)
        if runs:
            await tell(f"{name}: {command}: {runs}")
            return None
    jobs.forget(job)
    code = job.exit.code if job.exit and ended else None
    if code == 0:
        await tell(f"{name}: {command}: exit 0")
        return None
    outcome = f"exit {code}" if code is not None else f"not finished after {BUILD_S:.0f}s"
    await tell(f"{name}: {command}: {outcome}")
    output = _ends(render(job.output.all()).rstrip("\n")) or "[no output]"
    return Failed(
        command, f"{command} {outcome} {_plain(output)}", f"{name} `{command}`: {outcome}\n{output}"
    )


async def _runs(job: Job, jobs: Jobs) -> str:
    """How it can be seen that it goes on; empty where it ended instead."""
    looks = max(1, math.ceil(ALIVE_S / LOOK_S))
    for _ in range(looks):
        if await finished(job, ALIVE_S / looks):
            return ""
        for found in await jobs.ports():
            if found.group == job.process.pid:
                return f"listens on port {found.port}"
    return f"alive after {ALIVE_S:.0f}s"


def _ends(text: str) -> str:
    if len(text) <= 2 * PART_CHARACTERS:
        return text
    left_out = len(text) - 2 * PART_CHARACTERS
    return f"{text[:PART_CHARACTERS]}\n[{left_out} characters left out]\n{text[-PART_CHARACTERS:]}"


def _plain(text: str) -> str:
    return re.sub(r"\d+|/[\w./-]+|0x[0-9a-f]+", "#", text)
