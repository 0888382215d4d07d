"""A proxy of ours before a real HTTP server, on TCP or on a Unix socket, that does harm on order.

Requests pass one at a time per connection, each over an upstream connection of its own, so that only what
was ordered goes wrong. Runs in the test's own loop. What it forwards is not changed, so signatures hold;
only `Expect: 100-continue` is answered here.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from components.harms import Harm
from components.http_frames import HEAD_BYTES_MAX, Message, read_content, read_head

PATIENCE_S = 90.0
EXPECT = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)
Address = tuple[str, int] | Path


class FaultProxy:
    def __init__(self, upstream: Address, at: Path | None = None) -> None:
        """Before `upstream`; listens at the Unix socket `at`, or on a loopback port."""
        self._upstream = upstream
        self._at = at
        self._port = 0
        self._server: asyncio.Server | None = None
        self._harm: Harm | None = None
        self._lifted = asyncio.Event()
        self._clients: set[asyncio.StreamWriter] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self.requests: list[str] = []
        """Method and target of every request that came."""

    @property
    def url(self) -> str:
        return f"unix://{self._at}" if self._at is not None else f"http://127.0.0.1:{self._port}"

    @property
    def open_connections(self) -> int:
        return len(self._clients)

    async def listen(self) -> None:
        """Also again, after it was refused."""
        if self._server is not None:
            return
        if self._at is not None:
            self._at.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, self._at, limit=HEAD_BYTES_MAX)
            return
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._server = await asyncio.start_server(self._serve, sock=listener, limit=HEAD_BYTES_MAX)

    def refuse(self) -> None:
        """Close the listener and cut off whoever is connected."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in tuple(self._clients):
            writer.transport.abort()

    async def close(self) -> None:
        self._lifted.set()
        self.refuse()
        await self.until_idle()

    async def until_idle(self) -> None:
        """Wait until nobody is connected: whoever leaks a connection is found out by the deadline."""
        async with asyncio.timeout(PATIENCE_S):
            await self._idle.wait()

    @contextmanager
    def harming(self, harm: Harm) -> Generator[Harm]:
        """Do this while the block lasts. Afterwards whoever hangs is let go; `listen` again, too."""
        self._harm = harm
        self._lifted.clear()
        try:
            yield harm
        finally:
            self._harm = None
            self._lifted.set()

    async def between_attempts(self, _: float = 0.0) -> None:
        """Instead of waiting before a repetition: a harm that is over lets the listener come back."""
        harm = self._harm
        if harm is None or (harm.times is not None and harm.hits >= harm.times):
            await self.listen()
        await asyncio.sleep(0)

    # -- one connection ---------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        self._idle.clear()
        try:
            while await self._pass_one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass  # one side is gone, which is what the other one will see
        finally:
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
            self._clients.discard(writer)
            if not self._clients:
                self._idle.set()

    async def _pass_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether another request may follow."""
        head = await read_head(reader)
        if head is None:
            return False
        if "expect" in head.headers:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request = await read_content(reader, head)
        self.requests.append(f"{request.method} {request.target}")
        harm = self._harm
        if harm is not None and harm.takes(request.method, request.target):
            return await self._harmed(harm, request, reader, writer)
        writer.write((await self._forward(request, request.raw)).raw)
        await writer.drain()
        return True

    async def _forward(self, request: Message, raw: bytes) -> Message:
        if isinstance(self._upstream, Path):
            reader, writer = await asyncio.open_unix_connection(self._upstream, limit=HEAD_BYTES_MAX)
        else:
            reader, writer = await asyncio.open_connection(*self._upstream, limit=HEAD_BYTES_MAX)
        try:
            writer.write(EXPECT.sub(b"", raw, count=1))
            await writer.drain()
            head = await read_head(reader)
            if head is None:
                raise ConnectionResetError("the server closed without an answer")
            return await read_content(reader, head, reply_to=request.method)
        finally:
            writer.close()

    async def _harmed(
        self, harm: Harm, request: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        match harm.way:
            case "refuse":
                self.refuse()
                return False
            case "reset":
                _reset(writer)
                return False
            case "hang":
                await self._until_given_up(reader)
                return False
            case "lost reply":
                await self._forward(request, request.raw)
                _reset(writer)
                return False
            case "slow":
                await self._trickle(harm, await self._forward(request, request.raw), writer)
                return True
            case "cut":
                reply = await self._forward(request, request.raw)
                writer.write(reply.raw[: harm.place % len(reply.raw)])
                await writer.drain()
                return False
            case "wrong bytes":
                writer.write(await self._flipped(harm, request))
            case status:
                writer.write(harm.answer(request.method, int(status)))
        await writer.drain()
        return True

    async def _flipped(self, harm: Harm, request: Message) -> bytes:
        if harm.in_request and request.spans:
            return (await self._forward(request, request.flipped(harm.place))).raw
        reply = await self._forward(request, request.raw)
        if harm.in_request or not reply.spans:
            harm.impossible = f"{request.method} {request.target} has no content to change"
            return reply.raw
        return reply.flipped(harm.place)

    async def _trickle(self, harm: Harm, reply: Message, writer: asyncio.StreamWriter) -> None:
        for start in range(0, len(reply.raw), harm.piece_bytes):
            writer.write(reply.raw[start : start + harm.piece_bytes])
            await writer.drain()
            if self._lifted.is_set() or writer.transport.is_closing():
                raise ConnectionResetError("the slow answer is over")
            await asyncio.sleep(harm.piece_s)

    async def _until_given_up(self, reader: asyncio.StreamReader) -> None:
        """Until the client closes, or the harm is lifted."""
        async with asyncio.TaskGroup() as group:
            waits = [group.create_task(self._lifted.wait()), group.create_task(reader.read(1))]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST where the protocol has one; a Unix socket just closes."""
    connection: socket.socket = writer.transport.get_extra_info("socket")
    if connection.family != socket.AF_UNIX:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def fault_proxy(upstream: Address, at: Path | None = None) -> AsyncGenerator[FaultProxy]:
    proxy = FaultProxy(upstream, at)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.close()
