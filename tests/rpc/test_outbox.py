"""What waits for one client: bounded, ordered, and choosy about what may be lost."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from journeyman.rpc.limits import Limits
from journeyman.rpc.outbox import Outbox


class Paper:
    """A writer that can be told to stop taking anything."""

    def __init__(self) -> None:
        self.data = b""
        self.flowing = asyncio.Event()
        self.flowing.set()

    def write(self, data: bytes) -> None:
        self.data += data

    async def drain(self) -> None:
        await self.flowing.wait()

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        data = self.data
        while data:
            head, _, rest = data.partition(b"\r\n\r\n")
            length = int(head.split(b":")[1])
            found.append(json.loads(rest[:length]))
            data = rest[length:]
        return found


def delta(text: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "agent/event", "params": {"data": {"text": text, "channel": "text"}}}


async def written(outbox: Outbox) -> list[dict[str, Any]]:
    paper = Paper()
    outbox.finish()
    await outbox.pump(paper)
    return paper.messages()


def broken() -> tuple[list[str], Any]:
    reasons: list[str] = []
    return reasons, reasons.append


async def test_order_is_kept_and_neighbouring_deltas_are_joined() -> None:
    outbox = Outbox(Limits(), broken()[1])
    outbox.must({"n": 1})
    outbox.delta("a", delta("he"))
    outbox.delta("a", delta("llo"))
    outbox.delta("b", delta("x"))
    outbox.must({"n": 2})
    outbox.delta("a", delta("!"))
    texts = [item.get("n") or item["params"]["data"]["text"] for item in await written(outbox)]
    assert texts == [1, "hello", "x", 2, "!"]


async def test_the_newest_state_takes_the_place_of_the_older() -> None:
    outbox = Outbox(Limits(), broken()[1])
    for number in range(5):
        outbox.state("p", {"p": number})
        outbox.state("q", {"q": number})
    assert await written(outbox) == [{"p": 4}, {"q": 4}]


async def test_deltas_are_dropped_for_room_and_the_next_one_says_so() -> None:
    reasons, note = broken()
    outbox = Outbox(Limits(outbox_bytes=2_000), note)
    outbox.delta("a", delta("lost" * 100))
    for number in range(20):
        outbox.must({"number": number, "text": "x" * 80})
    assert outbox.dropped == 1
    outbox.delta("b", delta("other"))
    outbox._bytes = 0
    outbox.delta("a", delta("later"))
    found = await written(outbox)
    assert [item["number"] for item in found if "number" in item] == list(range(20))
    assert found[-1]["params"]["data"] == {"text": "later", "channel": "text", "gap": True}
    assert reasons == []


async def test_what_must_arrive_is_never_dropped_the_connection_is() -> None:
    reasons, note = broken()
    outbox = Outbox(Limits(outbox_bytes=1_000), note)
    for number in range(100):
        outbox.must({"number": number, "text": "x" * 100})
    assert len(reasons) == 1
    assert outbox.waiting_bytes == 0


async def test_one_message_may_be_larger_than_the_bound() -> None:
    reasons, note = broken()
    outbox = Outbox(Limits(outbox_bytes=1_000), note)
    outbox.must({"text": "x" * 50_000})
    assert len(await written(outbox)) == 1
    assert reasons == []


async def test_a_peer_that_stalls_is_given_up() -> None:
    reasons, note = broken()
    outbox = Outbox(Limits(stall_s=0.01), note)
    paper = Paper()
    paper.flowing.clear()
    outbox.must({"n": 1})
    await outbox.pump(paper)
    assert len(reasons) == 1


async def test_room_is_waited_for() -> None:
    outbox = Outbox(Limits(outbox_bytes=1_000), broken()[1])
    outbox.must({"text": "x" * 600})
    waiting = asyncio.create_task(outbox.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await written(outbox)
    await asyncio.wait_for(waiting, 5)
