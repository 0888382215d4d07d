"""More of what pygls 2.1.1 does on its own: the hazards that have to do with work that takes its time.

Not repeated here, because nothing of ours goes that way: one handler per method and built-in handlers that
win over ours (our methods have a router of their own).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pygls.protocol
import pygls.protocol.json_rpc
import pytest
from pygls.io_ import StdinAsyncReader, run_async

import journeyman
from rpc.harness import PATIENCE_S, World, encode
from rpc.stock import StockClient, StockServer
from rpc.test_hazards import ACCEPT, Server, answered, server

__all__ = ["server"]
Hazard = Callable[[Server], Awaitable[bool]]
OBJECTS = 200


async def every_object_in_params_becomes_a_class(server: Server) -> bool:
    client = await server.initialized()
    meta = {f"key{i}": {"a": i} for i in range(OBJECTS)}
    made: list[str] = []
    real: Callable[..., Any] = pygls.protocol.namedtuple  # type: ignore[attr-defined]

    def counted(name: str, *args: Any, **kwargs: Any) -> Any:
        made.append(name)
        return real(name, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pygls.protocol, "namedtuple", counted)
        await answered(client, client.ask("agent/run", {**ACCEPT, "_meta": meta}))
    return len(made) < OBJECTS


async def blocking_work_cannot_be_cancelled(server: Server) -> bool:
    """The stock way to do it is a thread handler; ours is a coroutine over a bounded thread."""
    release = threading.Event()

    def work() -> str:
        release.wait(90)
        return "done"

    if isinstance(server, StockServer):

        @server.server.feature("slow/work")
        @server.server.thread()
        def slow(params: Any) -> str:
            return work()

        method = "slow/work"
    else:

        async def slow_ours(context: Any, params: Any) -> Any:
            return await asyncio.to_thread(work)

        server.world.extra["daemon/ping"] = slow_ours
        method = "daemon/ping"
    client = await server.initialized()
    ident = client.ask(method, {})
    await asyncio.sleep(0.05)
    client.tell("$/cancelRequest", {"id": ident})
    try:
        answer = await answered(client, ident)
        return answer is not None and answer.get("error", {}).get("code") == -32800
    finally:
        release.set()


async def requests_on_one_chat_overtake_each_other(server: Server) -> bool:
    """Asynchronous handlers of pygls run side by side; of ours, those of one chat keep their order."""
    done: list[int] = []

    async def work(rev: int) -> None:
        await asyncio.sleep(0.1 if rev == 1 else 0)
        done.append(rev)

    if isinstance(server, StockServer):

        @server.server.feature("todo/update")
        async def update(params: Any) -> None:
            await work(params.ifRev)

    else:

        async def update_ours(context: Any, params: Any) -> Any:
            await work(params.if_rev)
            raise ValueError

        server.world.extra["todo/update"] = update_ours
    client = await server.initialized()
    for rev in (1, 2):
        client.ask("todo/update", {"chatId": "c", "ifRev": rev, "items": []}, ident=f"rev {rev}")
    for rev in (1, 2):
        await answered(client, f"rev {rev}")
    return done == [1, 2]


@pytest.mark.parametrize(
    "hazard",
    [
        every_object_in_params_becomes_a_class,
        blocking_work_cannot_be_cancelled,
        requests_on_one_chat_overtake_each_other,
    ],
    ids=lambda hazard: hazard.__name__,
)
async def test_hazard(server: Server, hazard: Hazard) -> None:
    assert await hazard(server) is (server.kind == "ours")


async def test_a_stock_server_on_stdio_is_deaf_while_its_threads_are_busy() -> None:
    stock = StockServer()
    pool = ThreadPoolExecutor(max_workers=1)
    release = threading.Event()
    incoming, to_server = os.pipe()
    logger = logging.getLogger("stock")
    ours, theirs = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=ours)
    stock.server.protocol.set_writer(writer)  # type: ignore[arg-type]
    client = StockClient(*await asyncio.open_connection(sock=theirs, limit=2**24))
    with os.fdopen(incoming, "rb", 0) as stdin:
        loop = run_async(
            stop_event=threading.Event(),
            reader=StdinAsyncReader(stdin, pool),
            protocol=stock.server.protocol,
            logger=logger,
            error_handler=stock.server.report_server_error,
        )
        reading = asyncio.create_task(loop)
        ping = encode(b'{"jsonrpc":"2.0","id":1,"method":"daemon/ping","params":{}}')
        pool.submit(release.wait, PATIENCE_S)
        os.write(to_server, ping)
        deaf = await answered(client, 1) is None
        release.set()
        heard = await answered(client, 1, surely=True) is not None
        os.close(to_server)
        await asyncio.wait({reading}, timeout=PATIENCE_S)
    await client.close(unclaimed_ok=True)
    writer.close()
    pool.shutdown()
    assert deaf
    assert heard


async def test_ours_hears_while_every_thread_is_busy(world: World) -> None:
    release = threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=2))
    busy = [loop.run_in_executor(None, release.wait, PATIENCE_S) for _ in range(4)]
    try:
        client = await world.connect()
        await client.initialize({})
        ident = client.ask("daemon/ping", {})
        assert await answered(client, ident) is not None
        client.answers.clear()
    finally:
        release.set()
        await asyncio.gather(*busy)


def test_a_call_that_python_is_about_to_drop_is_not_made_by_us() -> None:
    """`asyncio.iscoroutinefunction` is deprecated from Python 3.14 on."""
    name = "asyncio.iscoroutinefunction"
    assert name in inspect.getsource(pygls.protocol.json_rpc)
    root = Path(journeyman.__file__).parent
    assert [path for path in root.rglob("*.py") if name in path.read_text(encoding="utf-8")] == []
