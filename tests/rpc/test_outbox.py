"""What waits for one client: bounded, ordered, and choosy about what may be lost."""

from __future__ import annotations

import asyncio
import json
import random
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
    await asyncio.wait_for(waiting, 60)


class Gauged(Paper):
    """A writer whose system takes nothing while it is told so."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.kept = 0

    def write(self, data: bytes) -> None:
        super().write(data)
        self.writes.append(data)

    def unsent(self) -> int:
        return self.kept


async def settled() -> None:
    """What was begun in this moment of the loop is over."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_answer_is_written_where_it_is_made_and_what_follows_it_together() -> None:
    outbox, paper = Outbox(Limits(), broken()[1]), Gauged()
    pump = asyncio.ensure_future(outbox.pump(paper, paper.unsent))
    await settled()
    outbox.at_once(b'{"n":1}')
    assert len(paper.writes) == 1, "before anything else had its turn"
    outbox.at_once(b'{"n":2}')
    outbox.must({"n": 3})
    assert len(paper.writes) == 1
    await settled()
    assert [each["n"] for each in paper.messages()] == [1, 2, 3]
    assert len(paper.writes) == 2
    outbox.must({"n": 4})
    outbox.at_once(b'{"n":5}')
    await settled()
    assert [each["n"] for each in paper.messages()] == [1, 2, 3, 4, 5], "in order"
    outbox.finish()
    outbox.at_once(b'{"n":6}')
    await pump
    assert len(paper.messages()) == 5


async def test_a_peer_that_does_not_take_an_answer_is_given_up_like_any_other() -> None:
    reasons, note = broken()
    outbox, paper = Outbox(Limits(stall_s=0.01), note), Gauged()
    pump = asyncio.ensure_future(outbox.pump(paper, paper.unsent))
    await settled()
    paper.kept = 100
    paper.flowing.clear()
    outbox.must({"n": 1})
    await settled()
    outbox.at_once(b'{"n":2}')
    assert len(paper.writes) == 1, "not before what the system has not taken"
    await pump
    assert "has not read" in reasons[0]


async def test_an_answer_the_system_does_not_take_whole_is_waited_for() -> None:
    reasons, note = broken()
    outbox, paper = Outbox(Limits(stall_s=0.01), note), Gauged()
    pump = asyncio.ensure_future(outbox.pump(paper, paper.unsent))
    await settled()
    outbox.at_once(b'{"n":1}')
    paper.kept = 7
    paper.flowing.clear()
    await pump
    assert "has not read" in reasons[0]


async def test_any_order_of_answers_and_others_is_kept() -> None:
    chance = random.Random(7)
    outbox, paper = Outbox(Limits(), broken()[1]), Gauged()
    pump = asyncio.ensure_future(outbox.pump(paper, paper.unsent))
    for number in range(500):
        if chance.random() < 0.5:
            outbox.at_once(json.dumps({"n": number}).encode())
        else:
            outbox.must({"n": number})
        for _ in range(chance.choice((0, 0, 1, 2, 3))):
            await asyncio.sleep(0)
    outbox.finish()
    await pump
    assert [each["n"] for each in paper.messages()] == list(range(500))
