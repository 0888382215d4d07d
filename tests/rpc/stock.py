"""A stock pygls server on socket pairs, driven by pygls' own read loop as its `start_tcp` drives it: one
protocol object, and each connection's writer set on it."""

from __future__ import annotations

import asyncio
import logging
import socket
from threading import Event
from typing import Any

from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer

from rpc.harness import Client


class StockClient(Client):
    """Whose questions may never be answered."""


class StockServer:
    kind = "stock"

    def __init__(self) -> None:
        self.server = LanguageServer("stock", "1")
        self.seen: list[Any] = []
        self.fails = False
        self.tasks: list[asyncio.Task[None]] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.clients: list[Client] = []

        @self.server.feature("daemon/ping")
        async def ping(params: Any) -> dict[str, str]:
            if self.fails:
                raise ValueError("a secret")
            return {"now": "now"}

        @self.server.feature("agent/run")
        async def run(params: Any) -> dict[str, str]:
            self.seen.append(params._meta if hasattr(params, "_meta") else params)
            return {"status": "running"}

    async def connect(self) -> Client:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        self.server.protocol.set_writer(writer)  # type: ignore[arg-type]
        self.writers.append(writer)
        loop = run_async(
            stop_event=Event(),
            reader=reader,
            protocol=self.server.protocol,
            logger=logging.getLogger("stock"),
            error_handler=self.server.report_server_error,
        )
        self.tasks.append(asyncio.create_task(loop))
        client = StockClient(*await asyncio.open_connection(sock=theirs, limit=2**24))
        self.clients.append(client)
        return client

    async def initialized(self) -> Client:
        client = await self.connect()
        await client.initialize()
        return client

    def waiting_bytes(self) -> int:
        return sum(writer.transport.get_write_buffer_size() for writer in self.writers)

    def futures(self) -> int:
        return len(self.server.protocol._request_futures)

    async def close(self) -> None:
        for client in self.clients:
            await client.close(unclaimed_ok=True)
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)
        for task in self.tasks:
            if not task.cancelled():
                task.exception()
        for writer in self.writers:
            writer.close()
