"""The listeners of previews: one for each forwarded port, on 127.0.0.1 and nowhere else."""

from __future__ import annotations

import asyncio

from journeyman.adapters.preview.door import Door
from journeyman.adapters.preview.limits import PIECE, GatewayLimits
from journeyman.adapters.preview.visitor import Visitor, leave
from journeyman.ports.gateway import Dial, Secrets
from journeyman.tasks import Supervisor

HOST = "127.0.0.1"


class HttpGateway:
    """Implements `ports.gateway.Gateway`."""

    def __init__(self, supervisor: Supervisor, limits: GatewayLimits | None = None) -> None:
        self._supervisor = supervisor
        self._limits = limits or GatewayLimits()

    async def open(self, dial: Dial, secrets: Secrets) -> HttpEntrance:
        entrance = HttpEntrance(dial, secrets, self._supervisor, self._limits)
        await entrance.listen()
        return entrance


class HttpEntrance:
    """Implements `ports.gateway.Entrance`."""

    def __init__(self, dial: Dial, secrets: Secrets, supervisor: Supervisor, limits: GatewayLimits) -> None:
        self._dial = dial
        self._secrets = secrets
        self._supervisor = supervisor
        self._limits = limits
        self._server: asyncio.Server
        self._door: Door
        self._visits: set[asyncio.Task[None]] = set()
        self._closed = False
        self.url = ""

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._came, HOST, 0, limit=PIECE, start_serving=False)
        port: int = self._server.sockets[0].getsockname()[1]
        self._door = Door(port, self._secrets)
        self.url = f"http://{HOST}:{port}/?token={self._secrets.token}"
        await self._server.start_serving()

    def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closed:
            writer.transport.abort()
            return
        if len(self._visits) >= self._limits.connections:
            leave(writer)
            return
        visitor = Visitor(reader, writer, self._door, self._dial, self._limits)
        task = self._supervisor.start(visitor.serve(), name=f"preview on port {self._door.port}")
        self._visits.add(task)
        task.add_done_callback(self._visits.discard)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._server.close()
            for task in tuple(self._visits):
                task.cancel()
