"""One connection through the proxy, the outside in memory: what is dialled, what is sent, what is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from journeyman.egress.policy import Refused, policy_of
from journeyman.egress.proxy import Limits
from journeyman.failures import Failure
from journeyman.ports.dialer import Found
from journeyman.testing.clock import FakeClock
from unit.egress.streams import PUBLIC, End, Outside, asked, pair, proxy

GET = b"GET http://pypi.org/simple/ HTTP/1.1\r\nHost: pypi.org\r\n\r\n"
CONNECT = b"CONNECT pypi.org:443 HTTP/1.1\r\nHost: pypi.org:443\r\n\r\n"
RAW = CONNECT.replace(b"pypi.org:443", b"mirror.example.org:8443")
"""A tunnel for anything: only on the ports of the web it must be TLS."""
WHO = b"Host: x.example.com\r\n\r\n"


@asynccontextmanager
async def through(
    raw: bytes, outside: Outside | None = None, **options: object
) -> AsyncGenerator[tuple[End, End, asyncio.Task[Refused | None]]]:
    """(program, server, the proxy's work) once the server was dialled for `raw`."""
    outside = outside or Outside()
    inside, program = pair()
    await program.send(raw)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        work = group.create_task(proxy(outside, **options).serve(inside))  # type: ignore[arg-type]
        await outside.arrived.wait()
        yield program, outside.servers[0], work
        program.close()
        outside.servers[0].close()


async def test_a_tunnel_carries_both_ways_and_each_half_ends_by_itself() -> None:
    outside = Outside()
    async with through(RAW + b"early", outside) as (program, server, work):
        assert await program.until(b"\r\n\r\n") == b"HTTP/1.1 200 Connection established\r\n\r\n"
        await program.send(b" and late")
        assert await server.until(b"late") == b"early and late"
        program.end()
        assert await server.receive() is None
        await server.send(b"still here")
        server.end()
        assert await program.until(b"here") == b"still here"
        assert await work is None
    assert (outside.resolved, outside.dialled) == (["mirror.example.org"], [((PUBLIC,), 8443)])


async def test_a_request_is_written_anew() -> None:
    raw = (
        b"POST HTTP://PyPI.org:80?a=b%20c HTTP/1.1\r\nHost: evil.example\r\nHOST: pypi.org\r\n"
        b"Connection: x-hop\r\nX-Hop: 1\r\nProxy-Authorization: Basic x\r\nProxy-Connection: keep-alive\r\n"
        b"Upgrade: h2c\r\nTE: gzip\r\n"
        b"Expect: 100-continue\r\nX-Kept: 2\r\nContent-Length: 4\r\n\r\nbody"
    )
    assert (await asked(raw))[0].startswith(b"HTTP/1.1 400 "), "two hosts in one request"
    raw = raw.replace(b"HOST: pypi.org\r\n", b"")
    async with through(raw) as (program, server, work):
        assert await server.until(b"body") == (
            b"POST /?a=b%20c HTTP/1.1\r\nHost: pypi.org\r\nConnection: close\r\n"
            b"X-Kept: 2\r\nContent-Length: 4\r\n\r\nbody"
        )
        await server.send(
            b"HTTP/1.1 200 Fine\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"
            b"X-Kept: 2\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 Smuggled\r\n\r\n"
        )
        program.end()
        assert await work is None
        said = await program.until(b"ok")
        assert said == b"HTTP/1.1 200 Fine\r\nConnection: close\r\nX-Kept: 2\r\nContent-Length: 2\r\n\r\nok"
        assert await program.receive() is None


async def test_only_the_first_request_of_a_connection_is_sent() -> None:
    second = b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    outside = Outside()
    async with through(GET + second, outside) as (program, server, work):
        sent = await server.until(b"\r\n\r\n")
        await server.send(b"HTTP/1.1 204 Nothing\r\n\r\n")
        program.end()
        assert await work is None
        assert (await program.rest()).count(b"HTTP/1.1") == 1
        server.other.end()
        assert b"evil" not in sent + await server.rest()
    assert outside.resolved == ["pypi.org"]


async def test_chunks_are_framed_anew_and_nothing_follows_the_body() -> None:
    raw = (
        b"POST http://pypi.org/ HTTP/1.1\r\nHost: pypi.org\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;name=value\r\nabc\r\n0\r\nTrailer: 1\r\n\r\n"
        b"GET http://pypi.org/second HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    async with through(raw) as (program, server, work):
        got = await server.until(b"0\r\n\r\n")
        assert got.endswith(b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        await server.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n")
        await server.send(b"2;x\r\nhi\r\n0\r\n\r\n")
        program.end()
        assert await work is None
        said = await program.rest()
        assert b"Content-Length" not in said
        assert said.endswith(b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
        server.other.end()
        assert await server.rest() == b""


async def test_the_server_answers_before_the_body_is_there() -> None:
    raw = b"POST http://pypi.org/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nfirst"
    async with through(raw) as (program, server, work):
        await server.until(b"first")
        await server.send(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")
        assert (await program.until(b"\r\n\r\n")).startswith(b"HTTP/1.1 413 Too large\r\n")
        program.end()
        assert await work is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", b"HTTP/1.1 502 pypi.org does not answer as a web server does\r\n"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 502 "),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", b"HTTP/1.1 502 "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", b"HTTP/1.1 200 OK\r\n"),
    ],
)
async def test_a_server_that_does_not_answer_properly(answer: bytes, said: bytes) -> None:
    async with through(GET) as (program, server, work):
        await server.until(b"\r\n\r\n")
        await server.send(answer)
        server.end()
        program.end()
        assert await work is None
        work.get_loop().call_soon(program.other.close)
        assert (await program.rest()).startswith(said)


NO_REQUEST = {
    "an ordinary server's request": b"GET /simple/ HTTP/1.1\r\n" + WHO,
    "all of the server": b"OPTIONS * HTTP/1.1\r\n" + WHO,
    "https without a tunnel": b"GET https://pypi.org/ HTTP/1.1\r\n" + WHO,
    "another scheme": b"GET ftp://pypi.org/ HTTP/1.1\r\n" + WHO,
    "a fragment": b"GET http://pypi.org/#x HTTP/1.1\r\n" + WHO,
    "no host": b"GET http:///simple HTTP/1.1\r\n" + WHO,
    "a user": b"GET http://evil.example@pypi.org/ HTTP/1.1\r\n" + WHO,
    "a tunnel to a path": b"CONNECT http://pypi.org/ HTTP/1.1\r\n" + WHO,
    "a tunnel without a port": b"CONNECT pypi.org HTTP/1.1\r\n" + WHO,
    "a tunnel with a body": b"CONNECT pypi.org:443 HTTP/1.1\r\nContent-Length: 5\r\n" + WHO + b"12345",
    "two lengths": b"POST http://pypi.org/ HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n" + WHO,
    "a length and chunks": b"POST http://pypi.org/ HTTP/1.1\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n" + WHO,
    "an unknown coding": b"POST http://pypi.org/ HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n" + WHO,
    "a space before a colon": b"POST http://pypi.org/ HTTP/1.1\r\nContent-Length : 5\r\n" + WHO,
    "a folded field with a zero": b"GET http://pypi.org/ HTTP/1.1\r\nX: a\0b\r\n" + WHO,
    "a space in the target": b"GET http://pypi.org/ x HTTP/1.1\r\n" + WHO,
    "a tab in the target": b"GET http://pypi.org\t/ HTTP/1.1\r\n" + WHO,
    "a zero byte in the host": b"GET http://pypi.org\0.evil.example/ HTTP/1.1\r\n" + WHO,
    "letters beyond ASCII": "GET http://pypi。org/ HTTP/1.1\r\n".encode() + WHO,
    "no host field": b"GET http://pypi.org/ HTTP/1.1\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "noise": bytes(range(256)),
    "a request that breaks off": b"GET http://pypi.org/ HTTP/1.1\r\n",
    "a head without end": b"GET http://pypi.org/ HTTP/1.1\r\nX: " + b"x" * 200_000,
    "HTTP of the future": b"GET http://pypi.org/ HTTP/3.0\r\n" + WHO,
}


@pytest.mark.parametrize("raw", NO_REQUEST.values(), ids=NO_REQUEST)
async def test_what_is_no_request_to_a_proxy_reaches_nobody(raw: bytes) -> None:
    outside = Outside()
    said, refused = await asked(raw, outside)
    assert said.startswith(b"HTTP/1.1 400 ")
    assert refused is not None
    assert (outside.resolved, outside.dialled) == ([], [])


async def test_nothing_said_is_nothing_refused() -> None:
    assert await asked(b"") == (b"", None)


@pytest.mark.parametrize("raw", [GET, CONNECT])
async def test_a_refusal_is_said_in_the_status_line_and_in_the_body(raw: bytes) -> None:
    outside = Outside()
    said, refused = await asked(raw.replace(b"pypi.org", b"evil-pypi.org"), outside)
    sentence = "evil-pypi.org is not on the list of hosts that workspaces reach"
    head, _, body = said.decode().partition("\r\n\r\n")
    assert head.splitlines()[0] == f"HTTP/1.1 403 {sentence}"
    assert body == f"{sentence}.\n"
    assert refused is not None
    assert refused.sentence == sentence
    assert outside.dialled == []


@pytest.mark.parametrize("raw", [GET, CONNECT])
@pytest.mark.parametrize("mode", ["allowlist", "open"])
@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::a00:1"]
)
async def test_a_name_that_leads_inside_is_not_dialled(raw: bytes, mode: str, address: str) -> None:
    outside = Outside(address)
    said, refused = await asked(raw, outside, policy_of(mode, ("pypi.org",)))  # type: ignore[arg-type]
    assert said.startswith(b"HTTP/1.1 403 pypi.org leads to an address that is not public, which")
    assert refused is not None
    assert outside.dialled == []


