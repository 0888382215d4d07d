"""How long until somebody is there: a cold daemon, and a warm one through the stdio bridge."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time

from bench.daemons import Daemon, daemon
from bench.references import python_start_ms
from bench.table import Row
from journeyman.client.connection import Client

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"capabilities": {}, "processId": None},
}


def starting(count: int) -> list[Row]:
    reference = python_start_ms(count * 2)
    cold: list[float] = []
    cpu: list[float] = []
    for _ in range(count):
        with daemon(JOURNEYMAN_SANDBOX="bubblewrap") as running:
            asyncio.run(_ping(running))
            cold.append(running.ready_ms)
            cpu.append(running.cpu_s() * 1000)
    warm: list[float] = []
    spent: list[float] = []
    with daemon(JOURNEYMAN_SANDBOX="bubblewrap") as running:
        asyncio.run(_ping(running))
        for _ in range(count * 2):
            before = running.cpu_s()
            warm.append(_bridge_ms(running))
            spent.append((running.cpu_s() - before) * 1000)
    name = "python -c pass"
    return [
        Row("daemon cold: spawn to listening", "ms", tuple(cold), name, reference),
        Row("daemon cold: CPU until daemon/ping is answered", "ms", tuple(cpu), name, reference),
        Row("journeyman stdio, warm: spawn to initialize answered", "ms", tuple(warm), name, reference),
        Row("the daemon's CPU for one such initialize", "ms", tuple(spent)),
    ]


async def _ping(running: Daemon) -> None:
    async with Client.connect(socket=running.socket) as client:
        await client.request("daemon/ping")


def _bridge_ms(running: Daemon) -> float:
    body = json.dumps(INITIALIZE).encode()
    begin = time.perf_counter()
    bridge = subprocess.Popen(
        [sys.executable, "-m", "journeyman", "stdio"],
        env=running.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert bridge.stdin is not None
    assert bridge.stdout is not None
    bridge.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    bridge.stdin.flush()
    answered = bridge.stdout.read(1)
    taken = (time.perf_counter() - begin) * 1000
    assert answered == b"C"
    bridge.kill()
    bridge.wait()
    return taken
