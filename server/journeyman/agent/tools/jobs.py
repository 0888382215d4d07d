"""The processes a run has started in its workspace: bounded in number and output, all dead at its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from journeyman.agent.tools.context import at_once
from journeyman.agent.tools.ready import Ready, throw_away
from journeyman.failures import Failure
from journeyman.ports.clock import Clock
from journeyman.ports.guest import Exit, Guest, Process, ProcessSpec
from journeyman.ports.tunnel import ListeningPort
from journeyman.ports.writes import Held
from journeyman.tasks import Supervisor

JOBS_MAX = 16
OUTPUT_BYTES_MAX = 1_000_000
ENDED_KEPT_MAX = 32
"""Commands that ended and were not asked about since."""
KILL_DEADLINE_S = 2.0


@dataclass(slots=True)
class Output:
    """What a process wrote: the first and the last half of the bound."""

    _head: bytearray = field(default_factory=bytearray)
    _tail: bytearray = field(default_factory=bytearray)
    _lost: int = 0
    _taken: int = 0
    total: int = 0

    def add(self, chunk: bytes) -> None:
        half = OUTPUT_BYTES_MAX // 2
        self.total += len(chunk)
        room = half - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[max(room, 0) :]
        if len(self._tail) > 2 * half:
            self._lost += len(self._tail) - half
            del self._tail[:-half]

    def all(self) -> bytes:
        gap = f"\n[{self._lost} bytes lost]\n".encode() if self._lost else b""
        return bytes(self._head) + gap + bytes(self._tail)

    def fresh(self) -> bytes:
        """What came since the last call."""
        new, self._taken = self.total - self._taken, self.total
        return self.all()[-new:] if new else b""


@dataclass(slots=True)
class Job:
    number: int
    command: str
    process: Process
    started: float
    waited: bool = False
    """Its shell was there before its command."""
    output: Output = field(default_factory=Output)
    heard: float = 0.0
    exit: Exit | None = None
    problem: str | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    on_output: Callable[[bytes], None] | None = None


class Jobs:
    """Owns the processes of one run. `close` kills what is left."""

    def __init__(self, guest: Guest, supervisor: Supervisor, clock: Clock) -> None:
        self._guest = guest
        self.supervisor = supervisor
        self._clock = clock
        self._jobs: dict[int, Job] = {}
        self._count = 0
        self.ready = Ready(guest, supervisor)

    @property
    def now(self) -> float:
        return self._clock.monotonic()

    @property
    def live(self) -> list[Job]:
        return [job for job in self._jobs.values() if not job.done.is_set()]

    async def ports(self) -> tuple[ListeningPort, ...]:
        """Where programs listen; none where that cannot be seen."""
        try:
            return await self._guest.ports()
        except Failure:
            return ()

    def get(self, number: int) -> Job | None:
        return self._jobs.get(number)

    async def start(
        self,
        spec: ProcessSpec,
        command: str,
        *,
        waiting: tuple[ProcessSpec, bytes] | None = None,
        begin: Callable[[Held | None], Awaitable[None]] = at_once,
    ) -> Job:
        """`waiting`: how a shell would wait that does the same once it has read these bytes; one that waits
        so is used. It does so once `begin` lets it, as anything else. Raises `overloaded` at the bound."""
        if len(self.live) >= JOBS_MAX:
            raise Failure(
                "overloaded",
                f"{JOBS_MAX} commands are running already.",
                hint="Kill one first: terminal with its id and kill.",
            )
        for ended in [job for job in self._jobs.values() if job.done.is_set()][:-ENDED_KEPT_MAX]:
            self.forget(ended)
        process = await self.ready.take(waiting[0]) if waiting is not None else None
        waited = process is not None
        if process is None or waiting is None:
            await begin(None)
            process = await self._guest.spawn(spec)
        else:
            try:
                await begin(process.hold(waiting[1]))
            except BaseException:  # it is nobody's job, cancelled or not
                await throw_away(process)
                raise
        self._count += 1
        job = Job(self._count, command, process, self._clock.monotonic(), waited=waited)
        job.heard = job.started
        self._jobs[job.number] = job
        self.supervisor.start(self._follow(job), name=f"job {job.number} pid {process.pid}")
        return job

    def forget(self, job: Job) -> None:
        """Its end was reported: let go of its output."""
        self._jobs.pop(job.number, None)

    async def kill(self, job: Job) -> None:
        if not job.done.is_set():
            await job.process.signal(signal.SIGKILL)
            await finished(job, KILL_DEADLINE_S)

    async def close(self) -> None:
        """Kill every process group still alive; at most two seconds."""
        await self.ready.close()
        left = self.live
        for job in left:
            try:
                await job.process.signal(signal.SIGKILL)
            except Failure:
                break  # the workspace is gone, and the processes with it
        for job in left:
            await finished(job, KILL_DEADLINE_S / max(len(left), 1))

    async def _follow(self, job: Job) -> None:
        try:
            async for chunk in job.process.output():
                job.output.add(chunk)
                job.heard = self._clock.monotonic()
                job.changed.set()
                if job.on_output:
                    job.on_output(chunk)
            job.exit = await job.process.wait()
        except Failure as failure:
            job.problem = failure.message
        finally:
            job.done.set()
            job.changed.set()


async def finished(job: Job, timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            await job.done.wait()
    except TimeoutError:
        return False
    return True