async def test_only_the_public_addresses_of_a_name_are_dialled() -> None:
    outside = Outside("127.0.0.1", PUBLIC, "64:ff9b::808:808", "2606:4700::1111", "fd00::1")
    async with through(CONNECT, outside):
        pass
    assert outside.dialled == [((PUBLIC, "2606:4700::1111"), 443)]
    assert outside.resolved == ["pypi.org"], "what was looked at is dialled, and not looked up again"


@pytest.mark.parametrize("host", ["pypi.org", PUBLIC])
async def test_this_machine_is_not_dialled_by_its_public_address(host: str) -> None:
    class Own(Outside):
        async def resolve(self, host: str) -> tuple[Found, ...]:
            return (Found(PUBLIC, ours=True),)

    outside = Own()
    said, _ = await asked(CONNECT.replace(b"pypi.org", host.encode()), outside, policy_of("open", ()))
    assert said.startswith(b"HTTP/1.1 403 %s leads to this machine" % host.encode())
    assert outside.dialled == []


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Failure("not_found", "no"), b"HTTP/1.1 502 pypi.org has no address\r\n"),
        (Failure("timeout", "no"), b"HTTP/1.1 504 pypi.org cannot be reached\r\n"),
    ],
)
async def test_a_name_without_an_address_is_no_refusal(failure: Failure, said: bytes) -> None:
    class Nowhere(Outside):
        async def resolve(self, host: str) -> tuple[Found, ...]:
            raise failure

    answer, refused = await asked(CONNECT, Nowhere())
    assert answer.startswith(said)
    assert refused is None


