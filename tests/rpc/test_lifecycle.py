"""LSP's lifecycle, and exactly one answer to whatever comes."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from journeyman.rpc.limits import Limits
from journeyman_protocol.methods import REQUESTS
from rpc.harness import CAPABLE, World, encode


async def test_initialize_tells_capabilities_and_methods(world: World) -> None:
    client = await world.connect()
    answer = await client.initialize(CAPABLE)
    ours = answer["capabilities"]["experimental"]["journeyman"]
    assert ours["methods"] == [row.name for row in REQUESTS]
    assert "agent/event" in ours["notifications"]
    assert answer["capabilities"]["textDocumentSync"]["openClose"] is True
    assert answer["serverInfo"]["name"] == "journeyman"


async def test_before_initialize_only_ping_is_answered(world: World) -> None:
    client = await world.connect()
    assert (await client.error("project/list"))["code"] == -32002
    assert "now" in await client.result("daemon/ping")
    await client.initialize()
    assert (await client.result("project/list"))["items"] == []


async def test_a_second_initialize_is_refused(world: World) -> None:
    client = await world.initialized()
    error = await client.error("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    assert error["code"] == -32600


async def test_after_shutdown_only_exit(world: World) -> None:
    client, other = await world.initialized(), await world.initialized()
    assert await client.result("shutdown") is None
    assert (await client.error("daemon/ping"))["code"] == -32600
    client.tell("exit")
    await client.ended()
    assert "now" in await other.result("daemon/ping")


async def test_exit_without_shutdown_ends_this_connection_only(world: World) -> None:
    client, other = await world.initialized(), await world.initialized()
    client.tell("exit")
    await client.ended()
    assert "now" in await other.result("daemon/ping")


BAD: list[tuple[str, Any, int, Any]] = [
    ("batch", [{"jsonrpc": "2.0", "id": 1, "method": "daemon/ping"}], -32600, None),
    ("number", 7, -32600, None),
    ("text", "x", -32600, None),
    ("null", None, -32600, None),
    ("no version", {"id": 1, "method": "daemon/ping"}, -32600, 1),
    ("old version", {"jsonrpc": "1.0", "id": 1, "method": "daemon/ping"}, -32600, 1),
    ("null id", {"jsonrpc": "2.0", "id": None, "method": "daemon/ping"}, -32600, None),
    ("true as id", {"jsonrpc": "2.0", "id": True, "method": "daemon/ping"}, -32600, None),
    ("float id", {"jsonrpc": "2.0", "id": 1.5, "method": "daemon/ping"}, -32600, None),
    ("object id", {"jsonrpc": "2.0", "id": {}, "method": "daemon/ping"}, -32600, None),
    ("no method", {"jsonrpc": "2.0", "id": "a"}, -32600, "a"),
    ("number method", {"jsonrpc": "2.0", "id": "a", "method": 5}, -32600, "a"),
    ("unknown method", {"jsonrpc": "2.0", "id": 1, "method": "no/such"}, -32601, 1),
    ("unknown $ request", {"jsonrpc": "2.0", "id": 1, "method": "$/no"}, -32601, 1),
    ("notification as request", {"jsonrpc": "2.0", "id": 1, "method": "$/cancelRequest"}, -32601, 1),
    ("list params", {"jsonrpc": "2.0", "id": 1, "method": "daemon/ping", "params": []}, -32602, 1),
    ("text params", {"jsonrpc": "2.0", "id": 1, "method": "daemon/ping", "params": "x"}, -32602, 1),
    ("missing field", {"jsonrpc": "2.0", "id": 1, "method": "chat/get", "params": {}}, -32602, 1),
    ("unknown field", {"jsonrpc": "2.0", "id": 1, "method": "daemon/ping", "params": {"x": 1}}, -32602, 1),
    ("wrong type", {"jsonrpc": "2.0", "id": 1, "method": "chat/get", "params": {"chatId": 5}}, -32602, 1),
    ("snake case", {"jsonrpc": "2.0", "id": 1, "method": "chat/get", "params": {"chat_id": "x"}}, -32602, 1),
    ("unknown id", {"jsonrpc": "2.0", "id": 1, "method": "chat/get", "params": {"chatId": "x"}}, -31999, 1),
]


@pytest.mark.parametrize(("message", "code", "ident"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_bad_messages_get_one_error_and_the_connection_goes_on(
    world: World, message: Any, code: int, ident: Any
) -> None:
    client = await world.initialized()
    client.send(message)
    answer = await client.answer(ident)
    assert answer["error"]["code"] == code
    assert answer["error"]["data"]["kind"]
    assert "now" in await client.result("daemon/ping")


BODIES: list[tuple[str, bytes]] = [
    ("no JSON", b"{nonsense"),
    ("not UTF-8", b'{"jsonrpc":"2.0","id":1,"method":"\xff"}'),
    ("empty", b""),
    ("NaN", b'{"jsonrpc":"2.0","id":NaN,"method":"x"}'),
    ("deep", b"[" * 65 + b"]" * 65),
    ("bottomless", b"[" * 200_000),
    ("long number", b'{"id":' + b"9" * 10_000 + b"}"),
    ("two values", b"{} {}"),
]


@pytest.mark.parametrize("body", [row[1] for row in BODIES], ids=[row[0] for row in BODIES])
async def test_unreadable_bodies_are_parse_errors(world: World, body: bytes) -> None:
    client = await world.initialized()
    client.raw(encode(body))
    assert (await client.answer(None))["error"]["code"] == -32700
    assert "now" in await client.result("daemon/ping")


async def test_brackets_in_text_are_not_depth(world: World) -> None:
    client = await world.initialized()
    error = await client.error("chat/get", {"chatId": '\\"[{' * 200})
    assert error["code"] == -32602


async def test_wrong_params_name_the_field(world: World) -> None:
    client = await world.initialized()
    error = await client.error("agent/run", {"prompt": "x", "budget": {"steps": 0}})
    assert "`budget.steps`" in error["data"]["hint"]


async def test_a_bug_of_ours_is_an_incident_without_a_traceback(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(context: Any, params: Any) -> Any:
        raise ValueError("the secret is sk-abcdefghijklmnopqrstuvwx")

    world.extra["daemon/status"] = broken
    client = await world.initialized()
    error = await client.error("daemon/status")
    assert error["code"] == -32603
    assert "secret" not in str(error)
    assert "Traceback" not in str(error)
    logged = [record.getMessage() for record in caplog.records]
    found = [text for text in logged if error["data"]["incidentId"] in text]
    assert len(found) == 1
    assert "ValueError" in found[0]
    assert "sk-abcdef" not in found[0]


async def test_unknown_notifications_are_ignored(world: World) -> None:
    client = await world.initialized()
    for method in ("$/whatever", "no/such", "agent/run", "textDocument/didOpen"):
        client.tell(method, {"bad": True})
    assert "now" in await client.result("daemon/ping")


async def test_standard_requests_with_bad_params_are_answered(world: World) -> None:
    client = await world.initialized()
    error = await client.error("workspace/executeCommand", {"command": 5, "arguments": "no"})
    assert error["code"] == -32602


async def test_in_flight_requests_are_bounded_and_ids_unique(world: World) -> None:
    client = await world.connect(limits=Limits(in_flight=2, eof_grace_s=0.2))
    await client.initialize(CAPABLE)
    first = client.ask("agent/run", {"prompt": "one"})
    run = await world.runs.begun()
    client.ask("daemon/ping", ident=first)
    assert (await client.answer(first))["error"]["code"] == -32600
    second = client.ask("agent/run", {"prompt": "two"})
    other = await world.runs.begun(2)
    third = await client.error("daemon/ping")
    assert third["code"] == -31997
    assert third["data"]["retryable"] is True
    await world.runs.finish(run)
    await world.runs.finish(other)
    assert (await client.answer(first))["result"]["status"] == "completed"
    assert (await client.answer(second))["result"]["status"] == "completed"


async def test_the_clients_process_is_watched(world: World) -> None:
    process = subprocess.Popen(["sleep", "60"])
    client = await world.connect(local=True)
    await client.initialize(processId=process.pid)
    other = await world.connect(local=True)
    await other.initialize(processId=os.getpid())
    process.kill()
    process.wait()
    await client.ended()
    assert "now" in await other.result("daemon/ping")


async def test_a_document_is_kept_in_step(world: World) -> None:
    client = await world.initialized()
    uri = "file:///x.py"
    document = {"uri": uri, "languageId": "python", "version": 1, "text": "one\n"}
    client.tell("textDocument/didOpen", {"textDocument": document})
    for version, text in ((2, "two"), (3, "three")):
        change = {
            "range": {
                "start": {"line": 0, "character": 0},
                "end": {"line": 0, "character": 3 + (version == 3) * 0},
            },
            "text": text,
        }
        identifier = {"uri": uri, "version": version}
        client.tell("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})
    await client.result("daemon/ping")
    documents = world.connections[0].session.server.documents
    assert (found := documents.get(uri)) is not None
    assert (found.text, found.version) == ("three\n", 3)
    client.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    await client.result("daemon/ping")
    assert documents.get(uri) is None


async def test_trace_is_switched_on_and_off(world: World) -> None:
    client = await world.initialized()
    client.tell("$/setTrace", {"value": "messages"})
    await client.result("daemon/ping")
    assert "daemon/ping" in (await client.notification("$/logTrace"))["message"]
    client.tell("$/setTrace", {"value": "off"})
    await client.result("daemon/ping")
    await client.result("daemon/ping")
    assert client.claim("$/logTrace") == []


async def test_trace_may_begin_with_initialize_and_says_more_when_verbose(world: World) -> None:
    client = await world.connect()
    await client.initialize(CAPABLE, trace="verbose")
    await client.error("chat/get", {"chatId": "x"})
    told = await client.notification("$/logTrace")
    assert "chat/get" in told["message"]
    assert told["verbose"] == "not_found; 0 requests in flight"
