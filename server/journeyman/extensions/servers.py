"""Servers of tools during one run: started when first asked, one owner task each, ended with the run.

What they say of themselves is shown as data, and only when the agent searches: no schema is in the prompt.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.ports.tool_servers import RemoteResult, RemoteTool, ServerSpec, ToolServer, ToolServers
from journeyman.tasks import Supervisor

T = TypeVar("T")

CLOSE_S = 5.0
STARTS_MAX = 3
"""A server that ended is started again, up to this often in a run."""


@dataclass(frozen=True, slots=True)
class Found:
    server: str
    tool: RemoteTool


class Servers:
    def __init__(
        self, specs: Sequence[ServerSpec], connector: ToolServers, guest: Guest, supervisor: Supervisor
    ) -> None:
        self._lines = {spec.name: _Line(spec, connector, guest, supervisor) for spec in specs}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._lines)

    def spec(self, name: str) -> ServerSpec | None:
        line = self._lines.get(name)
        return None if line is None else line.spec

    async def search(self, query: str, server: str | None) -> tuple[list[Found], list[str]]:
        """Tools that have words of the query, the best first, and what is wrong with servers."""
        lines = [line for name, line in self._lines.items() if server in (None, name)]
        listed = await asyncio.gather(*(line.tools() for line in lines), return_exceptions=True)
        found: list[Found] = []
        problems: list[str] = []
        for line, tools in zip(lines, listed, strict=True):
            if isinstance(tools, Failure):
                problems.append(tools.message)
            elif isinstance(tools, BaseException):
                raise tools
            else:
                found += [Found(line.spec.name, tool) for tool in tools]
        words = re.findall(r"\w+", query.lower())
        scored = [(_score(each, words), each) for each in found]
        best = [pair for pair in scored if pair[0] > 0 or not words]
        return [each for _, each in sorted(best, key=lambda pair: -pair[0])], problems

    async def call(self, server: str, tool: str, arguments: Mapping[str, Any]) -> RemoteResult:
        """Raises `Failure`."""
        return await self._lines[server].call(tool, arguments)

    async def close(self) -> None:
        await asyncio.gather(*(line.close() for line in self._lines.values()))


def _score(found: Found, words: Sequence[str]) -> int:
    name, text = found.tool.name.lower(), f"{found.server} {found.tool.description}".lower()
    return sum(3 * (word in name) + (word in text) for word in words)


@dataclass(slots=True)
class _Line:
    """One server and the task that owns the connection to it."""

    spec: ServerSpec
    connector: ToolServers
    guest: Guest
    supervisor: Supervisor
    _starts: int = 0
    _task: asyncio.Task[None] | None = None
    _ready: asyncio.Future[ToolServer] | None = None
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _tools: Sequence[RemoteTool] | None = None

    async def tools(self) -> Sequence[RemoteTool]:
        if self._tools is None:
            server = await self._server()
            self._tools = await self._in_time(server.list(), "list its tools")
        return self._tools or ()

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> RemoteResult:
        server = await self._server()
        return await self._in_time(server.call(tool, arguments), f"answer {tool}")

    async def close(self) -> None:
        self._closing.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=CLOSE_S)
            self._task.cancel()

    async def _in_time(self, work: Awaitable[T], what: str) -> T:
        """An answer in time. A server that gives none, or ended, is started anew when it is next asked."""
        try:
            async with asyncio.timeout(self.spec.timeout_s):
                return await work
        except Failure as failure:
            if failure.kind == "workspace_failed":
                self._drop()
            raise
        except TimeoutError:
            self._drop()
            raise Failure(
                "timeout",
                f"The server {self.spec.name} did not {what} within {self.spec.timeout_s:g} s.",
                hint="Go on without it.",
            ) from None

    async def _server(self) -> ToolServer:
        if self._task is not None and self._task.done():
            self._drop()
        if self._ready is None:
            if self._starts >= STARTS_MAX:
                raise Failure("workspace_failed", f"The server {self.spec.name} ended {STARTS_MAX} times.")
            self._starts += 1
            self._ready = asyncio.get_running_loop().create_future()
            self._task = self.supervisor.start(self._own(self._ready), name=f"tools of {self.spec.name}")
        ready = self._ready
        await asyncio.wait({ready}, timeout=self.spec.start_s)
        if not ready.done():
            self._drop()
            raise Failure(
                "timeout", f"The server {self.spec.name} did not begin within {self.spec.start_s:g} s."
            )
        return ready.result()

    def _drop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = self._ready = None

    async def _own(self, ready: asyncio.Future[ToolServer]) -> None:
        try:
            async with self.connector.connect(self.spec, self.guest) as server:
                ready.set_result(server)
                await self._closing.wait()
        except Failure as failure:
            if not ready.done():
                ready.set_exception(failure)
        finally:
            if not ready.done():
                ended = Failure("workspace_failed", f"The server {self.spec.name} ended before it began.")
                ready.set_exception(ended)
            ready.exception()  # looked at, even where nobody waits any more
