"""`mcp_search` and `mcp_call`: tools of servers the user configured, two schemas for however many there are.

What a server says, its descriptions included, is data between tags.
"""

from __future__ import annotations

import json
from typing import Any, cast

from journeyman.agent.state import RunState
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.tool import Arguments, Tool, always, spec, text
from journeyman.extensions.fence import fenced, one_line
from journeyman.extensions.servers import Found, Servers
from journeyman.permission.effect import Effect

SHOWN_MAX = 20
SCHEMAS_MAX = 5
SCHEMA_CHARACTERS_MAX = 3_000


def tools(servers: Servers) -> tuple[Tool, Tool]:
    names = ", ".join(servers.names)

    async def search(_context: ToolContext, arguments: Arguments) -> Observation:
        server = arguments.get("server", "").strip() or None
        if server is not None and servers.spec(server) is None:
            return failed(f"there is no server {one_line(server, 80)!r}", hint=f"Servers: {names}.")
        found, problems = await servers.search(arguments.get("query", ""), server)
        rows = [_row(each, with_schema=at < SCHEMAS_MAX) for at, each in enumerate(found[:SHOWN_MAX])]
        more = [f"{len(found) - SHOWN_MAX} more: search with other words"] if len(found) > SHOWN_MAX else []
        body = fenced("mcp-tools", "\n".join([*rows, *more])) if rows else "Search with other words, or none."
        return Observation("\n".join([f"{len(found)} tools", *map(one_line, problems), body]), ok=bool(found))

    async def call(_context: ToolContext, arguments: Arguments) -> Observation:
        server, tool = arguments["server"].strip(), arguments["tool"].strip()
        if servers.spec(server) is None:
            return failed(f"there is no server {one_line(server, 80)!r}", hint=f"Servers: {names}.")
        given = _given(arguments)
        if given is None:
            return failed("arguments is not a JSON object", hint="mcp_search shows what the tool takes.")
        result = await servers.call(server, tool, given)
        told = "ok" if result.ok else "failed"
        body = fenced("mcp-result", result.text, server=server, tool=tool)
        return Observation(f"{told}: {one_line(server)} {one_line(tool)}\n{body}", ok=result.ok)

    async def effect(context: ToolContext, arguments: Arguments) -> Effect | None:
        server = servers.spec(arguments["server"].strip())
        if server is None:
            return None
        where = "outside" if server.outside else "workspace"
        tool = arguments["tool"].strip()
        detail = arguments.get("arguments", "{}")
        title = f"{server.name} {one_line(tool, 80)}"
        return Effect(
            "mcp", title, context.state.cwd, (server.name, tool, where), detail=detail, bound=arguments
        )

    return (
        Tool(
            spec(
                "mcp_search",
                f"Find tools of the servers the user configured ({names}): names, descriptions, arguments.",
                {},
                {"query": text("Words of what it should do"), "server": text("Only of this one")},
            ),
            search,
        ),
        Tool(
            spec(
                "mcp_call",
                "Call a tool that mcp_search showed.",
                {"server": text("The server's name"), "tool": text("The tool's name")},
                {"arguments": text("A JSON object")},
            ),
            call,
            always,
            _resources,
            effect,
        ),
    )


def _given(arguments: Arguments) -> dict[str, Any] | None:
    try:
        given: Any = json.loads(arguments.get("arguments", "") or "{}")
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", given) if isinstance(given, dict) else None


def _row(found: Found, *, with_schema: bool) -> str:
    row = f"{one_line(found.server)} {one_line(found.tool.name)}: {one_line(found.tool.description, 400)}"
    if not with_schema:
        return row
    schema = json.dumps(dict(found.tool.parameters))
    return f"{row}\n  arguments: {one_line(schema, SCHEMA_CHARACTERS_MAX)}"


def _resources(_state: RunState, arguments: Arguments) -> frozenset[str]:
    return frozenset({f"mcp {arguments['server']}"})
