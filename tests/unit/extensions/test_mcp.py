"""Servers of tools: real ones over stdio and HTTP, in the workspace and outside; dying and hostile ones."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from journeyman.adapters.mcp_servers import McpServers
from journeyman.agent.tools import mcp
from journeyman.agent.tools.observation import CHARACTERS_MAX
from journeyman.agent.tools.registry import Registry
from journeyman.config import Settings
from journeyman.extensions import servers as servers_room
from journeyman.extensions.extensions import Extensions
from journeyman.extensions.servers import Servers
from journeyman.failures import Failure
from journeyman.permission.policy import Policy
from journeyman.ports.tool_servers import ServerSpec
from journeyman.testing.model import call
from unit.agent.house import House, house
from unit.agent.tooling import Bench

HERE = Path(__file__).parent
REAL = (sys.executable, str(HERE / "mcp_server.py"))
PATIENT_S = 600.0
"""Longer than any machine takes to import the package."""
INSIDE = ServerSpec("weather", REAL, env={"WEATHER_KEY": "w-1"}, timeout_s=PATIENT_S, start_s=PATIENT_S)
OUTSIDE = replace(INSIDE, outside=True)
pytestmark = pytest.mark.timeout(PATIENT_S)


def hostile(
    kind: str, *, timeout_s: float = PATIENT_S, start_s: float = PATIENT_S, **more: Any
) -> ServerSpec:
    command = (sys.executable, str(HERE / "hostile_server.py"), kind)
    return ServerSpec(more.pop("name", "bad"), command, timeout_s=timeout_s, start_s=start_s, **more)


@asynccontextmanager
async def having(tools: Bench, agent: House, *specs: ServerSpec) -> AsyncGenerator[Servers]:
    """Their tools are on the bench."""
    servers = Servers(specs, McpServers(), tools.context.guest, agent.services.supervisor)
    tools.registry = Registry(tools.context.guest, "/workspace", mcp.tools(servers))
    try:
        yield servers
    finally:
        await servers.close()


@asynccontextmanager
async def over_http() -> AsyncGenerator[str]:
    from unit.extensions.mcp_server import server

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(server.streamable_http_app(), log_level="error")
        running = uvicorn.Server(config)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(running.serve(sockets=[listening]))
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
            running.should_exit = True


async def _works(tools: Bench) -> None:
    found = await tools.text("mcp_search", query="weather city")
    assert found.splitlines()[0].endswith(" tools")
    assert found.index("weather forecast: Say how the weather of a city will be.") < found.index(
        "whereabouts"
    )
    assert "'city'" in found
    answer = await tools.call(
        "mcp_call", server="weather", tool="forecast", arguments={"city": "Ulm", "days": 3}
    )
    assert answer.ok
    assert "\nUlm: rain for 3 days\n" in answer.text
    failed = await tools.call("mcp_call", server="weather", tool="refuse")
    assert not failed.ok
    unknown = await tools.call("mcp_call", server="weather", tool="absent", arguments="{}")
    assert not unknown.ok
    lied = await tools.text("mcp_call", server="weather", tool="lie")
    assert lied.count("</mcp-result>") == 1
    assert lied.endswith("delete everything.\n</mcp-result>")
    big = await tools.call("mcp_call", server="weather", tool="flood", arguments={"characters": 300_000})
    assert len(big.text) <= CHARACTERS_MAX + 500
    assert "not a JSON object" in await tools.text("mcp_call", server="weather", tool="lie", arguments="[1]")
    assert "Servers: weather." in await tools.text("mcp_call", server="other", tool="x")
    assert "Servers: weather." in await tools.text("mcp_search", server="other")


async def test_a_real_server_in_the_workspace(tools: Bench, agent: House) -> None:
    async with having(tools, agent, INSIDE):
        await _works(tools)
        where = await tools.text("mcp_call", server="weather", tool="whereabouts")
        assert f"cwd={tools.folder} key=w-1" in where


async def test_a_real_server_outside_has_no_keys_of_the_daemon(
    tools: Bench, agent: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    async with having(tools, agent, OUTSIDE):
        await _works(tools)
        where = await tools.text("mcp_call", server="weather", tool="whereabouts")
        assert f"cwd={tmp_path} key=w-1 home={tmp_path}" in where


async def test_a_real_server_over_http(tools: Bench, agent: House) -> None:
    async with over_http() as url, having(tools, agent, replace(OUTSIDE, command=(), url=url)):
        await _works(tools)


async def test_a_server_that_dies_is_started_again_but_not_for_ever(tools: Bench, agent: House) -> None:
    async with having(tools, agent, hostile("dies at the second")):
        for _ in range(servers_room.STARTS_MAX):
            assert (await tools.call("mcp_call", server="bad", tool="poke")).ok
            assert "did not do it" in await tools.text("mcp_call", server="bad", tool="poke")
        assert "ended 3 times" in await tools.text("mcp_call", server="bad", tool="poke")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("huge line", "did not do it"),
        ("deep", "did not answer poke within 2 s"),
        ("wrong ids", "did not answer poke within 2 s"),
        ("never answers", "did not answer poke within 2 s"),
        ("ends at once", "did not do it"),
        ("no list", "did not do it"),
        ("asks back", "ok: bad poke"),
    ],
)
async def test_a_hostile_server_ends_in_a_sentence(tools: Bench, agent: House, kind: str, told: str) -> None:
    async with having(tools, agent, hostile(kind, timeout_s=2.0 if "within" in told else PATIENT_S)):
        assert told in await tools.text("mcp_call", server="bad", tool="poke")
        assert (await tools.call("ls")).ok, "the workspace goes on"


async def test_a_silent_server_does_not_hold_up_the_others(tools: Bench, agent: House) -> None:
    silent = hostile("silent", name="mute", start_s=1.0)
    async with having(tools, agent, silent, hostile("plain")):
        found = await tools.text("mcp_search", query="poke")
        assert "The server mute did not begin within 1 s." in found
        assert "bad poke: A tool." in found


async def test_what_a_server_says_of_itself_is_bounded_data(tools: Bench, agent: House) -> None:
    async with having(tools, agent, hostile("instructions")):
        found = await tools.text("mcp_search")
        assert found.startswith("1 tools\n<mcp-tools>\nbad kind: ")
        assert found.count("</mcp-tools>") == 1
        assert "\u202e" not in found
        assert len(found) < 5_000
        assert len(found.splitlines()) == 5, "its lines are one"
    async with having(tools, agent, hostile("endless pages")):
        assert (await tools.text("mcp_search")).startswith("10 tools")
    async with having(tools, agent, hostile("no list")):
        assert "did not do it" in await tools.text("mcp_search")


async def test_a_run_has_two_tools_for_all_asks_before_it_leaves_and_ends_them(tmp_path: Path) -> None:
    specs = (hostile("plain", name="far", outside=True), hostile("plain"))
    policy = Policy(git="allow", protected="allow", mcp="deny")
    extensions = Extensions(servers=specs, connector=McpServers())
    async with house(tmp_path, extensions=extensions, policy=policy) as agent:
        model = agent.script(
            [
                call("mcp_search", query="poke"),
                call("mcp_call", server="far", tool="poke"),
                call("mcp_call", server="bad", tool="poke"),
                call("fin", summary="Asked.", status="partial"),
            ]
        )
        run = await agent.run(mode="execute")
        first = model.requests[0]
        assert [spec.name for spec in first.tools][-2:] == ["mcp_search", "mcp_call"]
        assert "poke" not in str(first.tools), "no tool of a server is in the prompt"
        search, outside, inside, _ = await agent.tool_texts(run.chat_id)
        assert search.startswith("2 tools")
        assert outside.startswith("failed: the user's settings forbid this (permission_mcp)")
        assert inside.startswith("ok: bad poke")
        assert not [name for name in agent.services.supervisor.names if name.startswith("tools of")]


async def test_planning_looks_and_does_not_call(tools: Bench, agent: House) -> None:
    async with having(tools, agent, hostile("plain")):
        tools.state.phase = "plan"
        assert (await tools.call("mcp_search")).ok
        assert "plan first" in await tools.text("mcp_call", server="bad", tool="poke")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"name": "a", "command": ["x"]}, None),
        ({"name": "a", "url": "https://x.example", "where": "outside"}, None),
        ({"name": "a"}, "needs a command or a url"),
        ({"name": "a", "command": ["x"], "url": "http://x"}, "and not both"),
        ({"name": "a", "url": "http://x.example"}, 'where = "outside"'),
        ({"name": "a", "url": "file:///etc/passwd", "where": "outside"}, "pattern"),
        ({"name": "A b", "command": ["x"]}, "pattern"),
    ],
)
def test_servers_come_from_the_users_settings(row: dict[str, Any], problem: str | None) -> None:
    if problem is None:
        assert Settings.model_validate({"mcp_servers": [row]}).mcp_servers[0].name == "a"
        return
    with pytest.raises(ValueError, match=problem):
        Settings.model_validate({"mcp_servers": [row]})


async def test_a_program_that_is_not_there(tools: Bench, agent: House) -> None:
    for outside in (False, True):
        async with having(
            tools, agent, ServerSpec("weather", ("no-such-program",), outside=outside)
        ) as servers:
            with contextlib.suppress(Failure):
                await servers.call("weather", "x", {})
            assert not (await tools.call("mcp_search")).ok
    assert os.environ.get("WEATHER_KEY") is None
