"""A shell that is started already and waits for its command: starting one takes longer than most commands.

It is started as soon as the command before it has ended, just as the next one will need it if that changes
neither directory nor variables; one that turns out to be another than is needed is thrown away, and started
anew while the model thinks. Must not know what a command is.
"""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace

from journeyman.failures import Failure
from journeyman.ports.guest import Guest, Process, ProcessSpec
from journeyman.tasks import Supervisor


class Ready:
    """At most one, of one run. It is nobody's job until it is taken."""

    def __init__(self, guest: Guest, supervisor: Supervisor) -> None:
        self._guest = guest
        self._supervisor = supervisor
        self._spec: ProcessSpec | None = None
        self._starting: asyncio.Task[Process | None] | None = None
        self._after: Process | None = None
        """What must end before it is started."""

    async def want(self, spec: ProcessSpec) -> None:
        """The next one is to be like this."""
        if not self._fits(spec):
            await self.close()
            self._spec = spec

    async def follow(self, process: Process, spec: ProcessSpec) -> None:
        """Start one like this once `process` has ended, in the background."""
        await self.close()
        self._spec, self._after = spec, process
        self._starting = self._supervisor.start(self._start(spec, process), name="a shell that waits")

    def _fits(self, spec: ProcessSpec) -> bool:
        return self._spec is not None and replace(self._spec, log=spec.log) == spec

    def begin(self) -> None:
        """Start what is wanted, in the background. Where it cannot be started there is none."""
        if self._spec is not None and self._starting is None:
            self._starting = self._supervisor.start(self._start(self._spec), name="a shell that waits")

    async def take(self, spec: ProcessSpec) -> Process | None:
        """The one that waits, where it was started as `spec` says, whatever its log is called. It belongs to
        who took it."""
        starting = self._starting
        if starting is None or not self._fits(spec):
            await self.close()
            return None
        if not starting.done():
            await asyncio.wait({starting})  # cancelled here, it is left to `close`
        self._starting = self._spec = self._after = None
        return None if starting.cancelled() else starting.result()

    async def close(self) -> None:
        """Kill it, where nobody took it. Cancelled here, one that is just starting ends by itself."""
        starting, after = self._starting, self._after
        self._starting = self._spec = self._after = None
        if starting is None:
            return
        if after is not None:
            starting.cancel()
        await asyncio.wait({starting})
        process = None if starting.cancelled() else starting.result()
        if process is not None:
            await throw_away(process)

    async def _start(self, spec: ProcessSpec, after: Process | None = None) -> Process | None:
        await asyncio.sleep(0)  # the next request goes first
        try:
            if after is None:
                process = await self._guest.spawn(spec)
            else:
                process = await self._guest.spawn_after(after, spec)
            if self._spec is spec:
                return process
            await throw_away(process)  # nobody wants it any more
        except Failure:
            pass
        return None


async def throw_away(process: Process) -> None:
    await process.signal(signal.SIGKILL)
    process.drop()
