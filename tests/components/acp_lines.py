"""A client that speaks lines on one end of a socket pair, over the services of the LSP harness."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from journeyman.acp.serving import Acp
from journeyman.rpc.auth import Gate, OpenGate
from journeyman.rpc.connection import Connection
from journeyman.rpc.handlers import HANDLERS
from journeyman.rpc.limits import Limits
from journeyman.rpc.router import Router
from rpc.harness import PATIENCE_S, Client, World
from rpc.harness import world as a_world


class LineClient(Client):
    """Everything that arrives is kept until the test claims it; updates in `updates`, by session."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.updates: dict[str, list[dict[str, Any]]] = {}
        super().__init__(reader, writer)

    async def _listen(self) -> None:
        try:
            while line := await self.reader.readline():
                message = json.loads(line)
                if "method" not in message:
                    self.answers.setdefault(message["id"], []).append(message)
                elif "id" in message:
                    self.requests.append(message)
                elif message["method"] == "session/update":
                    params = message["params"]
                    self.updates.setdefault(params["sessionId"], []).append(params["update"])
                else:
                    self.notifications.append(message)
                self._news.set()
        except OSError:
            pass
        finally:
            self.closed = True
            self._news.set()

    def send(self, message: Any) -> None:
        self.raw(json.dumps(message).encode() + b"\n")

    async def start(self, **more: Any) -> dict[str, Any]:
        return await self.result("initialize", {"protocolVersion": 1, "clientCapabilities": {}, **more})

    async def new(self, cwd: str, **more: Any) -> str:
        """A session whose first update has come."""
        made = await self.result("session/new", {"cwd": cwd, "mcpServers": [], **more})
        session = str(made["sessionId"])
        await self.update(session, "available_commands_update")
        return session

    async def update(self, session: str, kind: str) -> dict[str, Any]:
        """Claim the oldest update of this kind, and all before it."""

        def first() -> int | None:
            rows = self.updates.get(session, [])
            return next((n for n, row in enumerate(rows) if row["sessionUpdate"] == kind), None)

        await self.until(lambda: first() is not None)
        found = first()
        assert found is not None
        update = self.updates[session][found]
        del self.updates[session][: found + 1]
        return update

    def kinds(self, session: str) -> list[str]:
        return [row["sessionUpdate"] for row in self.updates.get(session, [])]

    def prompt(self, session: str, text: str) -> Any:
        return self.ask("session/prompt", {"sessionId": session, "prompt": [{"type": "text", "text": text}]})


class AcpWorld:
    def __init__(self, world: World) -> None:
        self.world = world
        self.runs = world.runs
        self.services = world.services
        self.acp = Acp(world.services)
        self.connections: list[Connection] = []

    async def connect(
        self, *, limits: Limits | None = None, gate: Gate | None = None, local: bool = False
    ) -> LineClient:
        """A client that has sent nothing yet. Not local: a folder is a name, and nothing is copied."""
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        connection = Connection(
            reader,
            writer,
            name=f"acp client {len(self.connections)}",
            router=Router(self.services, HANDLERS),
            hub=self.world.hub,
            limits=limits or self.world.limits,
            gate=gate or OpenGate(),
            local=local,
            lines=self.acp,
        )
        self.connections.append(connection)
        self.services.supervisor.start(connection.serve(), name=connection.name)
        client = LineClient(*await asyncio.open_connection(sock=theirs, limit=2**24))
        self.world._clients.append(client)
        return client

    async def started(self, **more: Any) -> LineClient:
        client = await self.connect(**more)
        await client.start()
        return client


@asynccontextmanager
async def acp_world(directory: Path) -> AsyncGenerator[AcpWorld]:
    async with asyncio.timeout(6 * PATIENCE_S), a_world(directory) as world:
        yield AcpWorld(world)
