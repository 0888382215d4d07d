"""Processes in the workspace: starting, streaming, feeding, signalling, and running one to its end."""

from __future__ import annotations

import asyncio
import base64
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

from journeyman.failures import Failure
from journeyman.guest.channel import Channel
from journeyman.guest.connection import Connection
from journeyman.guest.frames import lost
from journeyman.guest.inside import wire
from journeyman.ports.guest import Exit, Finished, ProcessSpec
from journeyman.ports.writes import Held

KILL_GRACE_S = 5.0


class GuestProcess:
    """Implements `ports.guest.Process`. `wait` and `output` have no deadline of their own: a process may
    take as long as it likes, and both end when the connection does."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._pid = 0
        self._extra = bytearray()
        self._exit: Exit | None = None
        self._started = False
        self._log: str | None = None
        channel.on_note = self._on_note
        channel.on_result = self._on_result

    @classmethod
    async def start(
        cls,
        connection: Connection,
        spec: ProcessSpec,
        *,
        timeout_s: float | None,
        after: int | None = None,
    ) -> GuestProcess:
        """`after`: the channel of a process that is to end first."""
        channel = connection.open(
            "spawn",
            {
                "argv": list(spec.argv),
                "cwd": spec.cwd,
                "env": dict(spec.env),
                "stdin": spec.stdin,
                "extra_fd": spec.extra_fd,
                "tells_end": spec.tells_end,
                "merge_output": spec.merge_output,
                "pty": spec.pty,
                "bound": spec.bound,
                "log": spec.log,
                **({} if after is None else {"after": after}),
            },
        )
        process = cls(channel)
        try:
            async with asyncio.timeout(timeout_s):
                await channel.noted(lambda: process._started)
        except TimeoutError:
            channel.close()
            raise Failure(
                "timeout", "The workspace did not start the process in time.", retryable=True
            ) from None
        except BaseException:  # nobody will end the process, cancelled or not
            process.kill()
            channel.close()
            raise
        return process

    def _on_note(self, message: dict[str, Any]) -> None:
        if "pid" in message:
            self._pid = int(message["pid"])
            self._started = True
        elif "log" in message:
            self._log = str(message["log"])
        elif "extra" in message:
            self._add(message["extra"])
        elif "exit" in message:
            self._exit = Exit(int(message["exit"]), bytes(self._extra))
            self._channel.stop_sending()

    def _on_result(self, answer: dict[str, Any]) -> None:
        if "exit" in answer:
            self._add(answer.get("extra", ""))
            self._exit = Exit(int(answer["exit"]), bytes(self._extra))

    def _add(self, extra: object) -> None:
        if len(self._extra) < wire.EXTRA_MAX:
            self._extra += base64.b64decode(str(extra), validate=True)

    @property
    def ident(self) -> int:
        return self._channel.ident

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def log(self) -> str | None:
        return self._log

    @property
    def exited(self) -> bool:
        return self._exit is not None

    async def output(self) -> AsyncIterator[bytes]:
        try:
            while (data := await self._channel.receive()) is not None:
                yield data
        finally:
            self._channel.discard()  # nothing when all was read; else the process must not wait for us

    async def write(self, data: bytes, *, last: bool = False) -> None:
        await self._channel.send(data, last=last)

    def hold(self, data: bytes) -> Held:
        return self._channel.hold(data)

    async def close_stdin(self) -> None:
        self._channel.end()

    async def signal(self, number: int) -> None:
        self._channel.note({"signal": number})

    async def signal_tree(self, number: int) -> None:
        self._channel.note({"tree": number})

    def end(self, grace_s: float) -> None:
        self._channel.note({"end": grace_s})

    def drop(self) -> None:
        self._channel.discard()

    def resize(self, cols: int, rows: int) -> None:
        self._channel.note({"resize": [cols, rows]})

    def kill(self) -> None:
        self._channel.note({"signal": int(signal.SIGKILL)})

    async def wait(self) -> Exit:
        await self._channel.noted(lambda: self._exit is not None)
        if self._exit is None:
            raise lost("a process ended without saying how")
        return self._exit


class Clipped:
    """Keeps the first and the last half of what it is given; counts what fell out between."""

    def __init__(self, limit: int) -> None:
        self._head_max = limit - limit // 2
        self._tail_max = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self.dropped = 0

    def add(self, data: bytes) -> None:
        room = self._head_max - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._tail_max + 65536:
            self._trim()

    def _trim(self) -> None:
        over = len(self._tail) - self._tail_max
        if over > 0:
            del self._tail[:over]
            self.dropped += over

    def value(self) -> bytes:
        self._trim()
        return bytes(self._head + self._tail)


async def run_to_end(
    process: GuestProcess, stdin: bytes | None, *, timeout_s: float, output_bytes_max: int
) -> Finished:
    """Feed, collect, wait. Cancelled or out of time: the process group is killed before this returns."""
    started = time.monotonic()
    clipped = Clipped(output_bytes_max)

    async def feed() -> None:
        if stdin is not None:
            await process.write(stdin, last=True)

    async def collect() -> None:
        async for data in process.output():
            clipped.add(data)

    timed_out = False
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(feed())
            reading = group.create_task(collect())
            done, _ = await asyncio.wait({reading}, timeout=timeout_s)
            if not done:
                timed_out = not process.exited
                process.kill()
                done, _ = await asyncio.wait({reading}, timeout=KILL_GRACE_S)
                if not done:
                    raise lost("a killed process does not end")
            code = (await process.wait()).code
    except BaseExceptionGroup as many:
        failure, _ = many.split(Failure)
        if failure is None:
            raise
        raise failure.exceptions[0] from None
    finally:
        if not process.exited:
            process.kill()
    return Finished(
        code=code,
        output=clipped.value(),
        truncated_bytes=clipped.dropped,
        seconds=time.monotonic() - started,
        timed_out=timed_out,
    )
