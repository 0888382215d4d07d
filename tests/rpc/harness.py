"""A client on one end of a socket pair and a real `Connection` on the other, over real services.

Runs and workspaces are puppets the test moves; store, event log, projects, chats and todos are the real
ones. What a test leaves unclaimed (an answer nobody waited for, a notification nobody looked at) fails it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from journeyman.adapters.preview import HttpGateway
from journeyman.adapters.sqlite import SqliteStore
from journeyman.changes.carrying import Carrying
from journeyman.changes.service import Changes
from journeyman.chat.event_log import EventLog
from journeyman.chat.service import ChatService
from journeyman.checkpoint.memory import Memory
from journeyman.checkpoint.parts import Budget, Parts
from journeyman.checkpoint.picture import Keeping
from journeyman.checkpoint.service import Checkpoints
from journeyman.config import Settings
from journeyman.extensions.extensions import Extensions
from journeyman.overlay.editors import Editors
from journeyman.permission.service import Permissions
from journeyman.ports.clock import SystemClock, SystemIds
from journeyman.project.service import ProjectService
from journeyman.rpc.auth import Gate, OpenGate
from journeyman.rpc.connection import Connection
from journeyman.rpc.framing import encode
from journeyman.rpc.handlers import HANDLERS
from journeyman.rpc.hub import Hub
from journeyman.rpc.limits import Limits
from journeyman.rpc.questions import announce_permissions
from journeyman.rpc.router import Handler, Router
from journeyman.rpc.services import Services, StatusFacts
from journeyman.sources.folders import Folders
from journeyman.sources.service import Sources
from journeyman.tasks import Supervisor
from journeyman.testing.objects import MemoryObjects
from journeyman.todo.service import TodoService
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.differences import Differences
from journeyman.workspace.forwards import Forwards
from journeyman.workspace.ports import Ports
from journeyman.workspace.terminals import Terminals
from rpc.puppets import PuppetManager, PuppetModels, PuppetRuns

MIB = 1024 * 1024
PATIENCE_S = 60.0
CAPABLE: dict[str, Any] = {
    "window": {"workDoneProgress": True},
    "experimental": {"journeyman": {"protocolVersion": 1}},
}


class Client:
    """Speaks frames. Everything that arrives is kept until the test claims it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.answers: dict[Any, list[dict[str, Any]]] = {}
        self.notifications: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.closed = False
        self._news = asyncio.Event()
        self._ids = itertools.count(1)
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        try:
            while (message := await read_message(self.reader)) is not None:
                if "method" not in message:
                    self.answers.setdefault(message["id"], []).append(message)
                elif "id" in message:
                    self.requests.append(message)
                else:
                    self.notifications.append(message)
                self._news.set()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.closed = True
            self._news.set()

    def raw(self, data: bytes) -> None:
        self.writer.write(data)

    def send(self, message: Any) -> None:
        self.raw(encode(json.dumps(message).encode()))

    def ask(self, method: str, params: Any = None, *, ident: Any = None) -> Any:
        """Send a request; answers its id."""
        ident = next(self._ids) if ident is None else ident
        message = {"jsonrpc": "2.0", "id": ident, "method": method}
        self.send(message if params is None else {**message, "params": params})
        return ident

    def tell(self, method: str, params: Any = None) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        self.send(message if params is None else {**message, "params": params})

    async def until(self, holds: Any) -> None:
        """Wait until `holds()`; fails when the connection ends or patience does first."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                assert not self.closed or holds(), "the connection ended"
                self._news.clear()
                await self._news.wait()

    async def answer(self, ident: Any) -> dict[str, Any]:
        """Claim the answer to a request."""
        await self.until(lambda: self.answers.get(ident))
        message = self.answers[ident].pop(0)
        if not self.answers[ident]:
            del self.answers[ident]
        return message

    async def result(self, method: str, params: Any = None) -> Any:
        answer = await self.answer(self.ask(method, params))
        assert "error" not in answer, answer
        return answer["result"]

    async def error(self, method: str, params: Any = None) -> dict[str, Any]:
        answer = await self.answer(self.ask(method, params))
        assert "error" in answer, answer
        return answer["error"]

    async def notification(self, method: str) -> dict[str, Any]:
        """Claim the oldest notification of this method; answers its params."""

        def first() -> dict[str, Any] | None:
            return next((item for item in self.notifications if item["method"] == method), None)

        await self.until(first)
        found = first()
        assert found is not None
        self.notifications.remove(found)
        return found["params"]

    async def request(self, method: str) -> dict[str, Any]:
        """Claim a request of the daemon; answers the whole message."""
        await self.until(lambda: any(item["method"] == method for item in self.requests))
        found = next(item for item in self.requests if item["method"] == method)
        self.requests.remove(found)
        return found

    def claim(self, method: str) -> list[dict[str, Any]]:
        """Claim what has come of this method so far; answers their params."""
        found = [item["params"] for item in self.notifications if item["method"] == method]
        self.notifications = [item for item in self.notifications if item["method"] != method]
        return found

    async def initialize(self, capabilities: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        params = {"processId": None, "rootUri": None, "capabilities": capabilities or {}, **more}
        answer = await self.result("initialize", params)
        self.tell("initialized", {})
        return answer

    async def ended(self) -> None:
        """Wait until the daemon has closed the connection."""
        async with asyncio.timeout(PATIENCE_S):
            await self._listening

    def stop_reading(self) -> None:
        """Leave what comes where it is: in the daemon, once the socket's own buffers are full."""
        self.writer.transport.pause_reading()  # type: ignore[attr-defined]

    def resume_reading(self) -> None:
        self.writer.transport.resume_reading()  # type: ignore[attr-defined]

    async def resume_bytes(self) -> None:
        """Read on, but leave the bytes to the test."""
        self._listening.cancel()
        await asyncio.wait({self._listening})
        self.resume_reading()

    async def close(self, *, unclaimed_ok: bool = False) -> None:
        self.writer.close()
        self._listening.cancel()
        await asyncio.wait({self._listening})
        if not unclaimed_ok:
            assert not self.answers, f"unclaimed answers: {self.answers}"
            assert not self.notifications, f"unclaimed notifications: {self.notifications}"
            assert not self.requests, f"unclaimed requests: {self.requests}"


