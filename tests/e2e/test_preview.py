"""Previews of real programs in real workspaces without a network: Docker and bubblewrap, daemon and all."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from components.docker_engine import ensure_workspace_image
from e2e.daemons import Place, place
from e2e.refused import served
from journeyman.client.connection import Client

MIB = 1 << 20
APP = Path(__file__).with_name("previewed_app.py")

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(
    params=[
        pytest.param("bubblewrap", marks=pytest.mark.bubblewrap),
        pytest.param("docker", marks=pytest.mark.docker),
    ]
)
async def where(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    if request.param == "docker":
        request.getfixturevalue("docker_engine")
        ensure_workspace_image("code-workspace:latest")
    with place(JOURNEYMAN_SANDBOX=request.param) as found:
        yield found


class Watched:
    """What a client is told of a project's ports."""

    def __init__(self, client: Client) -> None:
        self._news: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        client.on("workspace/didChangePorts", self._news.put_nowait)

    async def until(self, port: int, *, listening: bool) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                items = (await self._news.get())["items"]
                for each in items:
                    if each["port"] == port and each["listening"] is listening:
                        return each
                if not listening and port not in [each["port"] for each in items]:
                    return {}


async def start(client: Client, ref: dict[str, Any], *argv: str) -> None:
    await client.request("workspace/exec", {**ref, "argv": list(argv)})


async def opened(browser: aiohttp.ClientSession, url: str) -> str:
    """Follow the link, as a browser does; answers where one is then, without the token."""
    async with browser.get(url) as answer:
        assert answer.status in (200, 404)
        assert "token" not in str(answer.url)
        return str(answer.url).rstrip("/")


async def test_a_preview_from_beginning_to_end(where: Place) -> None:
    jar = aiohttp.CookieJar(unsafe=True)  # of an address without a name
    limit = aiohttp.TCPConnector(limit=60)
    async with served(where) as client, aiohttp.ClientSession(cookie_jar=jar, connector=limit) as browser:
        ref = {"projectId": (await client.request("project/create", {"name": "P"}))["id"]}
        told = Watched(client)
        assert (await client.request("workspace/ports", {**ref, "watch": True}))["items"] == []
        await client.request("workspace/open", ref)
        await client.request(
            "workspace/writeFile", {**ref, "path": "app.py", "content": APP.read_text(), "encoding": "utf8"}
        )
        url = (await client.request("workspace/forward", {**ref, "port": 8000}))["url"]

        async with browser.get(url) as nothing:
            assert nothing.status == 502
            assert "Nothing listens on port 8000 in the workspace." in await nothing.text()

        await start(client, ref, "python3", "-m", "http.server", "8000", "--bind", "127.0.0.1")
        found = await told.until(8000, listening=True)
        assert (found["address"], found["url"]) == ("127.0.0.1", url)
        assert found["process"].endswith("-m http.server 8000 --bind 127.0.0.1")
        base = await opened(browser, url)
        async with browser.get(f"{base}/app.py") as file:
            assert await file.text() == APP.read_text()

        await start(client, ref, "python3", "app.py", "8001")
        await told.until(8001, listening=True)
        await _the_app(browser, (await client.request("workspace/forward", {**ref, "port": 8001}))["url"])

        status = await client.request("workspace/status", ref)
        assert "preview" in status["heldBy"]
        await client.request("workspace/unforward", {**ref, "port": 8001})
        await client.request("workspace/close", ref)
        await told.until(8000, listening=False)
        with pytest.raises(aiohttp.ClientConnectorError):
            await browser.get(base)


async def _the_app(browser: aiohttp.ClientSession, url: str) -> None:
    token = url.partition("token=")[2]
    async with aiohttp.ClientSession() as stranger:
        async with stranger.get(url.partition("?")[0]) as shut:
            assert (shut.status, (await shut.text()).count(".")) == (403, 1)
        async with stranger.get(url, headers={"Host": "rebound.example"}, allow_redirects=False) as shut:
            assert shut.status == 403
    base = await opened(browser, url)

    async with browser.get(f"{base}/head") as seen:
        head = await seen.text()
    assert head.startswith("GET /head HTTP/1.1\n")
    assert token not in head
    assert "journeyman" not in head
    assert "journeyman-preview" in str([cookie.key for cookie in browser.cookie_jar])

    async with browser.ws_connect(f"{base}/socket") as socket:
        for size in (0, 1, 125, 126, 70_000, 1_000_000):
            await socket.send_bytes(b"x" * size)
            assert await socket.receive_bytes() == b"x" * size

    async def one(number: int) -> str:
        async with browser.get(f"{base}/head?{number}") as answer:
            return (await answer.text()).split("\n")[0]

    lines = await asyncio.gather(*(one(number) for number in range(50)))
    assert lines == [f"GET /head?{number} HTTP/1.1" for number in range(50)]

    async with browser.get(f"{base}/big") as slow:
        got = len(await slow.content.readexactly(1000))
        for _ in range(5):  # others are served while somebody reads slowly
            assert await one(99) == "GET /head?99 HTTP/1.1"
        async for data in slow.content.iter_any():
            got += len(data)
    assert got == 30 * MIB
    async with browser.put(f"{base}/size", data=bytes(20 * MIB)) as answer:
        assert await answer.text() == str(20 * MIB)

    for path in ("garbage", "endless", "closes", "silent-then-closes"):
        async with browser.get(f"{base}/{path}") as broken:
            assert (broken.status, broken.content_type) == (502, "text/plain")


@pytest.mark.parametrize("where", [pytest.param("bubblewrap", marks=pytest.mark.bubblewrap)], indirect=True)
async def test_the_command_line_lists_forwards_and_takes_back(where: Place) -> None:
    async with served(where) as client:
        ref = {"projectId": (await client.request("project/create", {"name": "P"}))["id"]}
        await client.request("workspace/open", ref)
        await start(client, ref, "python3", "-m", "http.server", "8000")
        command = where.command("forward", ref["projectId"], "8000")
        process = await asyncio.create_subprocess_exec(
            *command, env=where.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None
        async with (
            asyncio.timeout(60),
            aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
        ):
            url = (await process.stdout.readline()).decode().strip()
            while not (await client.request("workspace/ports", ref))["items"][0]["listening"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await opened(browser, url)
            listed = await asyncio.create_subprocess_exec(
                *where.command("ports", ref["projectId"], "--json"), env=where.env, stdout=subprocess.PIPE
            )
            out, _ = await listed.communicate()
            assert url in out.decode()
            table = await asyncio.create_subprocess_exec(
                *where.command("ports", ref["projectId"]), env=where.env, stdout=subprocess.PIPE
            )
            out, _ = await table.communicate()
            assert {"8000", "listening", "0.0.0.0"} <= set(out.decode().split())
            process.send_signal(signal.SIGINT)
            await process.communicate()
            assert process.returncode == 130
            with pytest.raises(aiohttp.ClientConnectorError):
                await browser.get(url)
        again = await asyncio.create_subprocess_exec(
            *command, env=where.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        async with asyncio.timeout(60):
            assert again.stdout is not None
            assert (await again.stdout.readline()).startswith(b"http://127.0.0.1:")
            await client.request("workspace/close", ref)
            _, said = await again.communicate()
        assert again.returncode == 1
        assert b"The preview ended" in said
