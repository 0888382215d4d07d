"""A preview's way in and out: a program that says what a test tells it, and visitors that speak bytes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from journeyman.adapters.preview.gateway import HttpEntrance, HttpGateway
from journeyman.adapters.preview.limits import GatewayLimits
from journeyman.guest.client import GuestClient
from journeyman.ports.gateway import Secrets
from journeyman.ports.tunnel import Tunnel
from journeyman.tasks import Supervisor

Program = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SECRETS = Secrets("T" * 43, "C" * 43)


@dataclass
class Preview:
    """A program behind the real gateway and a real guest's tunnels."""

    entrance: HttpEntrance
    port: int
    inside: int
    heads: list[bytes] = field(default_factory=list[bytes])
    """What the program was asked, head by head, where it used `head_of`."""
    calls: int = 0
    """How often somebody was connected to it."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def cookie(self) -> str:
        return f"journeyman-preview-{self.port}={SECRETS.cookie}"

    def request(self, line: str = "GET / HTTP/1.1", *more: str, body: bytes = b"") -> bytes:
        """A request with what is needed to be let in."""
        head = "\r\n".join((line, f"Host: {self.host}", f"Cookie: {self.cookie}", *more, "", ""))
        return head.encode() + body

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, data: bytes) -> bytes:
        """Everything that is said to `data`, until the connection ends."""
        reader, writer = await self.connect()
        try:
            writer.write(data)
            async with asyncio.timeout(90):
                got = bytearray()
                with suppress(ConnectionResetError):
                    while piece := await reader.read(65536):
                        got += piece
                return bytes(got)
        finally:
            writer.close()

    async def head_of(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        return head


class Faults(logging.Handler):
    """What our own tasks failed with."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(self.format(record))


Made = Callable[[Preview], Program]


@asynccontextmanager
async def previewed(
    guest: GuestClient | None,
    program: Made | None,
    limits: GatewayLimits | None = None,
) -> AsyncGenerator[Preview]:
    """`guest` of a sandbox without isolation: its loopback is ours. Without one nobody may get that far."""
    supervisor = Supervisor()
    faults = Faults()
    logging.getLogger("journeyman").addHandler(faults)
    running: set[asyncio.Task[None]] = set()
    handler: Program

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await handler(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            running.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, start_serving=program is not None)
    preview: Preview

    async def dial() -> Tunnel:
        preview.calls += 1
        assert guest is not None
        return await guest.connect(preview.inside)

    entrance = await HttpGateway(supervisor, limits).open(dial, SECRETS)
    port = int(entrance.url.split(":")[2].split("/")[0])
    preview = Preview(entrance, port, server.sockets[0].getsockname()[1])
    if program is None:
        server.close()
    else:
        handler = program(preview)
    try:
        yield preview
    finally:
        entrance.close()
        server.close()
        for task in tuple(running):
            task.cancel()
        await supervisor.close()
        logging.getLogger("journeyman").removeHandler(faults)
        assert faults.told == [], "a bug of ours"
