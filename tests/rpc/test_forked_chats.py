"""chat/fork and model/select: another way from a point on, over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.testing.model import call
from rpc.working import Working

FIN = call("fin", summary="Done.", status="partial")


async def texts(client: Any, chat_id: str) -> list[tuple[str, str]]:
    page = await client.result("chat/messages", {"chatId": chat_id})
    return [(message["role"], message["text"].partition("\n")[0]) for message in page["items"]]


async def test_a_fork_has_what_there_was_and_goes_its_own_way(working: Working) -> None:
    working.script([call("todoWrite", items=["One", "Verify"]), call("ls"), FIN, FIN, FIN])
    client = await working.world.initialized({})
    run = await client.result("agent/run", {"prompt": "Do it.", "mode": "execute"})
    chat = {"chatId": run["chatId"]}
    todo = await client.result("todo/list", chat)
    fork = await client.result("chat/fork", {**chat, "title": "Another way"})
    assert (fork["projectId"], fork["title"]) == (run["projectId"], "Another way")
    assert await texts(client, fork["id"]) == await texts(client, run["chatId"])
    copied = await client.result("todo/list", {"chatId": fork["id"]})
    assert (copied["items"], copied["rev"]) == (todo["items"], 1)
    await client.result("agent/run", {"prompt": "More.", "mode": "execute", "chatId": fork["id"]})
    await client.result("todo/update", {"chatId": fork["id"], "ifRev": 1, "items": []})
    assert ("user", "More.") not in await texts(client, run["chatId"])
    assert await client.result("todo/list", chat) == todo
    await client.result("chat/delete", chat)
    assert ("user", "Do it.") in await texts(client, fork["id"])


async def test_a_fork_at_an_event_has_what_was_there_then(working: Working) -> None:
    model = working.script([call("todoWrite", items=["One"]), call("ls"), FIN, FIN])
    client = await working.world.initialized({})
    run = await client.result("agent/run", {"prompt": "Do it.", "mode": "execute"})
    chat = {"chatId": run["chatId"]}
    events = (await client.result("agent/events", chat))["events"]
    whole = await texts(client, run["chatId"])
    for event in events:
        fork = await client.result("chat/fork", {**chat, "atSeq": event["seq"]})
        found = await texts(client, fork["id"])
        assert found == whole[: len(found)]
        said = [e for e in events if e["kind"] == "message/completed" and e["seq"] <= event["seq"]]
        assert [role for role, _ in found if role != "tool"] == [e["data"]["role"] for e in said]
        planned = any(e["kind"] == "todo/changed" and e["seq"] <= event["seq"] for e in events)
        items = (await client.result("todo/list", {"chatId": fork["id"]}))["items"]
        assert [item["content"] for item in items] == (["One"] if planned else [])
    error = await client.error("chat/fork", {**chat, "atSeq": events[-1]["seq"] + 1})
    assert (error["code"], "`atSeq`" in error["data"]["hint"]) == (-32602, True)
    assert (await client.error("chat/fork", {"chatId": "nowhere"}))["code"] == -31999
    middle = next(e["seq"] for e in events if e["kind"] == "tool/started")
    fork = await client.result("chat/fork", {**chat, "atSeq": middle})
    await client.result("agent/run", {"prompt": "Go on.", "mode": "execute", "chatId": fork["id"]})
    sent = model.requests[-1].messages
    calls = {made.id for message in sent for made in message.tool_calls}
    assert {message.tool_call_id for message in sent if message.role == "tool"} == calls


async def test_the_model_of_a_chat_is_chosen(working: Working) -> None:
    working.script([FIN])
    client = await working.world.initialized({})
    project = await client.result("project/create", {"name": "P"})
    chat = {"chatId": (await client.result("chat/create", {"projectId": project["id"]}))["id"]}
    assert (await client.result("model/select", {**chat, "model": "scripted/test"}))[
        "model"
    ] == "scripted/test"
    error = await client.error("model/select", {**chat, "model": "nobody/nothing"})
    assert error["data"]["kind"] == "model_unknown"
    assert (await client.result("chat/get", chat))["model"] == "scripted/test"
    run = await client.result("agent/run", {**chat, "prompt": "Do it.", "mode": "execute"})
    assert run["status"] == "partial"


@pytest.mark.parametrize("way", ["chat/fork", "model/select"])
async def test_a_chat_that_is_not_there_is_not_found(working: Working, way: str) -> None:
    working.script([FIN])
    client = await working.world.initialized({})
    more = {"model": "scripted/test"} if way == "model/select" else {}
    assert (await client.error(way, {"chatId": "nowhere", **more}))["code"] == -31999
