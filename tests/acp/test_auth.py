"""Who gets in with lines: over TCP nobody without the token, wherever this protocol can carry one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from components.acp_lines import AcpWorld
from journeyman.acp import endpoint, handlers
from journeyman.acp.context import Method
from journeyman.rpc.limits import Limits
from journeyman.rpc.serving import router_for
from journeyman.rpc.transport import RpcServer
from rpc.harness import read_message

TOKEN = "t" * 43


def line(method: str, params: Any = None, *, ident: int = 1, padding: int = 0) -> bytes:
    message = {"jsonrpc": "2.0", "id": ident, "method": method, "params": {} if params is None else params}
    return json.dumps(message).encode() + b" " * padding + b"\n"


def initialize(token: Any = None, *, padding: int = 0) -> bytes:
    meta = {} if token is None else {"_meta": {"journeyman": {"token": token}}}
    return line("initialize", {"protocolVersion": 1, **meta}, padding=padding)


def authenticate(token: Any, method: str = "token") -> bytes:
    params = {"methodId": method, "_meta": {"journeyman": {"token": token}}}
    return line("authenticate", params, ident=2)


LIST = line("session/list", ident=99)


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods that were handled."""
    names: list[str] = []

    def noting(name: str, method: Method) -> Method:
        async def noted(context: Any, params: Any) -> Any:
            names.append(name)
            return await method.handle(context, params)

        return Method(method.params, noted)

    table = {name: noting(name, method) for name, method in handlers.METHODS.items()}
    monkeypatch.setattr(endpoint, "METHODS", table)
    return names


class Port:
    def __init__(self, world: AcpWorld, server: RpcServer) -> None:
        self.world, self.server = world, server

    async def listen(self, mode: Any) -> int:
        return await self.server.listen_tcp("127.0.0.1", 0, token=TOKEN, mode=mode)


@pytest.fixture
async def port(world: AcpWorld) -> AsyncGenerator[Port]:
    supervisor = world.services.supervisor
    server = RpcServer(supervisor=supervisor, clients_max=16, hub=world.world.hub, limits=Limits(auth_s=2.0))
    server.ready(router_for(world.services), world.acp)
    yield Port(world, server)
    await server.close()


