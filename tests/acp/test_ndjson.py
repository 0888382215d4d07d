"""Lines as messages: however the bytes are cut, whatever they are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.acp_lines import AcpWorld
from journeyman.acp.ndjson import LineDecoder, encode
from journeyman.rpc.auth import InitializeGate, OpenGate, Unauthorized
from journeyman.rpc.framing import FramingError, Stage
from journeyman.rpc.limits import Limits

TOKEN = "t" * 43
STREAM = b'{"a":1}\n\r\n  \n{"b":"\\n\xc3\xa9"}\r\n{"c":3}\n'
LINES = [b'{"a":1}', b'{"b":"\\n\xc3\xa9"}', b'{"c":3}']


def fed(pieces: Iterable[bytes], limits: Limits | None = None) -> list[bytes]:
    decoder = LineDecoder(limits or Limits(), OpenGate())
    return [frame.body for piece in pieces for frame in decoder.feed(piece)]


def test_every_cut_in_two() -> None:
    for cut in range(len(STREAM) + 1):
        assert fed([STREAM[:cut], STREAM[cut:]]) == LINES


def test_byte_by_byte() -> None:
    assert fed(STREAM[n : n + 1] for n in range(len(STREAM))) == LINES


@given(st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), max_size=8), st.data())
def test_any_lines_in_any_pieces(bodies: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(encode(body) for body in bodies)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    stripped = [body.strip(b" \t\r") for body in bodies]
    assert fed(pieces) == [body for body in stripped if body]


def test_a_line_that_has_not_ended_is_waited_for() -> None:
    decoder = LineDecoder(Limits(), OpenGate())
    assert decoder.stage is Stage.IDLE
    assert list(decoder.feed(b'{"a"')) == []
    assert decoder.stage is Stage.BODY
    assert [frame.body for frame in decoder.feed(b":1}\n")] == [b'{"a":1}']
    assert decoder.stage is Stage.IDLE


@pytest.mark.parametrize("size", [9, 10, 11, 5000])
@pytest.mark.parametrize("ended", [b"\n", b""])
def test_a_line_has_a_bound(size: int, ended: bytes) -> None:
    decoder = LineDecoder(Limits(frame_bytes=10), OpenGate())
    line = b"x" * size + ended
    if len(line) <= 10:
        list(decoder.feed(line))
        return
    with pytest.raises(FramingError):
        list(decoder.feed(line))
    assert list(decoder.feed(b"{}\n")) == [], "nothing follows"


@pytest.mark.parametrize("pieces", [[b"x" * 101], [b"x" * 60, b"x" * 60], [b"{}\n" * 34], [b"\n" * 101]])
def test_before_the_token_all_bytes_together_have_a_bound(pieces: list[bytes]) -> None:
    decoder = LineDecoder(Limits(initialize_bytes=100), InitializeGate(TOKEN, Limits()))

    def feed() -> None:
        for piece in pieces:
            list(decoder.feed(piece))

    with pytest.raises(Unauthorized):
        feed()


def test_after_the_token_they_have_not() -> None:
    gate = InitializeGate(TOKEN, Limits())
    decoder = LineDecoder(Limits(initialize_bytes=100), gate)
    assert len(list(decoder.feed(b"{}\n" * 10))) == 10
    gate.initialize(TOKEN)
    assert len(list(decoder.feed(b"{}\n" * 100))) == 100


REQUEST: dict[str, Any] = {"jsonrpc": "2.0", "id": 7, "method": "session/list", "params": {}}
BAD = [
    ("not JSON", b"{x}\n", None, -32700),
    ("cut", b'{"jsonrpc":"2.0","id":1\n', None, -32700),
    ("not UTF-8", b'{"a":"\xff"}\n', None, -32700),
    ("a number that is none", b'{"a":NaN}\n', None, -32700),
    ("deep", b'{"a":' + b"[" * 70 + b"]" * 70 + b"}\n", None, -32700),
    ("brackets alone", b"{" * 5000 + b"\n", None, -32700),
    ("two on a line", b"{}{}\n", None, -32700),
    ("batch", json.dumps([REQUEST, REQUEST]).encode() + b"\n", None, -32600),
    ("empty batch", b"[]\n", None, -32600),
    ("string", b'"session/list"\n', None, -32600),
    ("no version", b'{"id":1,"method":"session/list"}\n', 1, -32600),
    ("no method", b'{"jsonrpc":"2.0","id":1}\n', 1, -32600),
    ("method of another type", b'{"jsonrpc":"2.0","id":1,"method":3}\n', 1, -32600),
    ("id null", b'{"jsonrpc":"2.0","id":null,"method":"session/list"}\n', None, -32600),
    ("id true", b'{"jsonrpc":"2.0","id":true,"method":"session/list"}\n', None, -32600),
    ("id of another type", b'{"jsonrpc":"2.0","id":[1],"method":"session/list"}\n', None, -32600),
    ("unknown method", b'{"jsonrpc":"2.0","id":1,"method":"no/such"}\n', 1, -32601),
    ("extension", b'{"jsonrpc":"2.0","id":1,"method":"_no/such"}\n', 1, -32601),
    ("unstable", b'{"jsonrpc":"2.0","id":1,"method":"session/fork","params":{}}\n', 1, -32601),
    ("params missing", b'{"jsonrpc":"2.0","id":1,"method":"session/prompt"}\n', 1, -32602),
    ("params a list", b'{"jsonrpc":"2.0","id":1,"method":"session/prompt","params":[1]}\n', 1, -32602),
    ("initialize again", b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1}}\n',
     1, -32600),
]  # fmt: skip


@pytest.mark.parametrize(("data", "ident", "code"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_what_cannot_be_taken_is_answered_and_the_next_line_is_served(
    world: AcpWorld, data: bytes, ident: Any, code: int
) -> None:
    client = await world.started()
    client.raw(data)
    client.send(REQUEST)
    assert (await client.answer(ident))["error"]["code"] == code
    assert (await client.answer(7))["result"] == {"sessions": []}


async def test_the_first_byte_may_come_alone(world: AcpWorld) -> None:
    client = await world.connect()
    for byte in json.dumps({**REQUEST, "method": "initialize", "params": {"protocolVersion": 1}}).encode():
        client.raw(bytes([byte]))
    client.raw(b"\r\n")
    assert (await client.answer(7))["result"]["protocolVersion"] == 1


async def test_an_endless_line_ends_the_connection(world: AcpWorld) -> None:
    client = await world.started(limits=Limits(frame_bytes=10_000, eof_grace_s=0.2))
    client.raw(b'{"a":"' + b"x" * 20_000)
    assert (await client.answer(None))["error"]["code"] == -32700
    await client.ended()


async def test_a_line_that_does_not_end_in_time(world: AcpWorld) -> None:
    client = await world.connect(limits=Limits(body_s=0.05, eof_grace_s=0.2))
    client.raw(b'{"jsonrpc"')
    assert (await client.answer(None))["error"]["data"]["kind"] == "timeout"
    await client.ended()


async def test_ids_in_flight_are_not_taken_twice(world: AcpWorld) -> None:
    client = await world.started()
    session = await client.new("/home/me/project")
    first = client.prompt(session, "Go.")
    run = await world.runs.begun()
    client.ask("session/list", {}, ident=first)
    again = await client.answer(first)
    assert again["error"]["code"] == -32600
    await world.runs.finish(run)
    assert (await client.answer(first))["result"]["stopReason"] == "end_turn"
    client.ask("session/list", {}, ident=first)
    assert "result" in await client.answer(first), "an answered id is free again"


async def test_requests_in_flight_have_a_bound(world: AcpWorld) -> None:
    client = await world.started(limits=Limits(in_flight=2, eof_grace_s=0.2))
    session = await client.new("/home/me/project")
    prompts = [client.prompt(session, f"Go {n}.") for n in range(3)]
    answer = await client.answer(prompts[2])
    assert answer["error"]["data"]["kind"] == "overloaded"
    for number in range(2):
        await world.runs.finish(await world.runs.begun(number + 1))
        assert "result" in await client.answer(prompts[number])


async def test_requests_before_initialize_are_refused(world: AcpWorld) -> None:
    client = await world.connect()
    error = await client.error("session/list", {})
    assert error["code"] == -32600
    assert "initialize" in error["message"]
    await client.start()
    assert await client.result("session/list", {}) == {"sessions": []}


async def test_answers_nobody_waits_for_and_unknown_notifications_say_nothing(world: AcpWorld) -> None:
    client = await world.started()
    client.send({"jsonrpc": "2.0", "id": "s9", "result": {}})
    client.tell("no/such", {})
    client.tell("session/cancel", {"sessionId": "none"})
    client.tell("session/cancel", {"wrong": 1})
    client.tell("$/cancel_request", {"requestId": 99})
    assert await client.result("session/list", {}) == {"sessions": []}
