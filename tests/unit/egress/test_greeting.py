"""A tunnel to a listed host carries TLS for that host and nothing else."""

from __future__ import annotations

import asyncio
import random
import ssl

import pytest

from journeyman.egress.greeting import NotTls, greeting, server_name
from journeyman.egress.policy import policy_of
from unit.egress.streams import End, Outside, pair, proxy

CONNECT = b"CONNECT pypi.org:443 HTTP/1.1\r\nHost: pypi.org:443\r\n\r\n"


def hello(name: str | None, *, oldest: bool = False) -> bytes:
    """What a real TLS library sends first."""
    context = ssl.create_default_context()
    context.check_hostname = False
    if oldest:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    out = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


def split_records(data: bytes, size: int) -> bytes:
    """The same message in smaller records."""
    body = data[5:]
    return b"".join(
        data[:3] + len(body[at : at + size]).to_bytes(2, "big") + body[at : at + size]
        for at in range(0, len(body), size)
    )


async def read(pieces: list[bytes]) -> tuple[bytes, str | None]:
    ours, theirs = pair()
    for piece in pieces[1:]:
        await theirs.send(piece)
    theirs.end()
    return await greeting(ours, pieces[0])


@pytest.mark.parametrize("oldest", [True, False])
@pytest.mark.parametrize(
    "name", ["pypi.org", "PyPI.org", "xn--bcher-kva.example", "a" * 60 + ".example.com", None]
)
async def test_the_name_is_read_however_the_bytes_come(name: str | None, oldest: bool) -> None:
    data = hello(name, oldest=oldest)
    for size in (1, 2, 3, 5, 7, 100, 5000):
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        assert await read([b"", *pieces]) == (data, name)
        assert await read(pieces) == (data, name)
        records = split_records(data, max(size, 2))
        assert await read([records]) == (records, name)
    cut = data[: len(data) // 2]
    assert await read([cut]) == (cut, None)
    assert await read([b""]) == (b"", None)


def by_hand(*extensions: list[str]) -> bytes:
    """The body of a hello with a server name extension for each list of names."""
    body = b""
    for names in extensions:
        entries = b"".join(b"\0" + len(name).to_bytes(2, "big") + name.encode() for name in names)
        entries = len(entries).to_bytes(2, "big") + entries
        body += b"\0\0" + len(entries).to_bytes(2, "big") + entries
    return b"\3\3" + bytes(32) + b"\0" + b"\0\2\x13\1" + b"\1\0" + len(body).to_bytes(2, "big") + body


def test_a_hello_that_names_two_hosts_is_refused() -> None:
    assert server_name(by_hand(["pypi.org"])) == "pypi.org"
    assert server_name(by_hand()) is None
    for two in (["pypi.org", "evil.example.com"],), (["pypi.org"], ["evil.example.com"]), (["pypi.org"] * 2,):
        with pytest.raises(NotTls):
            server_name(by_hand(*two))


async def test_what_is_not_tls_is_refused() -> None:
    endless = b"\x16\x03\x01\x00\x01\x01" + b"\x16\x03\x01\x00\x01\xff" * 50_000
    old, data_first = b"\x16\x02\x00\x00\x05hello", b"\x17\x03\x03\0\x01x"
    for raw in (b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-x\r\n", old, data_first, b"\0", endless):
        with pytest.raises(NotTls):
            await read([raw])


async def test_noise_is_refused_and_never_anything_else() -> None:
    dice, data = random.Random(7), hello("pypi.org")
    names: set[str | None] = set()
    for _ in range(3000):
        noise = bytearray(data)
        for _ in range(dice.randint(1, 4)):
            noise[dice.randrange(len(noise))] = dice.randrange(256)
        try:
            names.add((await read([bytes(noise)]))[1])
        except NotTls:
            names.add("refused")
    assert {"refused", "pypi.org"} < names


async def sent_through(first: bytes, mode: str = "allowlist", *, port: int = 443) -> tuple[bytes, str | None]:
    """What the server got of a tunnel to pypi.org in which this is said, and what was refused."""
    outside = Outside()
    inside, program = pair()
    await program.send(CONNECT.replace(b"443", b"%d" % port) + first)
    program.end()
    policy = policy_of(mode, ("pypi.org",))  # type: ignore[arg-type]
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        work = group.create_task(proxy(outside, policy).serve(inside))
        await outside.arrived.wait()
        server: End = outside.servers[0]
        server.end()
        refused = await work
    return await server.rest(), None if refused is None else refused.sentence


@pytest.mark.parametrize("name", ["pypi.org", "PYPI.ORG"])
async def test_tls_for_the_host_goes_through_untouched(name: str) -> None:
    data = hello(name) + b"and more"
    assert await sent_through(data) == (data, None)


ELSEWHERE = {
    "another host": (lambda: hello("evil.example.com"), "asks for another host"),
    "a host below": (lambda: hello("files.pypi.org"), "asks for another host"),
    "a host that begins like it": (lambda: hello("pypi.org.evil.com"), "asks for another host"),
    "no host": (lambda: hello(None), "names no host"),
    "half a hello": (lambda: hello("pypi.org")[:50], "names no host"),
    "a plain request": (lambda: b"GET / HTTP/1.1\r\nHost: evil.example.com\r\n\r\n", "is not TLS"),
    "another protocol": (lambda: b"SSH-2.0-OpenSSH_9\r\n", "is not TLS"),
}


@pytest.mark.parametrize("what", ELSEWHERE)
async def test_anything_else_reaches_nobody(what: str) -> None:
    make, why = ELSEWHERE[what]
    first = make()
    got, refused = await sent_through(first)
    assert got == b""
    assert refused == f"What is sent through the tunnel to pypi.org {why}"
    assert await sent_through(first, port=80) == (got, refused), "no way round the plain requests"
    assert await sent_through(first, "open") == (first, None), "where every host is allowed, nobody looks"
