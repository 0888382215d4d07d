"""Many clients at once over TCP: everybody gets their own answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from journeyman.client.connection import Client
from journeyman.failures import Failure
from journeyman.rpc.serving import router_for
from journeyman.rpc.transport import RpcServer
from rpc.harness import World
from rpc.harness import world as a_world

TOKEN = "n" * 43
CLIENTS = 200
ROUNDS = 10


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[World]:
    async with a_world(tmp_path) as built:
        yield built


@pytest.fixture
async def port(world: World) -> AsyncGenerator[int]:
    server = RpcServer(supervisor=world.services.supervisor, clients_max=CLIENTS + 10, hub=world.hub)
    server.ready(router_for(world.services))
    yield await server.listen_tcp("127.0.0.1", 0, token=TOKEN)
    await server.close()


async def test_two_hundred_clients_never_get_each_others_answers(world: World, port: int) -> None:
    crossed: list[str] = []
    asked = 0
    everybody = asyncio.Barrier(CLIENTS)

    async def one(number: int) -> None:
        nonlocal asked
        async with Client.connect(tcp=("127.0.0.1", port, TOKEN)) as client:
            await everybody.wait()
            for round_ in range(ROUNDS):
                nonce = f"nonce {number} {round_}"
                made = await client.request("project/create", {"name": nonce})
                found = await client.request("project/get", {"projectId": made["id"]})
                asked += 2
                if not made["name"] == found["name"] == nonce:
                    crossed.append(nonce)

    async with asyncio.timeout(100), asyncio.TaskGroup() as tasks:
        for number in range(CLIENTS):
            tasks.create_task(one(number))
    assert crossed == []
    assert asked == CLIENTS * ROUNDS * 2


async def test_a_wrong_token_is_said_in_one_sentence(port: int) -> None:
    with pytest.raises(Failure, match="token") as caught:
        async with Client.connect(tcp=("127.0.0.1", port, "w" * 43)):
            pass
    assert caught.value.kind == "unauthorized"


async def test_nobody_there_is_said_in_one_sentence(port: int) -> None:
    with pytest.raises(Failure, match="No daemon listens"):
        async with Client.connect(tcp=("127.0.0.1", 1, TOKEN)):
            pass