async def test_deadlines() -> None:
    class Slow(Outside):
        async def resolve(self, host: str) -> tuple[Found, ...]:
            await asyncio.Event().wait()
            return ()

    limits = Limits(head_s=0.01, resolve_s=0.01, linger_s=0.01)
    inside, program = pair()
    await program.send(CONNECT)
    assert await proxy(Slow(), limits=limits).serve(inside) is None
    assert (await program.receive() or b"").startswith(b"HTTP/1.1 504 pypi.org does not answer in time")
    inside, program = pair()
    await program.send(CONNECT[:10])
    assert await proxy(Outside(), limits=limits).serve(inside) is None, "the rest of the head never comes"


async def test_a_connection_on_which_nothing_moves_ends() -> None:
    clock, limits = FakeClock(), Limits(idle_s=100, linger_s=0.01)
    async with through(RAW, clock=clock, limits=limits) as (
        program,
        server,
        work,
    ):
        await program.until(b"\r\n\r\n")
        await clock.advance(99)
        await server.send(b"x")
        assert await program.receive() == b"x"
        await clock.advance(99)
        assert not work.done()
        await clock.advance(1)
        assert await work is None
        assert server.other.closed
    async with through(GET, clock=clock, limits=limits) as (program, server, work):
        await clock.advance(100)
        assert await work is None
        assert (await program.receive() or b"").startswith(b"HTTP/1.1 504 ")


async def test_who_goes_away_takes_the_other_end_along() -> None:
    async with through(RAW) as (program, server, work):
        server.closed = True  # what is sent to it breaks off
        await program.until(b"\r\n\r\n")
        await program.send(b"x")
        assert await work is None
        assert server.other.closed
