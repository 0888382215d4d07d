"""Single entries put to what they shall be, seen from the daemon: in calls of bounded size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

from journeyman.failures import Failure
from journeyman.guest.bulk import FINISH_S, STALL_S
from journeyman.guest.channel import Channel
from journeyman.guest.connection import Connection
from journeyman.guest.frames import lost, refused
from journeyman.guest.inside import wire
from journeyman.ports.puts import Put

PUTS_PER_CALL = 1000

Content = Callable[[bytes], AsyncIterator[bytes]]


async def put(connection: Connection, puts: Sequence[Put], content: Content) -> tuple[str, ...]:
    for each in puts:
        try:
            wire.check_relative(each.path)
        except wire.Refusal as refusal:
            raise refused(refusal) from None
    outcomes: list[str] = []
    for start in range(0, len(puts), PUTS_PER_CALL):
        outcomes += await _some(connection, puts[start : start + PUTS_PER_CALL], content)
    return tuple(outcomes)


async def _some(connection: Connection, puts: Sequence[Put], content: Content) -> list[str]:
    channel = connection.open("put", {})
    try:
        for each in puts:
            head = _head(each)
            await _send(channel, wire.PUT_HEAD.pack(len(head)) + head)
            if each.kind == "file":
                await _send_file(channel, each, content)
        channel.end()
        async with asyncio.timeout(FINISH_S):
            outcomes = (await channel.result()).get("outcomes")
    except TimeoutError:
        raise lost("it did not put the files in time") from None
    finally:
        channel.close()
    if not isinstance(outcomes, list) or len(cast("list[object]", outcomes)) != len(puts):
        raise lost("it does not say what became of the files")
    return [str(each) for each in cast("list[object]", outcomes)]


def _head(each: Put) -> bytes:
    record = {
        "path": each.path.decode("latin-1"),
        "kind": each.kind,
        "expected": each.expected,
        "mode": each.mode,
        "size": each.size if each.kind == "file" else 0,
        "target": each.target.decode("latin-1"),
        "xattrs": {name: value.decode("latin-1") for name, value in each.xattrs.items()},
    }
    return wire.to_json(record)


async def _send_file(channel: Channel, each: Put, content: Content) -> None:
    left = each.size
    async for data in content(each.path):
        left -= len(data)
        if left < 0:
            break
        await _send(channel, data)
    if left:
        raise Failure("archive_corrupt", "What was kept of a file has another size than it had.")


async def _send(channel: Channel, data: bytes) -> None:
    if not data:
        return
    try:
        async with asyncio.timeout(STALL_S):
            await channel.send(data)
    except TimeoutError:
        raise lost("the guest takes no more data") from None
