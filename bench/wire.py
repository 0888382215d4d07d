"""`python -m bench.wire [--quick]`: the wire alone, beside other JSON-RPC servers, in one run."""

from __future__ import annotations

import argparse
import asyncio
import resource
import time
from contextlib import AsyncExitStack

from rich.progress import Progress

from bench.calling import PING
from bench.daemons import Daemon, cpu_s, daemon
from bench.echoes import node_echo_ms, pygls_echo_ms
from bench.instant_provider import InstantProvider
from bench.references import framed_echo, framed_echo_ms, round_trips_ms
from bench.stepping import MODEL
from bench.table import Row, render
from journeyman.client.connection import Client

STREAMING = 32
CHATS = 1000


async def answering(count: int) -> list[Row]:
    """In turns, so that all see the same machine."""
    ours: tuple[float, ...] = ()
    bare: tuple[float, ...] = ()
    stock: tuple[float, ...] = ()
    node: tuple[float, ...] = ()
    with daemon(JOURNEYMAN_SANDBOX="bubblewrap") as running:
        streams = await asyncio.open_unix_connection(str(running.socket))
        await round_trips_ms(*streams, 50, PING)
        for _ in range(5):
            bare += await framed_echo_ms(count // 5, PING)
            ours += await round_trips_ms(*streams, count // 5, PING)
            stock += await pygls_echo_ms(count // 5)
            node += await node_echo_ms(count // 5)
        streams[1].close()
    rows = [
        Row("daemon/ping", "ms", ours, "asyncio framed echo", bare),
        Row("daemon/ping", "ms", ours, "stock pygls echo, stdio", stock),
    ]
    return rows + ([Row("daemon/ping", "ms", ours, "vscode-jsonrpc echo, stdio", node)] if node else [])


async def spending(rounds: int) -> list[Row]:
    """What a ping costs the processor, where the machine's load says less than for its time."""
    ours: list[float] = []
    bare: list[float] = []
    with daemon(JOURNEYMAN_SANDBOX="bubblewrap") as running:
        async with framed_echo() as (reader, writer, pid):
            streams = await asyncio.open_unix_connection(str(running.socket))
            await round_trips_ms(*streams, 50, PING)
            for spent, process, connection in (
                (bare, pid, (reader, writer)),
                (ours, running.process.pid, streams),
            ) * rounds:
                before = cpu_s(process)
                await round_trips_ms(*connection, 1000, PING)
                spent.append((cpu_s(process) - before) * 1000)
            streams[1].close()
    what = "the server's CPU for a thousand pings"
    return [Row(what, "ms", tuple(ours), "asyncio framed echo", tuple(bare))]


async def telling(subscribers: int, updates: int) -> list[Row]:
    """Every update of a todo list is two notifications to each subscriber, one of them stored first."""
    with daemon(JOURNEYMAN_SANDBOX="bubblewrap") as running:
        async with AsyncExitStack() as stack:
            writer = await stack.enter_async_context(Client.connect(socket=running.socket))
            project = await writer.request("project/create", {})
            chat = (await writer.request("chat/create", {"projectId": project["id"]}))["id"]
            all_there = asyncio.Event()
            got = 0

            def count(_: object) -> None:
                nonlocal got
                got += 1
                if got == subscribers * updates:
                    all_there.set()

            for _ in range(subscribers):
                reader = await stack.enter_async_context(Client.connect(socket=running.socket))
                reader.on("todo/didChange", count)
                await reader.request("agent/subscribe", {"chatId": chat, "after": "tail"})
            before, begin = running.cpu_s(), time.perf_counter()
            for number in range(updates):
                items = [{"id": "1", "content": f"Step {number}"}]
                await writer.request("todo/update", {"chatId": chat, "ifRev": number, "items": items})
            async with asyncio.timeout(120):
                await all_there.wait()
            seconds, cpu = time.perf_counter() - begin, running.cpu_s() - before
    told = 2 * subscribers * updates
    return [
        Row(f"notifications to {subscribers} subscribers", "per s", (told / seconds,)),
        Row("the daemon's CPU for each of them", "us", (cpu * 1e6 / told,)),
    ]


async def holding(clients: int) -> list[Row]:
    """Connections that do nothing, and chats nobody looks at."""
    with daemon(JOURNEYMAN_SANDBOX="bubblewrap", JOURNEYMAN_TCP_CLIENTS_MAX=str(clients + 10)) as running:
        async with Client.connect(socket=running.socket) as client:
            idle = running.memory_mb()
            async with AsyncExitStack() as stack:
                begin = time.perf_counter()
                for _ in range(clients):
                    await stack.enter_async_context(Client.connect(socket=running.socket))
                seconds = time.perf_counter() - begin
                each_kib = (running.memory_mb() - idle) * 1024 / clients
            project = (await client.request("project/create", {}))["id"]
            before = running.memory_mb()
            for _ in range(CHATS):
                await client.request("chat/create", {"projectId": project})
            chat_kib = (running.memory_mb() - before) * 1024 / CHATS
        again_ms = await _restarted(running)
    return [
        Row(f"{clients} clients connect and initialise", "s", (seconds,)),
        Row("memory per idle connection", "KiB", (each_kib,)),
        Row("memory per idle chat", "KiB", (chat_kib,)),
        Row(f"a daemon with {CHATS} chats starts and lists them", "ms", (again_ms,)),
    ]


async def _restarted(running: Daemon) -> float:
    """Stop it and start another over the same data; answers how long until it answers."""
    running.process.terminate()
    await asyncio.to_thread(running.process.wait, 30)
    begin = time.perf_counter()
    again = await asyncio.to_thread(running.again, JOURNEYMAN_SANDBOX="bubblewrap")
    async with Client.connect(socket=running.socket, start=False) as client:
        listed = await client.request("chat/list", {"limit": 50})
        assert len(listed["items"]) == 50
    spent = (time.perf_counter() - begin) * 1000
    again.terminate()
    await asyncio.to_thread(again.wait, 30)
    return spent


async def answering_beside_runs(steps: int) -> list[Row]:
    provider = InstantProvider(steps)
    url = await provider.start()
    pings: list[float] = []
    with daemon(JOURNEYMAN_SANDBOX="bubblewrap", JOURNEYMAN_MODEL_BASE_URL=url) as running:
        async with Client.connect(socket=running.socket) as client:
            streams = await asyncio.open_unix_connection(str(running.socket))
            wanted = {"model": MODEL, "mode": "execute"}
            runs = [
                asyncio.ensure_future(client.request("agent/run", {**wanted, "prompt": f"run {number}"}))
                for number in range(STREAMING)
            ]
            while not all(run.done() for run in runs):
                pings += await round_trips_ms(*streams, 1, PING)
                await asyncio.sleep(0.005)
            ended = {(await run)["status"] for run in runs}
            streams[1].close()
    await provider.stop()
    assert ended == {"completed"}, ended
    p99 = sorted(pings)[int(len(pings) * 0.99)]
    return [
        Row(f"daemon/ping while {STREAMING} runs go on", "ms", tuple(pings)),
        Row("its 99th percentile", "ms", (p99,)),
    ]


async def _all(quick: bool) -> list[Row]:
    rows: list[Row] = []
    with Progress(transient=True) as progress:
        task = progress.add_task("answering", total=5)
        rows += await answering(500 if quick else 2500)
        rows += await spending(2 if quick else 8)
        for subscribers in (1, 100):
            progress.update(task, advance=1, description=f"telling {subscribers}")
            rows += await telling(subscribers, 200 if quick else 1000)
        progress.update(task, advance=1, description="holding")
        rows += await holding(100 if quick else 1000)
        progress.update(task, advance=1, description="answering beside runs")
        rows += await answering_beside_runs(10 if quick else 40)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.wire", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer samples, fewer clients")
    quick: bool = parser.parse_args().quick
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(render(asyncio.run(_all(quick))))


if __name__ == "__main__":
    main()
