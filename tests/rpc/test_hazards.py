"""What pygls 2.1.1 does on its own, and what this wire does with the same bytes.

Every test runs twice: a stock server shows the hazard (the test asserts that it is still there, so that
we notice when it is gone), and ours does not have it. Each hazard is a function that answers whether the
server did well.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol.types import ShowDocumentParams, WorkDoneProgressBegin, WorkDoneProgressEnd

from journeyman.rpc.limits import Limits
from rpc import harness
from rpc.harness import CAPABLE, PATIENCE_S, Client, World, encode
from rpc.stock import StockClient, StockServer

SILENCE_S = 1.0
"""A stock server that has said nothing for so long will not. Ours is waited for."""
ACCEPT = {"prompt": "x", "wait": "accepted"}


class Ours:
    kind = "ours"

    def __init__(self, world: World) -> None:
        self.world = world
        self.seen: list[Any] = []

    @property
    def fails(self) -> bool:
        return False

    @fails.setter
    def fails(self, value: bool) -> None:
        async def broken(context: Any, params: Any) -> Any:
            raise ValueError("a secret")

        self.world.extra["daemon/ping"] = broken

    async def connect(self) -> Client:
        return await self.world.connect()

    async def initialized(self) -> Client:
        client = await self.world.connect()
        await client.initialize({})
        return client

    def waiting_bytes(self) -> int:
        return sum(
            each._writer.transport.get_write_buffer_size() + each.peer.outbox.waiting_bytes
            for each in self.world.connections
        )

    def futures(self) -> int:
        session = self.world.connections[0].session
        return len(session.server.protocol._request_futures) + len(session.calls)


Server = StockServer | Ours
Hazard = Callable[[Server], Awaitable[bool]]


@pytest.fixture(params=["stock", "ours"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Server]:
    if request.param == "stock":
        stock = StockServer()
        yield stock
        await stock.close()
        return
    async with harness.world(tmp_path, Limits(eof_grace_s=0.2)) as world:
        yield Ours(world)
        for client in world._clients:
            await client.close(unclaimed_ok=True)


async def answered(client: Client, ident: Any, *, surely: bool = False) -> dict[str, Any] | None:
    silent = isinstance(client, StockClient) and not surely
    try:
        async with asyncio.timeout(SILENCE_S if silent else PATIENCE_S):
            await client.until(lambda: client.answers.get(ident))
    except (TimeoutError, AssertionError):
        return None
    return client.answers[ident][0]


async def alive(client: Client, *, surely: bool = False) -> bool:
    ping = client.ask("daemon/ping", {}, ident="alive")
    return await answered(client, ping, surely=surely) is not None


async def a_second_client_steals_the_answers(server: Server) -> bool:
    first, second = await server.initialized(), await server.initialized()
    ident = first.ask("daemon/ping", {}, ident="mine")
    return await answered(first, ident) is not None and ident not in second.answers


async def exit_ends_the_process(server: Server) -> bool:
    first, second = await server.initialized(), await server.initialized()
    with pytest.MonkeyPatch.context() as patch:
        ended: list[int] = []
        patch.setattr("sys.exit", ended.append)
        first.tell("exit")
        return await alive(second) and not ended


async def bad_params_are_never_answered(server: Server) -> bool:
    client = await server.initialized()
    return await answered(client, client.ask("workspace/executeCommand", {"bad": True})) is not None


async def a_request_without_params_is_never_answered(server: Server) -> bool:
    client = await server.initialized()
    return await answered(client, client.ask("daemon/ping")) is not None


async def keys_that_are_no_identifiers_are_lost(server: Server) -> bool:
    client = await server.initialized()
    meta = {"file:///a.py": 1, "class": 2}
    if isinstance(server, Ours):

        async def run(context: Any, params: Any) -> Any:
            server.seen.append(params.meta)
            raise ValueError

        server.world.extra["agent/run"] = run
        client = await server.initialized()
    await answered(client, client.ask("agent/run", {**ACCEPT, "_meta": meta}))
    return server.seen == [meta]


async def a_type_name_in_params_is_never_answered(server: Server) -> bool:
    client = await server.initialized()
    params = {**ACCEPT, "_meta": {"a": 1}, "type_name": "not an identifier"}
    return await answered(client, client.ask("agent/run", params)) is not None


async def a_nested_message_is_taken_for_one(server: Server) -> bool:
    client = await server.initialized()
    nested = {"jsonrpc": "2.0", "id": 99, "method": "agent/run"}
    answer = await answered(client, client.ask("agent/run", {**ACCEPT, "_meta": {"log": nested}}))
    return answer is not None and "result" in answer


async def bad_json_is_not_answered(server: Server) -> bool:
    client = await server.initialized()
    client.raw(encode(b"{nonsense"))
    answer = await answered(client, None)
    return answer is not None and answer["error"]["code"] == -32700


async def a_batch_is_not_answered(server: Server) -> bool:
    client = await server.initialized()
    client.send([{"jsonrpc": "2.0", "id": 1, "method": "daemon/ping", "params": {}}])
    return await answered(client, None) is not None


async def a_lower_case_header_breaks_the_stream(server: Server) -> bool:
    client = await server.initialized()
    body = b'{"jsonrpc":"2.0","id":"low","method":"daemon/ping","params":{}}'
    client.raw(b"content-length: %d\r\n\r\n%b" % (len(body), body))
    return await answered(client, "low") is not None and await alive(client)


async def requests_are_served_before_initialize(server: Server) -> bool:
    client = await server.connect()
    answer = await answered(client, client.ask("agent/run", ACCEPT))
    return answer is not None and answer.get("error", {}).get("code") == -32002


async def requests_after_shutdown_are_not_answered(server: Server) -> bool:
    client = await server.initialized()
    await answered(client, client.ask("shutdown", {}))
    answer = await answered(client, client.ask("agent/run", ACCEPT))
    return answer is not None and answer["error"]["code"] == -32600


async def a_frame_may_have_any_size(server: Server) -> bool:
    client = await server.initialized()
    client.raw(b"Content-Length: 900000000000\r\n\r\n")
    return await answered(client, None) is not None


async def what_is_not_read_piles_up(server: Server) -> bool:
    client = await server.initialized()
    client.stop_reading()
    count = 60_000
    for ident in range(count):
        client.ask("no/such/" + "x" * 190, {}, ident=ident)
        if ident % 500 == 0:
            await asyncio.sleep(0)
            if server.waiting_bytes() > 5 * 2**20:
                return False
    async with asyncio.timeout(90):
        while client.writer.transport.get_write_buffer_size() and not client.writer.is_closing():
            if server.waiting_bytes() > 5 * 2**20:
                return False
            await asyncio.sleep(0.01)
    return server.waiting_bytes() <= 5 * 2**20


async def notifications_leave_futures_behind(server: Server) -> bool:
    client = await server.initialized()
    document = {"uri": "file:///x", "languageId": "text", "version": 1, "text": ""}
    client.tell("textDocument/didOpen", {"textDocument": document})
    for version in range(2, 52):
        change = {"textDocument": {"uri": "file:///x", "version": version}, "contentChanges": [{"text": "x"}]}
        client.tell("textDocument/didChange", change)
    assert await alive(client, surely=True)
    return server.futures() <= 1


async def a_request_of_the_server_waits_for_ever(server: Server) -> bool:
    """The client goes away with the server's question unanswered."""
    client = await server.initialized()
    if isinstance(server, StockServer):
        params = ShowDocumentParams(uri="file:///x")
        waiting = asyncio.wrap_future(server.server.protocol.send_request("window/showDocument", params))
    else:
        outbound = server.world.connections[0].session.outbound
        waiting = asyncio.create_task(outbound.request("window/showDocument", {}))
    await client.request("window/showDocument")
    client.writer.close()
    silent = isinstance(server, StockServer)
    done, _ = await asyncio.wait({waiting}, timeout=SILENCE_S if silent else PATIENCE_S)
    for each in done:
        each.exception()
    waiting.cancel()
    return bool(done)


