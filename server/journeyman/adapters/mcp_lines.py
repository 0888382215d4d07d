"""MCP over the standard input and output of a program: one JSON message a line, in bounds.

The package's own transport starts programs on this machine only, and lets a line grow as long as it likes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
from mcp.client._transport import TransportStreams
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from journeyman.adapters.host_commands import KEPT
from journeyman.failures import Failure
from journeyman.ports.guest import Guest, ProcessSpec
from journeyman.ports.tool_servers import ServerSpec

LINE_BYTES_MAX = 4 * 1024 * 1024
WAITING_MAX = 16
GRACE_S = 1.0
_QUIET = 'exec "$@" 2>/dev/null'
_GONE = (anyio.ClosedResourceError, anyio.BrokenResourceError, OSError, Failure)


@asynccontextmanager
async def inside(spec: ServerSpec, guest: Guest) -> AsyncGenerator[TransportStreams]:
    """The program runs in the workspace, and ends with the block or with the connection to the guest."""
    process = await guest.spawn(
        ProcessSpec(("sh", "-c", _QUIET, "sh", *spec.command), env=spec.env, stdin=True, bound=True)
    )
    try:
        async with _lines(process.output(), process.write) as streams:
            yield streams
    finally:
        process.end(GRACE_S)
        process.drop()


@asynccontextmanager
async def outside(spec: ServerSpec) -> AsyncGenerator[TransportStreams]:
    """The program runs on this machine: the user's settings say so."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            *spec.command, cwd=environment.get("HOME", "/"), env={**environment, **spec.env},
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise Failure("not_found", f"{spec.command[0]} could not be started: {error.strerror}.") from error
    assert process.stdin is not None
    stdin = process.stdin

    async def write(data: bytes) -> None:
        stdin.write(data)
        await stdin.drain()

    try:
        async with _lines(_chunks(process.stdout), write) as streams:
            yield streams
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _chunks(reader: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    assert reader is not None
    while chunk := await reader.read(65_536):
        yield chunk


@asynccontextmanager
async def _lines(
    said: AsyncIterator[bytes], write: Callable[[bytes], Awaitable[None]]
) -> AsyncGenerator[TransportStreams]:
    into, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](WAITING_MAX)
    outgoing, out_of = anyio.create_memory_object_stream[SessionMessage](WAITING_MAX)

    async def read_all() -> None:
        buffer = b""
        async with into:  # its end is the end of the connection
            with contextlib.suppress(*_GONE):
                async for chunk in said:
                    *lines, buffer = (buffer + chunk).split(b"\n")
                    if len(buffer) > LINE_BYTES_MAX:
                        return
                    for line in lines:
                        message = _message(line)
                        if message is not None:
                            await into.send(message)

    async def write_all() -> None:
        with contextlib.suppress(*_GONE):
            async for each in out_of:
                text = each.message.model_dump_json(by_alias=True, exclude_unset=True)
                await write(text.encode() + b"\n")

    async with asyncio.TaskGroup() as tasks:
        pumps = [tasks.create_task(read_all()), tasks.create_task(write_all())]
        try:
            yield incoming, outgoing
        finally:
            for pump in pumps:
                pump.cancel()
            for stream in (into, incoming, outgoing, out_of):
                stream.close()


def _message(line: bytes) -> SessionMessage | None:
    """None for what is no message: servers print other things too, and that is no reason to stop."""
    if not line.strip() or len(line) > LINE_BYTES_MAX:
        return None
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except (ValueError, RecursionError):
        return None
