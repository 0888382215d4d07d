"""agent/subscribe: replay and live as one stream, gaps that are said, and readers that do not read."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest

from journeyman.rpc.limits import Limits
from rpc.harness import MIB, Client, World, encode


async def subscribe(client: Client, chat: str, after: Any = "start") -> dict[str, Any]:
    return await client.result("agent/subscribe", {"chatId": chat, "after": after})


async def say(world: World, chat: str, count: int, text: str = "x") -> None:
    for number in range(count):
        await world.services.events.append(chat, "notice", {"level": "info", "message": f"{text}{number}"})


async def seqs(client: Client, upto: int) -> list[int]:
    """Claim durable events until number `upto`."""
    found: list[int] = []
    while not found or found[-1] < upto:
        found.append((await client.notification("agent/event"))["seq"])
    return found


async def test_replay_then_live_without_gap_or_duplicate(world: World) -> None:
    chat = await world.chat()
    await say(world, chat, 5)
    client = await world.initialized()
    answer = await subscribe(client, chat)
    assert (answer["head"], answer["oldest"]) == (5, 1)
    await say(world, chat, 5)
    assert await seqs(client, 10) == list(range(1, 11))


@pytest.mark.parametrize(("after", "first"), [("start", 1), ("tail", 4), (2, 3), (3, 4)])
async def test_the_place_to_begin(world: World, after: Any, first: int) -> None:
    chat = await world.chat()
    await say(world, chat, 3)
    client = await world.initialized()
    epoch = (await world.services.events.bounds(chat))[0]
    cursor = {"epoch": epoch, "seq": after} if isinstance(after, int) else after
    await subscribe(client, chat, cursor)
    await say(world, chat, 1)
    assert await seqs(client, 4) == list(range(first, 5))


@pytest.mark.parametrize(
    ("cursor", "reason"), [({"epoch": "other", "seq": 1}, "epoch_changed"), ({"seq": 9}, "ahead_of_log")]
)
async def test_a_cursor_outside_the_log_is_said_and_a_snapshot_given(
    world: World, cursor: dict[str, Any], reason: str
) -> None:
    chat = await world.chat()
    await say(world, chat, 3)
    epoch = (await world.services.events.bounds(chat))[0]
    client = await world.initialized()
    answer = await subscribe(client, chat, {"epoch": epoch, **cursor})
    assert answer["gap"]["reason"] == reason
    assert answer["snapshot"] == {
        "todo": {"chatId": chat, "rev": 0, "items": []},
        "messages": 0,
        "recent": [],
        "queue": [],
        "runs": [],
        "usage": answer["snapshot"]["usage"],
        "permissions": [],
    }
    assert answer["snapshot"]["usage"]["complete"]
    await say(world, chat, 1)
    assert await seqs(client, 4) == [4]


async def test_the_answer_comes_before_the_first_event(world: World) -> None:
    chat = await world.chat()
    await say(world, chat, 3)
    client = await world.initialized()
    order: list[str] = []
    client.answers = _Noting(order)  # type: ignore[assignment]
    client.notifications = _NotingList(order)  # type: ignore[assignment]
    await subscribe(client, chat)
    await seqs(client, 3)
    assert order[0] == "answer"


class _Noting(dict[Any, Any]):
    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self._order = order

    def setdefault(self, key: Any, default: Any = None) -> Any:
        self._order.append("answer")
        return super().setdefault(key, default)


class _NotingList(list[Any]):
    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self._order = order

    def append(self, item: Any) -> None:
        self._order.append("event")
        super().append(item)


async def test_todo_changes_are_also_told_by_name(world: World) -> None:
    chat = await world.chat()
    client = await world.initialized()
    await subscribe(client, chat)
    items = [{"id": "a", "content": "A"}]
    changed = await client.result("todo/update", {"chatId": chat, "ifRev": 0, "items": items})
    assert await client.notification("todo/didChange") == changed
    assert (await client.notification("agent/event"))["kind"] == "todo/changed"


async def test_unsubscribing_ends_the_stream_and_an_unknown_chat_is_refused(world: World) -> None:
    chat = await world.chat()
    client = await world.initialized()
    await subscribe(client, chat)
    await client.result("agent/unsubscribe", {"chatId": chat})
    await say(world, chat, 3)
    assert "now" in await client.result("daemon/ping")
    assert world.services.events.followers(chat) == 0
    assert (await client.error("agent/subscribe", {"chatId": "none"}))["code"] == -31999


async def test_deltas_come_and_are_not_durable(world: World) -> None:
    client = await world.initialized()
    ident = client.ask("agent/run", {"prompt": "x"})
    run = await world.runs.begun()
    await subscribe(client, run.chat_id)
    assert (await client.notification("agent/event"))["kind"] == "run/started"
    world.runs.delta(run, "he")
    world.runs.delta(run, "llo")
    text = ""
    while text != "hello":
        event = await client.notification("agent/event")
        assert event["durable"] is False
        text += event["data"]["text"]
    await world.runs.finish(run)
    await client.answer(ident)
    assert (await client.notification("agent/event"))["kind"] == "run/finished"


async def test_workspace_changes_go_to_those_who_opted_in(world: World) -> None:
    client, plain = await world.initialized(), await world.initialized({})
    world.hub.tell("workspace/didChangeStatus", {"projectId": "p", "state": "live"})
    assert (await client.notification("workspace/didChangeStatus"))["state"] == "live"
    assert "now" in await plain.result("daemon/ping")


async def test_reconnecting_at_random_bytes_gives_exactly_the_log(world: World) -> None:
    await reconnect_at_random_bytes(world, cuts=100, seed=20260101)


async def reconnect_at_random_bytes(world: World, *, cuts: int, seed: int) -> None:
    """A client is cut anywhere in its stream, again and again, and goes on after what it has read whole."""
    dice = random.Random(seed)
    last = 4 * (cuts + 1)
    chat = await world.chat()
    epoch = (await world.services.events.bounds(chat))[0]
    got: list[int] = []
    for cut in range(cuts + 1):
        client = await world.connect()
        client.stop_reading()
        await say(world, chat, 2)
        after = {"epoch": epoch, "seq": got[-1]} if got else "start"
        client.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        client.ask("agent/subscribe", {"chatId": chat, "after": after})
        live = asyncio.create_task(say(world, chat, 2))
        await client.resume_bytes()
        data = b""
        most = dice.randrange(1, 9_000) if cut < cuts else 10**9
        while len(data) < most and (not got or got[-1] < last):
            data += await client.reader.read(most - len(data))
            if cut < cuts and len(whole_events(data)) >= 4:
                break
            if cut == cuts and whole_events(data)[-1:] == [last]:
                break
        got.extend(whole_events(data))
        await client.close(unclaimed_ok=True)
        await live
    assert got == list(range(1, last + 1))


def whole_events(data: bytes) -> list[int]:
    """The numbers of the events that are whole in `data`."""
    found: list[int] = []
    while (end := data.find(b"\r\n\r\n")) >= 0:
        length = int(data[:end].split(b":")[1])
        body = data[end + 4 : end + 4 + length]
        if len(body) < length:
            break
        message = json.loads(body)
        if message.get("method") == "agent/event":
            found.append(message["params"]["seq"])
        data = data[end + 4 + length :]
    return found


async def test_a_reader_that_does_not_read_disturbs_nobody_and_loses_no_event(world: World) -> None:
    await one_slow_reader(world, others=3, events=500)


async def one_slow_reader(world: World, *, others: int, events: int) -> None:
    """One of many does not read: it costs less than 8 MiB, the others get everything, and so does it."""
    chat = await world.chat()
    slow = await world.initialized()
    await subscribe(slow, chat)
    slow.stop_reading()
    fast = [await world.initialized() for _ in range(others)]
    for client in fast:
        await subscribe(client, chat)
    lazy = world.connections[0].peer
    most = 0
    for first in range(1, events, 20):
        await say(world, chat, 20, "x" * 20_000)
        most = max(most, lazy.outbox.waiting_bytes + lazy.subscriptions.held(chat))
        for client in fast:
            assert await seqs(client, first + 19) == list(range(first, first + 20))
    for client in fast:
        assert "now" in await client.result("daemon/ping")
    assert 0 < lazy.outbox.waiting_bytes <= world.limits.outbox_bytes
    assert most < 8 * MIB < events * 20_000
    slow.resume_reading()
    assert await seqs(slow, events) == list(range(1, events + 1))


async def test_one_who_asks_and_never_reads_is_disconnected(world: World) -> None:
    client = await world.connect(limits=Limits(outbox_bytes=100_000, eof_grace_s=0.2))
    await client.initialize({})
    client.stop_reading()
    frame = encode(json.dumps({"jsonrpc": "2.0", "id": 0, "method": "model/list"}).encode())
    async with asyncio.timeout(90):
        while not world.hub.empty.is_set():
            client.raw(frame)
            await asyncio.sleep(0)
