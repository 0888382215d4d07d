"""20,000 frames, many of them damaged: every id that can be read is answered exactly once, no crash."""

from __future__ import annotations

import asyncio
import collections
import json
import logging
import random
from typing import Any

import pytest

from journeyman_protocol.methods import METHODS
from rpc import mutated_frames
from rpc.harness import Client, World, encode

SEED = 424242
FRAMES = 20_000
BATCH = 100


def message(dice: random.Random, ident: int) -> dict[str, Any]:
    method = dice.choice(
        [
            *(row.name for row in METHODS if row.name not in ("agent/run", "workspace/archive")),
            "textDocument/didOpen",
            "textDocument/hover",
            "workspace/executeCommand",
            "$/unknown",
            "no/such",
            "initialize",
        ]
    )
    params = dice.choice(
        [None, {}, {"chatId": "x"}, {"projectId": "y"}, {"a": [1, {"jsonrpc": "2.0"}]}, [], 3]
    )
    whole: dict[str, Any] = {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}
    for _ in range(dice.choice([0, 0, 0, 1, 2])):
        key = dice.choice(list(whole) or ["x"])
        if dice.random() < 0.5:
            whole.pop(key, None)
        else:
            whole[key] = dice.choice([None, True, 1.5, "", "text", [], {}, -1, 2**70])
    return whole


def damaged(dice: random.Random, body: bytes) -> bytes:
    if dice.random() < 0.6:
        return body
    changed = bytearray(body)
    for _ in range(dice.randrange(1, 6)):
        place = dice.randrange(len(changed) + 1)
        match dice.randrange(3):
            case 0:
                changed[place:place] = dice.randbytes(dice.randrange(1, 4))
            case 1:
                del changed[place : place + dice.randrange(1, 5)]
            case _:
                changed[place : place + 1] = dice.choice([b"{", b"}", b"[", b'"', b"\\", b"\0", b"\xff"])
    return bytes(changed)


def expected(body: bytes) -> Any:
    """The id this body must be answered with; `...` for none at all."""
    try:
        value = json.loads(body.decode(), parse_constant=lambda _: 1 / 0)
    except (ValueError, ZeroDivisionError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    if "method" not in value and ("result" in value or "error" in value):
        return ...
    ident = value.get("id")
    if isinstance(ident, int | str) and not isinstance(ident, bool):
        return ident
    if "id" in value or value.get("jsonrpc") != "2.0" or not isinstance(value.get("method"), str):
        return None
    return ...


async def test_every_readable_id_is_answered_exactly_once(world: World) -> None:
    dice = random.Random(SEED)
    client = await world.initialized()
    connection = world.connections[0]
    for begin in range(0, FRAMES, BATCH):
        wanted: collections.Counter[Any] = collections.Counter()
        for ident in range(begin, begin + BATCH):
            body = damaged(dice, json.dumps(message(dice, ident)).encode())
            if b'"shutdown"' in body or b'"exit"' in body:
                continue
            client.raw(encode(body))
            if (answer := expected(body)) is not ...:
                wanted[answer] += 1
        await settled(client, wanted, begin)
        got = collections.Counter({ident: len(found) for ident, found in client.answers.items()})
        assert got == wanted
        client.answers.clear()
    assert len(connection.session.calls) == 0
    assert len(connection.session._turns) == 0
    assert connection.peer.outbox.waiting_bytes == 0
    client.notifications.clear()


async def settled(client: Client, wanted: collections.Counter[Any], batch: int) -> None:
    """Wait until as many answers have come as must; a ping behind them shows that no more will."""
    total = wanted.total()

    def enough() -> bool:
        return sum(len(found) for found in client.answers.values()) >= total

    await client.until(enough)
    assert "result" in await client.answer(client.ask("daemon/ping", ident=f"ping {batch}"))
    await asyncio.sleep(0)


async def test_streams_changed_anywhere_end_and_harm_nobody(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await mutated_frames.many(world, 2_000, SEED)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
