"""Requests changed at random: each is answered or dropped, none reaches a host that was not asked for."""

from __future__ import annotations

import asyncio
import os
import random
import re

from journeyman.egress.proxy import Limits
from unit.egress.streams import Outside, pair, proxy

COUNT = int(os.environ.get("JOURNEYMAN_TEST_REQUESTS", "3000"))
SEED = int(os.environ.get("JOURNEYMAN_TEST_SEED", str(random.randrange(2**32))))
SECOND = b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n"
SEEDS = (
    b"CONNECT pypi.org:443 HTTP/1.1\r\nHost: pypi.org:443\r\n\r\n",
    b"GET http://pypi.org/simple/?a=b HTTP/1.1\r\nHost: evil.example\r\nConnection: keep-alive, x\r\n\r\n",
    b"POST http://a.example.com/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + SECOND,
    b"POST http://pypi.org:80/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\n\r\n" + SECOND,
)
BITS = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"/", b"@", b"#", b"?", b"\xff", b"evil.example",
    b"0\r\n\r\n", b"Content-Length: 9\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: evil.example\r\n",
    b"HTTP/1.1", b"HTTP/1.0",
)  # fmt: skip


def mutated(dice: random.Random) -> bytes:
    raw = bytearray(dice.choice(SEEDS))
    for _ in range(dice.randint(1, 5)):
        at = dice.randrange(len(raw) + 1)
        kind = dice.random()
        if kind < 0.5:
            raw[at:at] = dice.choice(BITS)
        elif kind < 0.7:
            del raw[at : at + dice.randint(1, 8)]
        elif kind < 0.9 and at < len(raw):
            raw[at] = dice.randrange(256)
        else:
            del raw[at:]
    return bytes(raw)


def one_request(sent: bytes, host: str) -> bool:
    """Whether this is one request to this host, to its end or cut off, and nothing after it: read as a server
    would that knows nothing of the proxy."""
    head, _, body = sent.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    if not re.fullmatch(rb"[!-~]+ /[!-~]* HTTP/1\.1", start) or re.search(rb"[\r\n\0]", b"".join(lines)):
        return False
    told = [value for name, value in fields if name == b"host"]
    lengths = [value for name, value in fields if name == b"content-length"]
    codings = [value for name, value in fields if name == b"transfer-encoding"]
    if len(told) != 1 or told[0].partition(b":")[0] != host.encode() or len(lengths) + len(codings) > 1:
        return False
    if not codings:
        return len(body) <= (int(lengths[0]) if lengths else 0)
    while (found := re.match(rb"([0-9a-f]+)\r\n", body)) is not None:
        size = int(found[1], 16)
        if size == 0:
            return body == b"0\r\n\r\n"
        if len(body) < found.end() + size + 2:
            return True
        if body[found.end() + size :][:2] != b"\r\n":
            return False
        body = body[found.end() + size + 2 :]
    return body == b""


def test_the_judge_knows_a_second_request() -> None:
    one = b"POST /x HTTP/1.1\r\nHost: pypi.org\r\nContent-Length: 2\r\n\r\nok"
    chunks = b"POST / HTTP/1.1\r\nHost: pypi.org\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    for request in (one, chunks):
        assert one_request(request, "pypi.org")
        assert not one_request(request + SECOND, "pypi.org")
        assert not one_request(request, "evil.example")
        assert not one_request(request.replace(b"Host: pypi.org", b"Host: a\r\nHost: pypi.org"), "pypi.org")


async def test_no_request_is_sent_twice_or_elsewhere() -> None:
    print(f"\nJOURNEYMAN_TEST_SEED={SEED} JOURNEYMAN_TEST_REQUESTS={COUNT}")
    dice = random.Random(SEED)
    reached = 0
    for _ in range(COUNT):
        raw = mutated(dice)
        outside = Outside()
        inside, program = pair()
        await program.send(raw)
        program.end()
        async with asyncio.timeout(90), asyncio.TaskGroup() as group:
            work = group.create_task(proxy(outside, limits=Limits(linger_s=5, deliver_s=5)).serve(inside))
            work.add_done_callback(lambda _, outside=outside: outside.arrived.set())
            await outside.arrived.wait()
            for server in outside.servers:
                await server.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                server.end()
        assert all(name == "pypi.org" or name.endswith(".example.com") for name in outside.resolved), raw
        assert len(outside.dialled) <= 1
        reached += len(outside.dialled)
        if outside.servers and not raw.startswith(b"CONNECT"):
            sent = await outside.servers[0].rest()
            assert one_request(sent, outside.resolved[0]), (raw, sent)
    assert COUNT / 50 < reached < COUNT, "all of one kind shows nothing"
