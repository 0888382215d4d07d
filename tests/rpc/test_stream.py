"""Events page by page, credit by acknowledgement, and a snapshot that is enough to show a chat."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.testing.model import ScriptedTurn, call
from rpc.harness import Client, World
from rpc.working import Working

FIN = call("fin", summary="Done.", status="partial")


async def say(world: World, chat: str, count: int, text: str = "x") -> None:
    for number in range(count):
        await world.services.events.append(chat, "notice", {"level": "info", "message": f"{text}{number}"})


def seqs(answer: dict[str, Any]) -> list[int]:
    return [event["seq"] for event in answer["events"]]


# -- agent/events -------------------------------------------------------------------------------


async def test_pages_together_are_the_log(world: World) -> None:
    chat = await world.chat()
    await say(world, chat, 7)
    client = await world.initialized()
    found: list[int] = []
    after: Any = "start"
    for _ in range(3):
        answer = await client.result("agent/events", {"chatId": chat, "after": after, "limit": 3})
        found += seqs(answer)
        after = answer["next"]
        assert answer["head"] == 7
    assert found == list(range(1, 8))
    assert seqs(await client.result("agent/events", {"chatId": chat, "after": after})) == []
    assert seqs(await client.result("agent/events", {"chatId": chat, "after": "tail"})) == []


async def test_a_long_poll_is_answered_by_the_next_durable_event(world: World) -> None:
    chat = await world.chat()
    await say(world, chat, 2)
    client = await world.initialized()
    wait = {"chatId": chat, "after": "tail", "waitMs": 30_000}
    ident = client.ask("agent/events", wait)
    while not world.services.events.followers(chat):
        await client.result("daemon/ping")
    world.services.events.publish_delta(chat, "message/delta", {"text": "passing"})
    await client.result("daemon/ping")
    assert ident not in client.answers
    await say(world, chat, 1)
    answer = (await client.answer(ident))["result"]
    assert seqs(answer) == [3]
    assert world.services.events.followers(chat) == 0


async def test_a_long_poll_ends_with_its_time_its_request_and_its_chat(world: World) -> None:
    chat = await world.chat()
    client = await world.initialized()
    answer = await client.result("agent/events", {"chatId": chat, "after": "start", "waitMs": 1})
    assert (answer["events"], answer["next"]["seq"]) == ([], 0)
    ident = client.ask("agent/events", {"chatId": chat, "waitMs": 30_000})
    while not world.services.events.followers(chat):
        await client.result("daemon/ping")
    client.tell("$/cancelRequest", {"id": ident})
    assert (await client.answer(ident))["error"]["code"] == -32800
    assert world.services.events.followers(chat) == 0
    ident = client.ask("agent/events", {"chatId": chat, "waitMs": 30_000})
    while not world.services.events.followers(chat):
        await client.result("daemon/ping")
    await client.result("chat/delete", {"chatId": chat})
    assert (await client.answer(ident))["error"]["code"] == -31999


async def test_a_page_is_bounded_in_bytes_and_one_large_event_comes_alone(world: World) -> None:
    chat = await world.chat()
    client = await world.initialized()
    sizes = [900_000, 900_000, 1_800_000, 10]
    for size in sizes:
        await world.services.events.append(chat, "notice", {"level": "info", "message": "\u00e9" * size})
    pages: list[list[int]] = []
    after: Any = "start"
    while not pages or pages[-1]:
        answer = await client.result("agent/events", {"chatId": chat, "after": after})
        pages.append(seqs(answer))
        after = answer["next"]
    assert pages == [[1], [2], [3], [4], []]


@pytest.mark.parametrize(("cursor", "reason"), [({"epoch": "other", "seq": 1}, "epoch_changed"),
                                                ({"seq": 9}, "ahead_of_log")])  # fmt: skip
async def test_a_place_outside_the_log_is_answered_at_once(
    world: World, cursor: dict[str, Any], reason: str
) -> None:
    chat = await world.chat()
    await say(world, chat, 3)
    epoch = (await world.services.events.bounds(chat))[0]
    client = await world.initialized()
    params = {"chatId": chat, "after": {"epoch": epoch, **cursor}, "waitMs": 30_000}
    answer = await client.result("agent/events", params)
    assert answer["gap"]["reason"] == reason
    assert (answer["events"], answer["next"]) == ([], {"epoch": epoch, "seq": 3})
    assert answer["snapshot"]["todo"]["rev"] == 0


# -- agent/ack ----------------------------------------------------------------------------------


async def quiet(client: Client) -> list[int]:
    """The events that came by now; what the daemon had to send has been sent before the answer."""
    for _ in range(3):
        await client.result("daemon/ping")
    return [event["seq"] for event in client.claim("agent/event")]


async def test_no_more_than_the_credit_is_sent(world: World) -> None:
    chat = await world.chat()
    await say(world, chat, 10)
    slow, fast = await world.initialized(), await world.initialized()
    await slow.result("agent/subscribe", {"chatId": chat, "after": "start", "maxUnacked": 3})
    await fast.result("agent/subscribe", {"chatId": chat, "after": "start"})
    for upto in range(1, 11):
        assert (await fast.notification("agent/event"))["seq"] == upto
    for upto in range(1, 4):
        assert (await slow.notification("agent/event"))["seq"] == upto
    assert await quiet(slow) == []
    slow.tell("agent/ack", {"chatId": chat, "seq": 2})
    assert [(await slow.notification("agent/event"))["seq"] for _ in range(2)] == [4, 5]
    assert await quiet(slow) == []
    for nonsense in ({"chatId": chat, "seq": 1}, {"chatId": "x", "seq": 9}, {"seq": -1}, None):
        slow.tell("agent/ack", nonsense)
    assert await quiet(slow) == []
    slow.tell("agent/ack", {"chatId": chat, "seq": 1_000_000})  # no more than what was sent
    assert [(await slow.notification("agent/event"))["seq"] for _ in range(3)] == [6, 7, 8]
    assert await quiet(slow) == []
    slow.tell("agent/ack", {"chatId": chat, "seq": 8})
    assert [(await slow.notification("agent/event"))["seq"] for _ in range(2)] == [9, 10]
    await slow.result("agent/unsubscribe", {"chatId": chat})


async def test_a_reader_without_credit_holds_no_more_than_a_page(world: World) -> None:
    chat = await world.chat()
    client = await world.initialized()
    await client.result("agent/subscribe", {"chatId": chat, "after": "start", "maxUnacked": 1})
    big = "y" * 20_000
    await say(world, chat, 300, big)
    assert (await client.notification("agent/event"))["seq"] == 1
    pump = world.connections[0].peer.subscriptions.held(chat)
    assert pump < 3_000_000
    for seq in range(1, 301):
        client.tell("agent/ack", {"chatId": chat, "seq": seq})
        if seq < 300:
            assert (await client.notification("agent/event"))["seq"] == seq + 1


# -- snapshots ----------------------------------------------------------------------------------


async def test_a_snapshot_is_enough_to_show_a_chat(working: Working) -> None:
    long = "z" * 9_000
    model = working.gated([
        call("todoWrite", items=["One", "Verify"]),
        ScriptedTurn(text=long, calls=call("terminal", command="yes | head -3000").calls), FIN, FIN,
    ])  # fmt: skip
    client = await working.world.initialized({})
    params = {"prompt": "Do it.", "wait": "accepted", "mode": "execute"}
    run = await client.result("agent/run", params)
    chat = {"chatId": run["chatId"]}
    for _ in range(2):
        await model.asked()
        model.go()
    await model.asked()
    await client.result("agent/run", {**params, **chat, "prompt": "Then this."})
    await client.result("agent/steer", {"runId": run["runId"], "prompt": "Use tabs."})
    answer = await client.result("agent/subscribe", {**chat, "snapshot": True})
    shown = answer["snapshot"]
    assert [item["content"] for item in shown["todo"]["items"]] == ["One", "Verify"]
    assert shown["messages"] == 5
    assert [message["role"] for message in shown["recent"]] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "tool",
    ]
    assert (len(shown["recent"][3]["text"]), shown["recent"][3]["truncated"]) == (4_000, True)
    assert [(item["kind"], item["prompt"]) for item in shown["queue"]] == [
        ("steer", "Use tabs."), ("run", "Then this."),
    ]  # fmt: skip
    assert [each["status"] for each in shown["runs"]] == ["running", "queued"]
    finished = await client.result("agent/events", chat)
    ended = [event["data"] for event in finished["events"] if event["kind"] == "tool/finished"][-1]
    assert (len(ended["text"]), ended["truncated"]) == (2_000, True)
    whole = await client.result("chat/message", {**chat, "messageId": ended["messageId"]})
    assert whole["text"].startswith(ended["text"])
    assert len(whole["text"]) > 5_000
    assert "truncated" not in whole
    assert (await client.error("chat/message", {**chat, "messageId": "nowhere"}))["code"] == -31999
    await client.result("agent/unsubscribe", chat)
    model.go(5)
    client.claim("agent/event")
    client.claim("agent/queue/didChange")
