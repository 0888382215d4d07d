"""The machine's own limits: process spawn, framed echo over asyncio, an empty interpreter."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path


def spawn_ms(argv: list[str], count: int) -> tuple[float, ...]:
    samples: list[float] = []
    for _ in range(count):
        begin = time.perf_counter()
        subprocess.run(argv, stdout=subprocess.DEVNULL, check=True)
        samples.append((time.perf_counter() - begin) * 1000)
    return tuple(samples)


def python_start_ms(count: int) -> tuple[float, ...]:
    return spawn_ms([sys.executable, "-c", "pass"], count)


def bash_echo_ms(count: int) -> tuple[float, ...]:
    return spawn_ms(["bash", "-c", "echo step"], count)


_ECHO_SERVER = """
import asyncio, sys
async def serve(reader, writer):
    while line := await reader.readline():
        length = int(line.split(b":")[1])
        await reader.readexactly(2)
        body = await reader.readexactly(length)
        writer.write(b"Content-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
        await writer.drain()
async def main():
    server = await asyncio.start_unix_server(serve, sys.argv[1])
    print("ready", flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


async def framed_echo_ms(count: int, body: bytes) -> tuple[float, ...]:
    """Round trips of one LSP frame through a bare asyncio server in another process."""
    async with framed_echo() as (reader, writer, _):
        return await round_trips_ms(reader, writer, count, body)


@asynccontextmanager
async def framed_echo() -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter, int]]:
    """A connection to that server, and its process."""
    with tempfile.TemporaryDirectory(prefix="jm-bench-") as folder:
        path = str(Path(folder) / "echo.sock")
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _ECHO_SERVER, path, stdout=asyncio.subprocess.PIPE
        )
        assert server.stdout is not None
        await server.stdout.readline()
        try:
            yield *await asyncio.open_unix_connection(path), server.pid
        finally:
            server.kill()
            await server.wait()


async def round_trips_ms(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, count: int, body: bytes
) -> tuple[float, ...]:
    frame = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    samples: list[float] = []
    for _ in range(count):
        begin = time.perf_counter()
        writer.write(frame)
        length = int((await reader.readline()).split(b":")[1])
        while (await reader.readline()) != b"\r\n":
            pass
        await reader.readexactly(length)
        samples.append((time.perf_counter() - begin) * 1000)
    return tuple(samples)
