"""workspace/ports, forward and unforward over the wire, on a real guest and a real listener."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from components.sandbox import Bench
from contract.test_guest_tunnel import Server
from journeyman.guest.client import GuestClient
from journeyman.workspace.status import WorkspaceStatus
from rpc.harness import Client, World


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(follow_redirects=True) as client:
        yield client


def port_of(told: dict[str, Any], port: int) -> dict[str, Any] | None:
    return next((each for each in told["items"] if each["port"] == port), None)


async def told(client: Client, port: int, holds: Any) -> dict[str, Any] | None:
    """The port as it is told once `holds`."""
    while True:
        got = port_of(await client.notification("workspace/didChangePorts"), port)
        if holds(got):
            return got


async def serve_text(guest: GuestClient) -> int:
    """`python3 -m http.server` in the workspace; answers its port."""
    await guest.write("hello.txt", b"hello from inside")
    program = (
        "import http.server as h; s=h.ThreadingHTTPServer(('127.0.0.1',0),h.SimpleHTTPRequestHandler);"
        "print(s.server_port,flush=True); s.serve_forever()"
    )
    from journeyman.ports.guest import ProcessSpec

    process = await guest.spawn(ProcessSpec(("python3", "-c", program), merge_output=False))
    return int(await anext(process.output()))


async def test_ports_are_listed_with_what_is_forwarded_and_expected(
    person: Client, project: str, world: World, guest: GuestClient
) -> None:
    await world.services.store.projects.settle(project, image=None, forward_ports=(3000,), pending=False)
    server = await Server.start(guest, "echo")
    made = await person.result("workspace/forward", {"projectId": project, "port": server.port})
    assert made["created"]
    again = await person.result("workspace/forward", {"projectId": project, "port": server.port})
    assert again == {**made, "created": False}
    listed = await person.result("workspace/ports", {"projectId": project})
    assert port_of(listed, 3000) == {"port": 3000, "listening": False, "expected": True}
    found = port_of(listed, server.port)
    assert found is not None
    assert (found["listening"], found["address"], found["url"]) == (True, "127.0.0.1", made["url"])
    assert found["process"].endswith("python3 server.py echo")
    assert [each["port"] for each in listed["items"]] == sorted(each["port"] for each in listed["items"])


async def test_a_forwarded_port_is_reached_and_taken_back(
    person: Client, project: str, world: World, guest: GuestClient, browser: httpx.AsyncClient
) -> None:
    ref = {"projectId": project, "port": await serve_text(guest)}
    url = (await person.result("workspace/forward", ref))["url"]
    assert len(httpx.URL(url).params["token"]) == 43
    assert (await browser.get(url)).status_code == 200
    plain = str(httpx.URL(url).copy_with(path="/hello.txt", query=None))
    assert (await browser.get(plain)).text == "hello from inside"
    assert world.manager.held[project, "preview"] == 1
    assert world.services.forwards.in_use
    await person.result("workspace/unforward", ref)
    await person.result("workspace/unforward", ref)
    with pytest.raises(httpx.ConnectError):
        await browser.get(plain)
    async with asyncio.timeout(60):
        while world.manager.held[project, "preview"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not world.services.forwards.in_use


async def test_changes_are_told_to_who_watches_and_only_differences(
    person: Client, project: str, world: World, guest: GuestClient
) -> None:
    other = await world.initialized()
    await person.result("workspace/ports", {"projectId": project, "watch": True})
    await person.result("workspace/ports", {"projectId": project, "watch": True})
    server = await Server.start(guest, "echo")
    await told(person, server.port, lambda port: port and port["listening"])
    ref = {"projectId": project, "port": server.port}
    await other.result("workspace/forward", ref)
    got = await told(person, server.port, lambda port: port and port.get("url"))
    assert got is not None
    assert got["listening"]
    await other.result("workspace/unforward", ref)
    await told(person, server.port, lambda port: port and "url" not in port)
    await guest.kill_all()
    await told(person, server.port, lambda port: port is None)
    await person.result("workspace/ports", {"projectId": project, "watch": False})
    person.claim("workspace/didChangePorts")
    await other.result("workspace/forward", ref)
    await person.result("daemon/ping")
    assert not person.claim("workspace/didChangePorts")
    assert not other.claim("workspace/didChangePorts")
    assert not [name for name in world.services.supervisor.names if name.startswith("ports of")]


async def test_a_workspace_that_goes_takes_its_forwards_and_one_that_comes_is_watched(
    person: Client, project: str, world: World, bench: Bench, guest: GuestClient
) -> None:
    server = await Server.start(guest, "echo")
    ref = {"projectId": project, "port": server.port}
    await person.result("workspace/forward", ref)
    await person.result("workspace/ports", {"projectId": project, "watch": True})
    world.manager.guest = None
    await guest.close()
    for listener in tuple(world.manager.listeners):
        listener(WorkspaceStatus(project, "warm"))
    await told(person, server.port, lambda port: port is None)
    assert world.services.forwards.urls(project) == {}
    _, world.manager.guest = await bench.running("p-2")
    server = await Server.start(world.manager.guest, "echo")
    for listener in tuple(world.manager.listeners):
        listener(WorkspaceStatus(project, "live"))
    await told(person, server.port, lambda port: port and port["listening"])
    await person.close(unclaimed_ok=True)


async def test_who_leaves_watches_no_more(person: Client, project: str, world: World) -> None:
    await person.result("workspace/ports", {"projectId": project, "watch": True})
    await person.close(unclaimed_ok=True)
    async with asyncio.timeout(60):
        while [name for name in world.services.supervisor.names if name.startswith("ports of")]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_workspace_that_is_away_stays_so(person: Client, project: str, world: World) -> None:
    world.manager.guest = None
    assert await person.result("workspace/ports", {"projectId": project}) == {
        "projectId": project,
        "items": [],
    }
    assert not [call for call in world.manager.calls if call[0] == "acquire"]


async def test_refusals(person: Client, project: str, world: World) -> None:
    for port in (0, 65536, "80"):
        wrong = await person.error("workspace/forward", {"projectId": project, "port": port})
        assert wrong["code"] == -32602
    for method, more in (("ports", {}), ("forward", {"port": 80})):
        params = {"projectId": "6f1c2a34-5b6d-4e7f-8a90-1b2c3d4e5f60", **more}
        nobody = await person.error(f"workspace/{method}", params)
        assert nobody["data"]["kind"] == "not_found"
    for port in range(1, 33):
        await person.result("workspace/forward", {"projectId": project, "port": port})
    many = await person.error("workspace/forward", {"projectId": project, "port": 33})
    assert many["data"]["kind"] == "overloaded"
    world.manager.guest = None
    away = await person.error("workspace/forward", {"projectId": project, "port": 80})
    assert away["data"]["kind"] == "no_sandbox"


async def test_the_link_is_not_in_a_log(
    person: Client, project: str, caplog: pytest.LogCaptureFixture
) -> None:
    from journeyman.redaction import redact

    url = (await person.result("workspace/forward", {"projectId": project, "port": 80}))["url"]
    assert "token=" in json.dumps(url)
    assert httpx.URL(url).params["token"] not in redact(f"somebody opened {url}")
