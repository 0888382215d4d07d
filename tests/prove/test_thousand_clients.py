"""A thousand clients of a real daemon over TCP, each with nonces of its own: nobody gets another's answer."""

from __future__ import annotations

import asyncio
import resource
from contextlib import AsyncExitStack

import pytest

from e2e.daemons import place
from journeyman.client.connection import Client
from journeyman.paths import token_file

CLIENTS = 1000
ROUNDS = 5


@pytest.mark.prove
@pytest.mark.timeout(900)
async def test_a_thousand_clients_never_get_each_others_answers(unused_tcp_port: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard >= 4 * CLIENTS, "this machine does not let a process open so many files"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with place(JOURNEYMAN_TCP_CLIENTS_MAX=str(CLIENTS + 10)) as where:
            await asyncio.to_thread(where.start, "--tcp", f"127.0.0.1:{unused_tcp_port}")
            async with Client.connect(socket=where.socket) as first:
                await first.request("daemon/ping")
                token = token_file(where.data).read_text().strip()
                async with AsyncExitStack() as stack:
                    clients = [
                        await stack.enter_async_context(
                            Client.connect(tcp=("127.0.0.1", unused_tcp_port, token))
                        )
                        for _ in range(CLIENTS)
                    ]
                    assert (await first.request("daemon/status"))["clients"] == CLIENTS + 1
                    crossed = await asyncio.gather(*(_asked(each, n) for n, each in enumerate(clients)))
                    assert crossed == [0] * CLIENTS
                assert (await first.request("daemon/metrics"))["items"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _asked(client: Client, number: int) -> int:
    """How many answers were somebody else's."""
    crossed = 0
    for round_ in range(ROUNDS):
        nonce = f"nonce {number} {round_}"
        made = await client.request("project/create", {"name": nonce})
        found = await client.request("project/get", {"projectId": made["id"]})
        crossed += not made["name"] == found["name"] == nonce
    return crossed
