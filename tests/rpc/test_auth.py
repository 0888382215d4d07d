"""Who gets in: over TCP nobody without the token, and nothing of theirs is parsed before."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from journeyman.failures import Failure
from journeyman.rpc import jsonbody, transport
from journeyman.rpc.auth import read_or_make_token
from journeyman.rpc.handlers import HANDLERS
from journeyman.rpc.limits import Limits
from journeyman.rpc.router import Router
from journeyman.rpc.sockets import bind_unix, prepare_runtime_dir
from journeyman.rpc.transport import RpcServer, Tls, is_loopback
from rpc.harness import World, read_message

TOKEN = "t" * 43


class Listening:
    def __init__(self, world: World, **limits: Any) -> None:
        self.server = RpcServer(
            supervisor=world.services.supervisor, clients_max=16, hub=world.hub, limits=Limits(**limits)
        )
        self.handled: list[str] = []
        handlers = {name: self._noting(name, handler) for name, handler in HANDLERS.items()}
        self.server.ready(Router(world.services, handlers))

    def _noting(self, name: str, handler: Any) -> Any:
        async def noted(context: Any, params: Any) -> Any:
            self.handled.append(name)
            return await handler(context, params)

        return noted


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every body that was handed to the JSON parser."""
    bodies: list[bytes] = []
    parse = jsonbody.parse

    def noting(body: bytes, *, depth_max: int) -> Any:
        bodies.append(body)
        return parse(body, depth_max=depth_max)

    monkeypatch.setattr(jsonbody, "parse", noting)
    return bodies


def request(method: str, params: Any = None, *, header: str = "", ident: int = 1) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", "id": ident, "method": method, "params": params or {}}).encode()
    return f"{header}Content-Length: {len(body)}\r\n\r\n".encode() + body


def initialize(token: str | None = None, *, padding: int = 0, header: str = "") -> bytes:
    params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    if token is not None:
        params["initializationOptions"] = {"token": token}
    if padding:
        params["initializationOptions"] = {"token": token, "padding": "x" * padding}
    return request("initialize", params, header=header)


async def said(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes, *, then: bytes = b""
) -> list[dict[str, Any]]:
    """Everything the daemon says to `data`, and to `then` after its first answer, until it closes or a
    ping is answered."""
    writer.write(data)
    answers: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(60):
            while (message := await read_message(reader)) is not None:
                answers.append(message)
                if then:
                    writer.write(then)
                    then = b""
                elif message.get("id") == 99:
                    break
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()
    return answers


async def talk(port: int, data: bytes, *, then: bytes = b"") -> list[dict[str, Any]]:
    return await said(*await asyncio.open_connection("127.0.0.1", port), data, then=then)


PING = request("daemon/ping", ident=99)
BEARER = f"Authorization: Bearer {TOKEN}\r\n"

IN = [
    ("header", "header", initialize(header=BEARER)),
    ("header, lower case", "header", initialize(header=f"authorization: bearer {TOKEN}\r\n")),
    ("header, other mode", "initialize", initialize(header=BEARER)),
    ("options", "initialize", initialize(TOKEN)),
    ("options just small enough", "initialize", initialize(TOKEN, padding=60_000)),
]


@pytest.mark.parametrize(("mode", "data"), [row[1:] for row in IN], ids=[row[0] for row in IN])
async def test_who_shows_the_token_gets_in(world: World, mode: Any, data: bytes) -> None:
    listening = Listening(world)
    port = await listening.server.listen_tcp("127.0.0.1", 0, token=TOKEN, mode=mode)
    answers = await talk(port, data, then=PING)
    assert [answer["id"] for answer in answers] == [1, 99]
    assert all("result" in answer for answer in answers)
    await listening.server.close()


