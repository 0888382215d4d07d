"""Servers of tools over MCP with the official package, imported when the first one is used.

A server may be hostile: what it lists and answers is bounded here, and an answer that is none is a `Failure`.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.ports.tool_servers import RemoteResult, RemoteTool, ServerSpec, ToolServer

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp.client._transport import TransportStreams

log = logging.getLogger(__name__)

PAGES_MAX = 10
TOOLS_MAX = 500
NAME_CHARACTERS_MAX = 128
DESCRIPTION_CHARACTERS_MAX = 4_000
SCHEMA_CHARACTERS_MAX = 20_000
RESULT_CHARACTERS_MAX = 500_000


class McpServers:
    """Implements `ports.tool_servers.ToolServers`."""

    @asynccontextmanager
    async def connect(self, spec: ServerSpec, guest: Guest) -> AsyncGenerator[ToolServer]:
        package = await asyncio.to_thread(importlib.import_module, "mcp")
        try:
            async with AsyncExitStack() as stack:
                streams = await stack.enter_async_context(_transport(spec, guest))
                session: ClientSession = await stack.enter_async_context(package.ClientSession(*streams))
                await session.initialize()
                yield _Server(spec, session)
        except Exception as error:  # whatever a stranger's program makes of the protocol
            raise _failure(spec, error) from error


def _transport(spec: ServerSpec, guest: Guest) -> AbstractAsyncContextManager[TransportStreams]:
    if spec.url:
        from journeyman.adapters.mcp_http import over_http

        return over_http(spec)
    from journeyman.adapters import mcp_lines

    return mcp_lines.outside(spec) if spec.outside else mcp_lines.inside(spec, guest)


class _Server:
    def __init__(self, spec: ServerSpec, session: ClientSession) -> None:
        self._spec = spec
        self._session = session

    async def list(self) -> Sequence[RemoteTool]:
        from mcp_types import PaginatedRequestParams

        found: list[RemoteTool] = []
        cursor: str | None = None
        try:
            for _ in range(PAGES_MAX):
                params = PaginatedRequestParams(cursor=cursor) if cursor is not None else None
                page = await self._session.list_tools(params=params)
                found += [tool for tool in map(_tool, page.tools) if tool is not None]
                cursor = page.next_cursor
                if cursor is None or len(found) >= TOOLS_MAX:
                    break
        except Exception as error:  # whatever a stranger's program makes of the protocol
            raise _failure(self._spec, error) from error
        return found[:TOOLS_MAX]

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> RemoteResult:
        try:
            answer = await self._session.call_tool(tool, dict(arguments))
        except Exception as error:  # whatever a stranger's program makes of the protocol
            raise _failure(self._spec, error) from error
        parts = [_text(block) for block in answer.content]
        if not parts and answer.structured_content is not None:
            parts = [json.dumps(answer.structured_content, indent=1)]
        return RemoteResult("\n".join(parts)[:RESULT_CHARACTERS_MAX], not answer.is_error)


def _tool(tool: Any) -> RemoteTool | None:
    name, schema = str(tool.name), dict(tool.input_schema or {})
    if not name.isprintable() or not 0 < len(name) <= NAME_CHARACTERS_MAX:
        return None
    if len(json.dumps(schema)) > SCHEMA_CHARACTERS_MAX:
        schema = {"type": "object", "description": "The server's own description is too long."}
    return RemoteTool(name, str(tool.description or "")[:DESCRIPTION_CHARACTERS_MAX], schema)


def _text(block: Any) -> str:
    if block.type == "text":
        return str(block.text)
    if block.type == "resource_link":
        return f"[a link: {block.uri}]"
    return f"[{block.type}, left out]"


def _failure(spec: ServerSpec, error: BaseException) -> Failure:
    """`invalid`: the server lives and says no. `workspace_failed`: it is to be started anew."""
    from mcp import MCPError
    from mcp_types import CONNECTION_CLOSED

    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    if isinstance(error, Failure):
        return error
    said = " ".join(str(error).split())[:300] or type(error).__name__
    log.info("the server of tools %s: %s", spec.name, said)
    lives = isinstance(error, MCPError) and error.error.code != CONNECTION_CLOSED
    what = f"The server {spec.name} did not do it: {said}."
    return Failure("invalid" if lives else "workspace_failed", what, retryable=not lives)