async def read_message(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message; None when the stream ended between two."""
    length = None
    while True:
        line = await reader.readline()
        if not line:
            return None
        if line == b"\r\n":
            break
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    assert length is not None
    return json.loads(await reader.readexactly(length))


class World:
    """The services, and a hub to connect to them."""

    def __init__(self, services: Services, runs: PuppetRuns, manager: PuppetManager, limits: Limits) -> None:
        self.services = services
        self.runs = runs
        self.manager = manager
        self.limits = limits
        self.hub = Hub()
        announce_permissions(services.permissions, self.hub)
        self.extra: dict[str, Handler] = {}
        self.connections: list[Connection] = []
        self._clients: list[Client] = []

    async def connect(
        self, *, limits: Limits | None = None, gate: Gate | None = None, local: bool = False
    ) -> Client:
        """A client that has sent nothing yet."""
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        connection = Connection(
            reader,
            writer,
            name=f"client {len(self._clients)}",
            router=Router(self.services, {**HANDLERS, **self.extra}),
            hub=self.hub,
            limits=limits or self.limits,
            gate=gate or OpenGate(),
            local=local,
        )
        self.connections.append(connection)
        self.services.supervisor.start(connection.serve(), name=connection.name)
        client = Client(*await asyncio.open_connection(sock=theirs, limit=2**24))
        self._clients.append(client)
        return client

    async def initialized(self, capabilities: Mapping[str, Any] | None = None, **more: Any) -> Client:
        client = await self.connect()
        await client.initialize(CAPABLE if capabilities is None else capabilities, **more)
        return client

    async def chat(self) -> str:
        project = await self.services.projects.create()
        return (await self.services.chats.create(project.id)).id

    async def close(self) -> None:
        for client in self._clients:
            await client.close(unclaimed_ok=client.closed)
        async with asyncio.timeout(PATIENCE_S):
            await self.hub.empty.wait()


@asynccontextmanager
async def world(directory: Path, limits: Limits | None = None) -> AsyncGenerator[World]:
    clock, ids, supervisor = SystemClock(), SystemIds(), Supervisor()
    store = await SqliteStore.open(directory / "journeyman.db", clock=clock)
    events = EventLog(store.events, clock)
    projects = ProjectService(store, clock, ids)
    chats = ChatService(store, clock, ids, events=events)
    runs = PuppetRuns(store, events, projects, chats, clock, ids)
    manager = PuppetManager()
    engine = ArchiveEngine(MemoryObjects(), clock=clock, ids=ids)
    sources = Sources(projects, manager, engine, supervisor, images=False)  # pyright: ignore[reportArgumentType]
    started = clock.now()

    async def status() -> StatusFacts:
        return StatusFacts(started, runs_active=0, runs_queued=0, workspaces_live=0, objects="memory")

    parts = Parts(
        store=store,
        objects=MemoryObjects(),
        events=events,
        manager=manager,  # pyright: ignore[reportArgumentType]
        supervisor=supervisor,
        clock=clock,
        ids=ids,
        memory=Memory(None),
        keeping=Keeping(MIB, 64 * MIB),
        budget=Budget(64 * MIB, 64 * MIB),
    )
    checkpoints = Checkpoints(parts)
    gateway = HttpGateway(supervisor)
    forwards = Forwards(manager, gateway, supervisor, clock, ids)  # pyright: ignore[reportArgumentType]
    services = Services(
        runs=runs,  # pyright: ignore[reportArgumentType]
        editors=Editors(),
        manager=manager,  # pyright: ignore[reportArgumentType]
        differences=Differences(manager, engine),  # pyright: ignore[reportArgumentType]
        checkpoints=checkpoints,
        changes=Changes(parts, checkpoints, runs.running_in, runs.wait),
        carrying=Carrying(parts),
        terminals=Terminals(manager, supervisor, ids),  # pyright: ignore[reportArgumentType]
        forwards=forwards,
        ports=Ports(manager, forwards, supervisor, projects.expected_ports),  # pyright: ignore[reportArgumentType]
        permissions=Permissions(store.permissions, events, clock, ids, supervisor),
        projects=projects,
        sources=sources,
        folders=Folders(projects, sources),
        chats=chats,
        todos=TodoService(store.todos, events, clock, ids),
        events=events,
        models=PuppetModels(),  # pyright: ignore[reportArgumentType]
        store=store,
        supervisor=supervisor,
        clock=clock,
        ids=ids,
        settings=Settings.model_validate({"data_dir": directory}),
        status=status,
        extensions=Extensions(directory / "config"),
    )
    built = World(services, runs, manager, limits or Limits(eof_grace_s=0.2, stall_s=300.0))
    try:
        yield built
        await built.close()
    finally:
        forwards.close_all()
        events.close()
        await supervisor.close(grace_s=2.0)
        await store.close()