OUT = [
    ("nothing", "header", initialize(), 0),
    ("options in header mode", "header", initialize(TOKEN), 0),
    ("wrong", "header", initialize(header=BEARER.replace("tt", "tx", 1)), 0),
    ("prefix", "header", initialize(header=f"Authorization: Bearer {TOKEN[:-1]}\r\n"), 0),
    ("longer", "header", initialize(header=f"Authorization: Bearer {TOKEN}x\r\n"), 0),
    ("empty", "header", initialize(header="Authorization: Bearer \r\n"), 0),
    ("basic", "header", initialize(header=f"Authorization: Basic {TOKEN}\r\n"), 0),
    ("no scheme", "header", initialize(header=f"Authorization: {TOKEN}\r\n"), 0),
    ("not ASCII", "header", initialize(header="Authorization: Bearer é\r\n"), 0),
    ("ping without", "header", request("daemon/ping"), 0),
    ("second frame too late", "header", request("daemon/ping") + initialize(header=BEARER), 0),
    ("http", "header", b"POST / HTTP/1.1\r\n" + BEARER.encode() + b"Content-Length: 2\r\n\r\n{}", 0),
    ("garbage", "header", b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 0),
    ("nothing in options", "initialize", initialize(), 1),
    ("wrong in options", "initialize", initialize("x" * 43), 1),
    ("number in options", "initialize", initialize(7), 1),  # type: ignore[arg-type]
    ("options too large", "initialize", initialize(TOKEN, padding=70_000), 0),
    ("ping first", "initialize", request("daemon/ping") + initialize(TOKEN), 1),
    ("not JSON first", "initialize", b"Content-Length: 2\r\n\r\n{x" + initialize(TOKEN), 1),
    ("notification first", "initialize", b'Content-Length: 34\r\n\r\n{"jsonrpc":"2.0","method":"exit" } ', 1),
    ("wrong header, right options", "initialize", initialize(TOKEN, header="Authorization: Bearer x\r\n"), 0),
]


@pytest.mark.parametrize(("mode", "data", "bodies"), [row[1:] for row in OUT], ids=[row[0] for row in OUT])
async def test_nobody_else_does(
    world: World, parsed: list[bytes], mode: Any, data: bytes, bodies: int
) -> None:
    listening = Listening(world)
    port = await listening.server.listen_tcp("127.0.0.1", 0, token=TOKEN, mode=mode)
    answers = await talk(port, data + PING)
    assert not any("result" in answer for answer in answers)
    assert len(answers) <= 2
    assert listening.handled == []
    assert len(parsed) == bodies
    assert TOKEN not in str(answers)
    await listening.server.close()


async def test_who_says_nothing_is_closed(world: World) -> None:
    listening = Listening(world, auth_s=0.05)
    port = await listening.server.listen_tcp("127.0.0.1", 0, token=TOKEN)
    assert [answer["error"]["data"]["kind"] for answer in await talk(port, b"")] == ["timeout"]
    assert [answer["error"]["data"]["kind"] for answer in await talk(port, b"Content-Le")] == ["timeout"]
    await listening.server.close()


async def test_other_machines_need_tls(world: World) -> None:
    listening = Listening(world)
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        with pytest.raises(Failure, match="without TLS"):
            await listening.server.listen_tcp(host, 0, token=TOKEN)
    with pytest.raises(Failure, match="certificate"):
        await listening.server.listen_tcp("0.0.0.0", 0, token=TOKEN, tls=Tls(Path("/no"), Path("/no")))
    assert await is_loopback("localhost")
    assert await is_loopback("127.8.9.1")
    assert not await is_loopback("no.such.host.invalid")


async def test_there_is_a_most_of_connections(world: World) -> None:
    listening = Listening(world)
    port = await listening.server.listen_tcp("127.0.0.1", 0, token=TOKEN)
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(17)]
    async with asyncio.timeout(60):
        assert await streams[-1][0].read() == b""
    for _, writer in streams:
        writer.close()
    await listening.server.close()


async def test_the_unix_socket_is_ours_alone(world: World, tmp_path: Path) -> None:
    path = tmp_path / "run" / "daemon.sock"
    path.parent.mkdir(mode=0o755)
    listening = Listening(world)
    await listening.server.listen_unix(bind_unix(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(Failure, match="Another daemon"):
        await asyncio.to_thread(bind_unix, path)
    await listening.server.close()
    assert not path.exists()


async def test_peers_of_another_user_are_refused(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run" / "daemon.sock"
    listening = Listening(world)
    await listening.server.listen_unix(bind_unix(path))
    stranger = transport.PeerCredentials(pid=1, uid=os.getuid() + 1)
    monkeypatch.setattr(transport, "peer_credentials", lambda writer: stranger)
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(PING)
    async with asyncio.timeout(60):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    assert listening.handled == []
    writer.close()
    await listening.server.close()


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "daemon.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    bind_unix(path).close()


def test_somebody_elses_runtime_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(Failure):
        prepare_runtime_dir(tmp_path / "link")


def test_the_token_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "data" / "token"
    token = read_or_make_token(path)
    assert len(token) >= 43
    assert read_or_make_token(path) == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["token"]
    path.chmod(0o644)
    with pytest.raises(Failure, match="read by others"):
        read_or_make_token(path)
    path.unlink()
    path.write_text("short")
    path.chmod(0o600)
    with pytest.raises(Failure, match="holds no token"):
        read_or_make_token(path)
