"""What a connection that leaves a workspace may hold in memory: who is slow stops the other end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from components.egress_kit import egress_kit
from components.sandbox import Bench, kinds
from journeyman.guest.client import GuestClient
from journeyman.ports.guest import ProcessSpec
from journeyman.tasks import Supervisor

pytestmark = pytest.mark.parametrize("bench", kinds("bubblewrap"), indirect=True)
HELD_MAX = 16 << 20
"""Bytes on their way: what the sockets, the guest and the daemon hold together of one connection."""
OPEN = """
import os, socket, sys, time
host, port = os.environ["HTTP_PROXY"][7:].split(":")
sock = socket.create_connection((host, int(port)))
sock.sendall(b"CONNECT files.example.org:7000 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
assert sock.recv(1000).startswith(b"HTTP/1.1 200 ")
"""
SEND = (
    OPEN
    + """
sock.settimeout(0.5)
sent = 0
try:
    while True:
        sent += sock.send(bytes(65536))
except socket.timeout:
    print(sent)
"""
)
LISTEN_NOT = OPEN + "print('open', flush=True); sys.stdin.read()"


@asynccontextmanager
async def attended(bench: Bench, server: asyncio.Server) -> AsyncGenerator[GuestClient]:
    supervisor = Supervisor()
    port = server.sockets[0].getsockname()[1]
    kit = egress_kit(supervisor, {"files.example.org:7000": port})
    _, guest = await bench.running()
    kit.egress.attend("p-1", guest)
    try:
        yield guest
    finally:
        await supervisor.close()


async def test_a_server_that_does_not_read_stops_the_program(bench: Bench) -> None:
    done = asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await done.wait()
        writer.close()

    async with await asyncio.start_server(deaf, "127.0.0.1", 0) as server, attended(bench, server) as guest:
        said = await guest.run(["python3", "-c", SEND], timeout_s=60)
        assert 0 < int(said.output) < HELD_MAX
        done.set()
        await guest.ping()


async def test_a_program_that_does_not_read_stops_the_server(bench: Bench) -> None:
    sent, stuck, gone = 0, asyncio.Event(), asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        try:
            while True:
                writer.write(bytes(65536))
                async with asyncio.timeout(None if stuck.is_set() else 0.5):
                    await writer.drain()
                sent += 65536
        except TimeoutError:
            stuck.set()
        await reader.read()
        gone.set()
        writer.transport.abort()

    async with (
        await asyncio.start_server(endless, "127.0.0.1", 0) as server,
        attended(bench, server) as guest,
    ):
        process = await guest.spawn(ProcessSpec(("python3", "-c", LISTEN_NOT), stdin=True))
        await asyncio.wait_for(stuck.wait(), 30)
        assert 0 < sent < HELD_MAX
        await process.signal(signal.SIGKILL)
        async with asyncio.timeout(90):
            await gone.wait()