async def errors_carry_a_traceback(server: Server) -> bool:
    server.fails = True
    client = await server.initialized()
    answer = await answered(client, client.ask("daemon/ping", {}), surely=True)
    assert answer is not None
    return "error" in answer and "a secret" not in str(answer) and "Traceback" not in str(answer)


async def every_body_is_logged(server: Server) -> bool:
    records: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    root, pygls = logging.getLogger(), logging.getLogger("pygls")
    before = root.level, pygls.level
    root.setLevel(logging.INFO)
    pygls.setLevel(logging.INFO)
    root.addHandler(handler)
    try:
        client = await server.initialized()
        await answered(client, client.ask("nobody/knows/this/private/text", {}))
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        pygls.setLevel(before[1])
    return not any("private/text" in text for text in records)


async def a_progress_token_is_kept_for_ever(server: Server) -> bool:
    client = await server.initialized()
    if isinstance(server, StockServer):
        server.server.work_done_progress.begin("w", WorkDoneProgressBegin(title="t"))
        server.server.work_done_progress.end("w", WorkDoneProgressEnd())
        return not server.server.work_done_progress.tokens
    ident = client.ask("agent/run", {"prompt": "x", "workDoneToken": "w"})
    run = await server.world.runs.begun()
    await client.notification("$/progress")
    assert server.world.connections[0].peer.run_by_token
    await server.world.runs.finish(run)
    await answered(client, ident)
    return not server.world.connections[0].peer.run_by_token


HAZARDS: list[Hazard] = [
    a_second_client_steals_the_answers,
    exit_ends_the_process,
    bad_params_are_never_answered,
    a_request_without_params_is_never_answered,
    keys_that_are_no_identifiers_are_lost,
    a_type_name_in_params_is_never_answered,
    a_nested_message_is_taken_for_one,
    bad_json_is_not_answered,
    a_batch_is_not_answered,
    a_lower_case_header_breaks_the_stream,
    requests_are_served_before_initialize,
    requests_after_shutdown_are_not_answered,
    a_frame_may_have_any_size,
    what_is_not_read_piles_up,
    notifications_leave_futures_behind,
    a_request_of_the_server_waits_for_ever,
    errors_carry_a_traceback,
    every_body_is_logged,
    a_progress_token_is_kept_for_ever,
]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard.__name__)
async def test_hazard(server: Server, hazard: Hazard) -> None:
    assert await hazard(server) is (server.kind == "ours")


async def test_a_closed_connection_leaves_nothing_in_memory(world: World) -> None:
    """pygls keeps every protocol object alive by caches on its methods."""
    client = await world.connect()
    await client.initialize(CAPABLE)
    protocol = weakref.ref(world.connections[0].session.server.protocol)
    await client.close()
    await world.hub.empty.wait()
    world._clients.clear()
    world.connections.clear()
    del client
    for _ in range(3):
        await asyncio.sleep(0)
        gc.collect()
    assert protocol() is None
