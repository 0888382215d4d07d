"""The client against a real connection: requests, refusals, events, and following across losses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from journeyman.client.connection import Client
from journeyman.client.following import follow
from journeyman.failures import Failure
from journeyman.rpc.serving import router_for
from journeyman.rpc.sockets import bind_unix
from journeyman.rpc.transport import RpcServer
from rpc.harness import World


@pytest.fixture
async def path(world: World, tmp_path: Path) -> AsyncGenerator[Path]:
    place = tmp_path / "run" / "daemon.sock"
    server = RpcServer(supervisor=world.services.supervisor, clients_max=50, hub=world.hub)
    server.ready(router_for(world.services))
    await server.listen_unix(bind_unix(place))
    yield place
    await server.close()


async def say(world: World, chat: str, count: int) -> None:
    for number in range(count):
        await world.services.events.append(chat, "notice", {"level": "info", "message": str(number)})


async def test_refusals_are_failures_with_their_words(path: Path) -> None:
    async with Client.connect(socket=path) as client:
        with pytest.raises(Failure) as caught:
            await client.request("chat/get", {"chatId": "none"})
        assert caught.value.kind == "not_found"
        assert caught.value.hint
        assert caught.value.data["code"] == -31999
        assert "now" in await client.request("daemon/ping")


async def test_a_cancelled_call_cancels_the_run(world: World, path: Path) -> None:
    async with Client.connect(socket=path) as client:
        call = asyncio.create_task(client.request("agent/run", {"prompt": "x"}))
        run = await world.runs.begun()
        call.cancel()
        await world.runs.cancel_asked()
        assert world.runs.cancels == [run.id]


async def test_the_daemons_requests_are_answered(world: World, path: Path) -> None:
    capabilities = {"window": {"workDoneProgress": True}}
    asked: list[Any] = []
    progress: asyncio.Queue[Any] = asyncio.Queue()

    async def create(params: Any) -> None:
        asked.append(params)

    async with Client.connect(socket=path, capabilities=capabilities) as client:
        client.on_request("window/workDoneProgress/create", create)
        client.on("$/progress", progress.put_nowait)
        run = await client.request("agent/run", {"prompt": "x", "wait": "accepted"})
        async with asyncio.timeout(60):
            begin = await progress.get()
            assert begin["value"]["kind"] == "begin"
            assert asked == [{"token": begin["token"]}]
            await client.request("agent/cancel", {"runId": run["runId"]})
            assert (await progress.get())["value"]["kind"] == "end"


async def test_a_lost_connection_fails_what_waits(world: World, path: Path) -> None:
    async with Client.connect(socket=path) as client:
        call = asyncio.create_task(client.request("agent/run", {"prompt": "x"}))
        await world.runs.begun()
        for member in world.hub:
            member.close_soon("the test says so")
        with pytest.raises(Failure) as caught:
            await call
        assert caught.value.kind == "cancelled"
        with pytest.raises(Failure, match="ended"):
            await client.request("daemon/ping")


async def test_following_goes_on_after_every_loss(world: World, path: Path) -> None:
    chat = await world.chat()
    seen: list[int] = []
    stream = follow(lambda: Client.connect(socket=path), chat, "start")
    async with asyncio.timeout(60), aclosing(stream) as events:
        await say(world, chat, 5)
        async for event in events:
            seen.append(event["seq"])
            if len(seen) % 7 == 0:
                for member in world.hub:
                    member.close_soon("the test cuts it")
            if len(seen) < 40:
                await say(world, chat, 1)
            if seen[-1] == 44:
                break
    assert seen == list(range(1, 45))


async def test_following_says_what_no_new_connection_can_help(path: Path, tmp_path: Path) -> None:
    async def take_all(socket: Path, chat: str, attempts: int | None = None) -> None:
        stream = follow(lambda: Client.connect(socket=socket), chat, "start", attempts=attempts)
        async with aclosing(stream) as events:
            async for _ in events:
                pass

    with pytest.raises(Failure, match="chat"):
        await take_all(path, "none")
    with pytest.raises(Failure, match="No daemon"):
        await take_all(tmp_path / "nobody", "x", attempts=2)


async def test_a_gap_is_said(world: World, path: Path) -> None:
    chat = await world.chat()
    await say(world, chat, 3)
    async with Client.connect(socket=path) as client:
        stream = client.events(chat, {"epoch": "another", "seq": 1})
        async with aclosing(stream) as events:
            gap = await anext(events)
            assert (gap["kind"], gap["reason"]) == ("gap", "epoch_changed")
            await say(world, chat, 1)
            assert (await anext(events))["seq"] == 4
