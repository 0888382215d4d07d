"""One request on an open connection, beside the same frame through a bare echo; memory of connections."""

from __future__ import annotations

import asyncio
import json

from bench.daemons import daemon
from bench.references import framed_echo_ms, round_trips_ms
from bench.table import Row
from journeyman.client.connection import Client

PING = json.dumps({"jsonrpc": "2.0", "id": 2, "method": "daemon/ping"}).encode()


def calling(count: int, connections: int) -> list[Row]:
    return asyncio.run(_calling(count, connections))


async def _calling(count: int, connections: int) -> list[Row]:
    with daemon(JOURNEYMAN_SANDBOX="bubblewrap") as running:
        reader, writer = await asyncio.open_unix_connection(str(running.socket))
        await round_trips_ms(reader, writer, 50, PING)
        # In turns, so that both see the same machine.
        echo: tuple[float, ...] = ()
        ping: tuple[float, ...] = ()
        for _ in range(5):
            echo += await framed_echo_ms(count // 5, PING)
            ping += await round_trips_ms(reader, writer, count // 5, PING)
        writer.close()
        async with Client.connect(socket=running.socket):
            idle = running.memory_mb()
        opened = [Client.connect(socket=running.socket) for _ in range(connections)]
        for client in opened:
            await client.__aenter__()
        each_kib = (running.memory_mb() - idle) * 1024 / connections
        for client in opened:
            await client.__aexit__(None, None, None)
    return [
        Row("daemon/ping", "ms", ping, "asyncio framed echo", echo),
        Row("memory of the daemon, one client", "MiB", (idle,)),
        Row(
            f"memory per idle connection ({connections} of them)",
            "KiB",
            (each_kib,),
        ),
    ]
