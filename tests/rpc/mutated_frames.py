"""Streams of frames changed at random, headers and all, each on a connection of its own."""

from __future__ import annotations

import asyncio
import json
import random

from rpc.harness import World, encode
from rpc.test_fuzz import message

FRAMES_PER_STREAM = 5
SPLICED = [
    b"\r\n",
    b"\n",
    b"\0",
    b": ",
    b"\r\n\r\n",
    b"Content-Length: 7\r\n",
    b"Content-Length: -1",
    b"9" * 25,
    b"Content-Type: text/html; charset=utf-16\r\n",
    b"GET / HTTP/1.1\r\n",
    b"{",
    b"[[[[",
    b"\xff\xfe",
]


def stream(dice: random.Random) -> bytes:
    frames = [encode(json.dumps(message(dice, ident)).encode()) for ident in range(FRAMES_PER_STREAM)]
    return changed(b"".join(frames), dice)


def changed(data: bytes, dice: random.Random) -> bytes:
    """Bytes set, cut, doubled or spliced in, or the end left off, one to six times."""
    out = bytearray(data)
    for _ in range(dice.randint(1, 6)):
        at, to = sorted((dice.randrange(len(out) + 1), dice.randrange(len(out) + 1)))
        kind = dice.randrange(6)
        if kind == 0 and out:
            out[min(at, len(out) - 1)] = dice.randrange(256)
        elif kind == 1:
            del out[at : min(to, at + 40)]
        elif kind == 2:
            out[at:at] = out[at : min(to, at + 400)]
        elif kind == 3:
            out[at:at] = dice.choice(SPLICED)
        elif kind == 4:
            out[at:at] = dice.randbytes(dice.randrange(1, 30))
        else:
            del out[at:]
    return bytes(out)


async def one(world: World, dice: random.Random) -> int:
    """A client that sends a changed stream in pieces and then ends; answers how many answers it got. All of
    them must be well-formed frames, and the connection must end."""
    client = await world.connect()
    data = stream(dice)
    while data:
        piece = dice.randrange(1, len(data) + 1)
        client.raw(data[:piece])
        data = data[piece:]
        if dice.random() < 0.2:
            await asyncio.sleep(0)
    client.writer.write_eof()
    await client.ended()
    answered = sum(len(each) for each in client.answers.values())
    await client.close(unclaimed_ok=True)
    return answered


async def many(world: World, count: int, seed: int) -> None:
    """`count` frames in streams of `FRAMES_PER_STREAM`; somebody else is served all the while."""
    dice = random.Random(seed)
    other = await world.initialized()
    connection = world.connections[-1]
    answered = 0
    for number in range(count // FRAMES_PER_STREAM):
        answered += await one(world, dice)
        if number % 50 == 0:
            assert "now" in await other.result("daemon/ping")
            assert len(world.hub) <= 2
    assert answered > count // 10
    assert "now" in await other.result("daemon/ping")
    assert len(connection.session.calls) == 0
    await other.close(unclaimed_ok=True)
    world.connections.clear()
    world._clients.clear()
    async with asyncio.timeout(60):
        await world.hub.empty.wait()
