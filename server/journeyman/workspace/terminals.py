"""Commands people start in workspaces: counted, kept from outliving whoever started them, told how they end.

Each holds its workspace from expiring. They are nobody's run: they may be started while one is on, and the
end of a run leaves them alone. Nothing here is remembered: a daemon that ends takes them with it, for the
guest ends what loses its listener. Knows nothing of the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from journeyman.failures import Failure
from journeyman.ports.clock import Ids
from journeyman.ports.guest import Process, ProcessSpec
from journeyman.tasks import Supervisor
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.outsiders import Outsiders
from journeyman.workspace.registry import Hold
from journeyman.workspace.status import WorkspaceStatus
from journeyman.workspace.transfer import guest_of

HOLD: Hold = "terminal"
PER_PROJECT_MAX = 32
GRACE_S = 2.0
"""Seconds between hanging up and killing."""

Reason = Literal["exited", "timeout", "lost"]
Take = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ended:
    reason: Reason
    code: int | None = None
    """Exit code; minus the signal's number where one ended it; None where that is not known."""
    message: str | None = None


class Terminal:
    """One command. Made by `Terminals.open`."""

    def __init__(
        self, ident: str, project_id: str, process: Process, outsiders: Outsiders, *, typed_to: bool
    ) -> None:
        self.id = ident
        self.project_id = project_id
        self.typed_to = typed_to
        self._process = process
        self._outsiders = outsiders
        self._timed_out = False

    async def write(self, data: bytes) -> None:
        """Answers once the workspace has taken it; what the command does not read any more is dropped."""
        self._outsiders.command(self.project_id)
        await self._process.write(data)

    async def end_input(self) -> None:
        await self._process.close_stdin()

    def resize(self, cols: int, rows: int) -> None:
        self._process.resize(cols, rows)

    async def kill(self, number: int | None) -> None:
        """Signal all that came of it; None: hang up, and kill what is left 2 s later."""
        if number is None:
            self._process.end(GRACE_S)
        else:
            await self._process.signal_tree(number)

    def time_is_up(self) -> None:
        self._timed_out = True
        self._process.end(GRACE_S)

    def drop(self) -> None:
        """Whoever started it is gone."""
        self._process.drop()

    async def carry(self, take: Take) -> Ended:
        """Give the output to `take`, at its pace, and answer how it ended."""
        try:
            async for data in self._process.output():
                self._outsiders.command(self.project_id)
                await take(data)
            code = (await self._process.wait()).code
        except Failure as failure:
            return Ended("lost", None, failure.message)
        return Ended("timeout" if self._timed_out else "exited", code)


class Terminals:
    def __init__(self, manager: WorkspaceManager, supervisor: Supervisor, ids: Ids) -> None:
        self._manager = manager
        self._supervisor = supervisor
        self._ids = ids
        self._count: Counter[str] = Counter()

    def running(self, project_id: str) -> int:
        return self._count[project_id]

    async def open(self, project_id: str, spec: ProcessSpec) -> Terminal:
        """Start a command; `follow` it next. Gets the workspace however it is to be had."""
        if self._count[project_id] >= PER_PROJECT_MAX:
            raise Failure(
                "overloaded",
                f"The project has {PER_PROJECT_MAX} commands and terminals running.",
                hint="End one first.",
                retryable=True,
            )
        self._count[project_id] += 1
        process: Process | None = None
        held: WorkspaceStatus | WorkspaceError | None = None
        try:
            async with guest_of(self._manager, project_id) as guest:
                process = await guest.spawn(spec)
                held = await self._manager.hold(project_id, HOLD)
                if isinstance(held, WorkspaceError):
                    raise held.as_failure()
        except BaseException:  # nobody will end the process or let go of the workspace
            if process is not None:
                process.drop()
            if held is not None and not isinstance(held, WorkspaceError):
                await self._manager.let_go(project_id, HOLD)
            self._uncount(project_id)
            raise
        typed_to = spec.pty is not None
        outsiders = self._manager.outsiders
        if typed_to:
            outsiders.command(project_id)
        else:
            outsiders.began(project_id)
        return Terminal(self._ids.new(), project_id, process, outsiders, typed_to=typed_to)

    def follow(
        self,
        terminal: Terminal,
        take: Take,
        ended: Callable[[Ended], None],
        *,
        timeout_s: float | None = None,
    ) -> None:
        """Carry its output until it ends; then `ended`, once. Must come right after `open`."""

        async def following() -> None:
            alarm = None
            if timeout_s is not None:
                alarm = asyncio.get_running_loop().call_later(timeout_s, terminal.time_is_up)
            try:
                ended(await terminal.carry(take))
            finally:
                if alarm is not None:
                    alarm.cancel()
                outsiders = self._manager.outsiders
                if terminal.typed_to:
                    outsiders.command(terminal.project_id)
                else:
                    outsiders.ended(terminal.project_id)
                self._uncount(terminal.project_id)
                await self._manager.let_go(terminal.project_id, HOLD)

        self._supervisor.start(following(), name=f"terminal {terminal.id}")

    def _uncount(self, project_id: str) -> None:
        self._count[project_id] -= 1
        if self._count[project_id] <= 0:
            del self._count[project_id]


def signal_name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"SIG{number}"