async def talk(port: int, data: bytes, *, last: int = 99) -> list[dict[str, Any]]:
    """Every line the daemon says to `data`, until it closes or id `last` is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answers: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(60):
            while got := await reader.readline():
                answers.append(json.loads(got))
                if answers[-1].get("id") == last:
                    break
    except OSError:
        pass
    finally:
        writer.close()
    return answers


IN = [
    ("in initialize", initialize(TOKEN), [1, 99]),
    ("in authenticate", initialize() + authenticate(TOKEN), [1, 2, 99]),
    ("twice", initialize(TOKEN) + authenticate(TOKEN), [1, 2, 99]),
    ("just small enough", initialize(TOKEN, padding=60_000), [1, 99]),
    ("after blank lines", b"{}"[:0] + initialize(TOKEN).replace(b"\n", b"\r\n\r\n"), [1, 99]),
]


@pytest.mark.parametrize(("data", "idents"), [row[1:] for row in IN], ids=[row[0] for row in IN])
async def test_who_shows_the_token_gets_in(
    port: Port, handled: list[str], data: bytes, idents: list[int]
) -> None:
    answers = await talk(await port.listen("initialize"), data + LIST)
    assert [answer["id"] for answer in answers] == idents
    assert all("result" in answer for answer in answers)
    assert handled == ["session/list"]


async def test_a_client_without_the_token_is_told_the_way(port: Port) -> None:
    answers = await talk(await port.listen("initialize"), initialize(), last=1)
    assert [method["id"] for method in answers[0]["result"]["authMethods"]] == ["token"]


OUT = [
    ("nothing", "initialize", initialize()),
    ("wrong", "initialize", initialize("x" * 43)),
    ("prefix", "initialize", initialize(TOKEN[:-1])),
    ("longer", "initialize", initialize(TOKEN + "x")),
    ("empty", "initialize", initialize("")),
    ("number", "initialize", initialize(7)),
    ("list", "initialize", initialize([TOKEN])),
    ("token elsewhere", "initialize", line("initialize", {"protocolVersion": 1, "_meta": {"token": TOKEN}})),
    ("as LSP has it", "initialize",
     line("initialize", {"protocolVersion": 1, "initializationOptions": {"token": TOKEN}})),
    ("too large", "initialize", initialize(TOKEN, padding=70_000)),
    ("wrong in authenticate", "initialize", initialize() + authenticate("x" * 43)),
    ("none in authenticate", "initialize", initialize() + authenticate(None)),
    ("another way to authenticate", "initialize", initialize() + authenticate(TOKEN, "magic")),
    ("wrong, then right", "initialize", initialize() + authenticate("x" * 43) + authenticate(TOKEN)),
    ("something between", "initialize", initialize() + line("session/list") + authenticate(TOKEN)),
    ("a notification between", "initialize",
     initialize() + b'{"jsonrpc":"2.0","method":"x"}\n' + authenticate(TOKEN)),
    ("an answer between", "initialize", initialize() + b'{"jsonrpc":"2.0","id":1,"result":{}}\n'
     + authenticate(TOKEN)),
    ("authenticate first", "initialize", authenticate(TOKEN)),
    ("list first", "initialize", line("session/list") + initialize(TOKEN)),
    ("new first", "initialize", line("session/new", {"cwd": "/a", "mcpServers": []}) + initialize(TOKEN)),
    ("notification first", "initialize", b'{"jsonrpc":"2.0","method":"x"}\n' + initialize(TOKEN)),
    ("batch first", "initialize", b"{}\n" + initialize(TOKEN)),
    ("not JSON first", "initialize", b"{x\n" + initialize(TOKEN)),
    ("all at once, too large", "initialize", initialize(padding=40_000) + initialize(TOKEN, padding=40_000)),
    ("right, where only header fields count", "header", initialize(TOKEN)),
    ("right in authenticate, same", "header", initialize() + authenticate(TOKEN)),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "data"), [row[1:] for row in OUT], ids=[row[0] for row in OUT])
async def test_nobody_else_does(port: Port, handled: list[str], mode: Any, data: bytes) -> None:
    answers = await talk(await port.listen(mode), data + LIST)
    assert handled == []
    assert answers, "it is said why"
    # `initialize` without a token may be answered: it says how to show one, and nothing else.
    assert [answer["id"] for answer in answers if "result" in answer] in ([], [1])
    assert 99 not in [answer.get("id") for answer in answers if "result" in answer]
    assert TOKEN not in str(answers)


async def test_in_header_mode_nothing_is_parsed(port: Port, monkeypatch: pytest.MonkeyPatch) -> None:
    from journeyman.rpc import jsonbody

    parsed: list[bytes] = []
    monkeypatch.setattr(jsonbody, "parse", lambda body, **more: parsed.append(body))
    (answer,) = await talk(await port.listen("header"), initialize(TOKEN))
    assert "journeyman acp" in answer["error"]["message"]
    assert answer["error"]["code"] == -32000
    assert parsed == []


async def test_who_says_too_little_is_closed(world: AcpWorld) -> None:
    supervisor = world.services.supervisor
    server = RpcServer(supervisor=supervisor, clients_max=16, hub=world.world.hub, limits=Limits(auth_s=0.05))
    server.ready(router_for(world.services), world.acp)
    port = await server.listen_tcp("127.0.0.1", 0, token=TOKEN, mode="initialize")
    for data in (b"{", initialize()):
        assert (await talk(port, data))[-1]["error"]["data"]["kind"] == "timeout"
    await server.close()


async def test_both_protocols_share_the_port(port: Port) -> None:
    number = await port.listen("initialize")
    assert (await talk(number, initialize(TOKEN), last=1))[0]["result"]["protocolVersion"] == 1
    reader, writer = await asyncio.open_connection("127.0.0.1", number)
    options = {"capabilities": {}, "initializationOptions": {"token": TOKEN}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": options}).encode()
    writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    answer = await read_message(reader)
    assert answer is not None
    assert "textDocumentSync" in answer["result"]["capabilities"]
    writer.close()
    http, writer = await asyncio.open_connection("127.0.0.1", number)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await http.read() == b""
    writer.close()
