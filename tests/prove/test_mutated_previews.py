"""Thousands of requests and answers changed at random: each ends, none lets anybody in, none breaks us."""

from __future__ import annotations

import asyncio
import random

import psutil
import pytest

from components.previewed import Made, Preview, Program, previewed
from components.sandbox import Bench
from journeyman.adapters.preview.limits import GatewayLimits
from journeyman.guest.client import GuestClient

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]

COUNT = 1500
LANES = 10
"""Previews at once: most that is changed is waited for until a limit ends it."""
LIMITS = GatewayLimits(request_s=0.5, answer_s=0.5, silence_s=0.5, half_s=0.2, linger_s=0.2)
ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.0 404 Not Found\r\nSet-Cookie: a=b\r\n\r\nnothing",
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi",
]
REQUESTS = [
    "GET /a?b=c HTTP/1.1",
    "POST /a HTTP/1.1\r\nContent-Length: 5",
    "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked",
    "GET /s HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket",
]
BODIES = [b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"\x81\x02hi"]


def changed(data: bytes, chance: random.Random) -> bytes:
    """Bytes set, cut, doubled, moved, or lines of them: one to six times much, or once a little."""
    out, little = bytearray(data), chance.random() < 0.5
    for _ in range(1 if little else chance.randint(1, 6)):
        at, to = sorted((chance.randrange(len(out) + 1), chance.randrange(len(out) + 1)))
        if little:
            to = min(to, at + 3)
        kind = chance.randrange(6)
        if kind == 0 and out:
            out[min(at, len(out) - 1)] = chance.randrange(256)
        elif kind == 1:
            del out[at:to]
        elif kind == 2:
            out[at:at] = out[at:to]
        elif kind == 3:
            out[at:at] = chance.choice(
                [b"\r\n", b"\n", b"\0", b" ", b":", b"\r\n\r\n", b"9" * 30, b"Host: x\r\n"]
            )
        elif kind == 4:
            lines = bytes(out).split(b"\r\n")
            chance.shuffle(lines)
            out[:] = b"\r\n".join(lines)
        else:
            out[at:at] = chance.randbytes(chance.randrange(300))
    return bytes(out)


def saying(answer: list[bytes]) -> Made:
    def program(preview: Preview) -> Program:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(65536)
            writer.write(answer[0])
            await writer.drain()

        return serve

    return program


@pytest.mark.parametrize("seed", range(1, 5))
async def test_changed_answers(bench: Bench, seed: int) -> None:
    _, guest = await bench.running()
    before = psutil.Process().memory_info().rss
    async with asyncio.TaskGroup() as lanes:
        passed = [lanes.create_task(_changed_answers(guest, f"seed {seed}.{lane}")) for lane in range(LANES)]
    assert sum(each.result() for each in passed) > COUNT // 50, "some must be passed on"
    assert psutil.Process().memory_info().rss - before < 64 << 20


async def _changed_answers(guest: GuestClient, seed: str) -> int:
    """How many were passed on, and not refused."""
    chance, passed = random.Random(seed), 0
    answer = [b""]
    async with previewed(guest, saying(answer), LIMITS) as preview:
        for number in range(COUNT // LANES):
            which = chance.randrange(4)
            answer[0] = changed(ANSWERS[which], chance)
            got = await preview.ask(preview.request(REQUESTS[which], body=BODIES[which]))
            assert got.startswith(b"HTTP/1.1 "), (seed, number, answer[0], got)
            passed += got[9:12] not in (b"502", b"504")
    return passed


@pytest.mark.parametrize("seed", range(1, 5))
async def test_changed_requests(bench: Bench, seed: int) -> None:
    """Those without the cookie come to nobody, whatever they say; of the others enough do."""
    _, guest = await bench.running()
    async with asyncio.TaskGroup() as lanes:
        came = [lanes.create_task(_changed_requests(guest, f"seed {seed}.{lane}")) for lane in range(LANES)]
    assert sum(each.result() for each in came) > COUNT // 50


async def _changed_requests(guest: GuestClient, seed: str) -> int:
    chance = random.Random(seed)
    async with previewed(guest, saying([ANSWERS[0]]), LIMITS) as preview:
        for number in range(COUNT // LANES):
            which = chance.randrange(4)
            whole = preview.request(REQUESTS[which], body=BODIES[which])
            shut = number % 2 == 0
            if shut:
                whole = whole.replace(preview.cookie.encode(), b"a=b")
            said, calls = changed(whole, chance), preview.calls
            if number % 4 == 1:  # what lets it in is whole, or hardly any would get so far
                line = changed(REQUESTS[which].encode(), chance).decode("latin-1")
                said = preview.request(line, body=changed(BODIES[which], chance))
            got = await preview.ask(said)
            assert not got or got.startswith(b"HTTP/1.1 "), (seed, number, said, got)
            if shut:
                assert preview.calls == calls, (seed, number, said)
        return preview.calls
