"""Commands of the user's own configuration on this machine, each a process group that is ended as one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import PIPE, STDOUT, Process

from journeyman.failures import Failure
from journeyman.ports.guest import Finished

SHELL = "/bin/sh"
KEPT = ("HOME", "PATH", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
"""Of the daemon's environment; keys of providers are in it too, and stay out."""


class LocalHostCommands:
    """Implements `ports.host_commands.HostCommands`."""

    async def run(self, command: str, *, stdin: bytes, timeout_s: float, output_bytes_max: int) -> Finished:
        began = time.monotonic()
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                SHELL, "-c", command, cwd=environment.get("HOME", "/"), env=environment,
                stdin=PIPE, stdout=PIPE, stderr=STDOUT, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise Failure("not_found", f"{SHELL} could not be started: {error}.") from error
        kept = bytearray()
        timed_out = False
        try:
            async with asyncio.timeout(timeout_s):
                total = await _through(process, stdin, kept, output_bytes_max)
        except TimeoutError:
            timed_out, total = True, len(kept)
        finally:
            await _end(process)
        code = process.returncode if process.returncode is not None else -signal.SIGKILL
        left_out = max(total - len(kept), 0)
        return Finished(code, bytes(kept), left_out, time.monotonic() - began, timed_out)


async def _through(process: Process, stdin: bytes, kept: bytearray, most: int) -> int:
    """Feed it, keep the beginning of what it says, and wait for its end; answers how much it said."""
    assert process.stdin is not None
    assert process.stdout is not None
    total = 0
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_feed(process.stdin, stdin))
        while chunk := await process.stdout.read(65_536):
            total += len(chunk)
            kept += chunk[: most - len(kept)]
        await process.wait()
    return total


async def _feed(pipe: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(OSError):  # it does not read what it is told, which is its right
        pipe.write(data)
        await pipe.drain()
    pipe.close()


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.returncode is None:
        await process.wait()
