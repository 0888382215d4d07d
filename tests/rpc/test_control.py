"""Steering, the queue, a chat's runs and carrying on, over the wire and with runs that really work."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.testing.model import call
from rpc.working import Working

FIN = call("fin", summary="Done.", status="partial")


async def accepted(client: Any, prompt: str, **more: Any) -> dict[str, Any]:
    params = {"prompt": prompt, "wait": "accepted", "mode": "execute", **more}
    return await client.result("agent/run", params)


async def test_a_steered_run_takes_the_text_and_every_watcher_sees_it(working: Working) -> None:
    model = working.gated([call("ls"), FIN])
    one, two = await working.world.initialized({}), await working.world.initialized({})
    run = await accepted(one, "Do it.")
    await two.result("agent/subscribe", {"chatId": run["chatId"], "after": "start"})
    await model.asked()
    params = {"runId": run["runId"], "prompt": "Use tabs.", "clientRunId": "s1"}
    given = await two.result("agent/steer", params)
    assert given["runId"] == run["runId"]
    assert await two.result("agent/steer", params) == given
    (item,) = (await one.result("agent/queue/list", {"chatId": run["chatId"]}))["items"]
    assert (item["itemId"], item["kind"], item["prompt"]) == (given["itemId"], "steer", "Use tabs.")
    model.go(2)
    changes = [await two.notification("agent/queue/didChange") for _ in range(2)]
    assert [(each["total"], each["chatId"]) for each in changes] == [(1, run["chatId"]), (0, run["chatId"])]
    said: list[str] = []
    while not said or said[-1] != "run/finished":
        event = await two.notification("agent/event")
        said.append(event["data"]["text"] if event["kind"] == "message/completed" else event["kind"])
    assert "Use tabs." in said
    await working.world.services.runs.wait(run["runId"])
    error = await one.error("agent/steer", {"runId": run["runId"], "prompt": "Too late."})
    assert (error["code"], error["data"]["current"]["items"]) == (-32801, [])


async def test_a_held_request_that_steers_is_answered_at_the_end_of_the_run(working: Working) -> None:
    model = working.gated([call("ls"), FIN])
    client = await working.world.initialized({})
    run = await accepted(client, "Do it.")
    await model.asked()
    steer = {"prompt": "Use tabs.", "chatId": run["chatId"], "delivery": "steer"}
    ident = client.ask("agent/run", steer)
    await working.until_waiting(run["chatId"])
    model.go(2)
    result = (await client.answer(ident))["result"]
    assert (result["runId"], result["status"]) == (run["runId"], "partial")
    assert "itemId" in result


async def test_the_queue_is_changed_over_the_wire_and_who_comes_too_late_sees_it(working: Working) -> None:
    model = working.gated([FIN] * 3)
    client = await working.world.initialized({})
    first = await accepted(client, "one")
    chat = {"chatId": first["chatId"]}
    two, three = [await accepted(client, text, **chat) for text in ("two", "three")]
    page = await client.result("agent/queue/list", {**chat, "limit": 1})
    rest = await client.result("agent/queue/list", {**chat, "limit": 1, "cursor": page["nextCursor"]})
    assert [page["items"][0]["prompt"], rest["items"][0]["prompt"]] == ["two", "three"]
    assert "nextCursor" not in rest
    update = {"itemId": three["runId"], "prompt": "3", "ifRev": 0, "position": 0}
    assert (await client.result("agent/queue/update", update))["rev"] == 1
    error = await client.error("agent/queue/update", update)
    assert error["code"] == -32801
    assert [item["prompt"] for item in error["data"]["current"]["items"]] == ["3", "two"]
    error = await client.error("agent/queue/remove", {"itemId": first["runId"]})
    assert error["code"] == -32801
    assert await client.result("agent/queue/remove", {"itemId": two["runId"]}) == {}
    assert (await client.error("agent/queue/list", {**chat, "cursor": two["runId"]}))["code"] == -32602
    assert (await client.error("agent/queue/remove", {"itemId": "nowhere"}))["code"] == -31999
    model.go(3)
    done = await client.result("agent/run", {"prompt": "x", "mode": "execute", **chat, "clientRunId": "i"})
    assert done["stopReason"] == "fin"
    runs = (await client.result("agent/runs", chat))["items"]
    assert [(each["prompt"], each["status"]) for each in runs] == [
        ("x", "partial"), ("3", "partial"), ("two", "cancelled"), ("one", "partial"),
    ]  # fmt: skip
    assert all(each["createdAt"] <= each["finishedAt"] for each in runs)
    first_page = await client.result("agent/runs", {**chat, "limit": 3})
    last = await client.result("agent/runs", {**chat, "limit": 3, "cursor": first_page["nextCursor"]})
    assert [each["prompt"] for each in last["items"]] == ["one"]


async def test_the_same_id_for_something_else_is_a_conflict(working: Working) -> None:
    working.script([FIN])
    client = await working.world.initialized({})
    params = {"prompt": "one", "mode": "execute", "clientRunId": "id"}
    first = await client.result("agent/run", params)
    assert (await client.result("agent/run", params))["runId"] == first["runId"]
    error = await client.error("agent/run", {**params, "prompt": "two"})
    assert (error["code"], error["data"]["kind"]) == (-31991, "conflict")


@pytest.mark.parametrize("times", [1, 3])
async def test_an_interrupted_run_is_carried_on_once(working: Working, times: int) -> None:
    model = working.gated([call("ls"), FIN])
    client = await working.world.initialized({})
    run = await accepted(client, "Do it.")
    error = await client.error("agent/resume", {"runId": run["runId"]})
    assert error["data"]["kind"] == "conflict"
    await model.asked()
    await working.restart()
    client = await working.world.initialized({})
    (stored,) = (await client.result("agent/runs", {"chatId": run["chatId"]}))["items"]
    assert (stored["status"], stored["stopReason"]) == ("cancelled", "shutdown")
    model.go(2)
    answers = [await client.result("agent/resume", {"runId": run["runId"]}) for _ in range(times)]
    assert len({each["runId"] for each in answers}) == 1
    assert answers[0]["resumes"] == run["runId"]


async def test_a_held_request_of_a_run_that_waits_is_told_of_the_shutdown(working: Working) -> None:
    working.gated([FIN])
    client = await working.world.initialized({})
    run = await accepted(client, "one")
    ident = client.ask("agent/run", {"prompt": "two", "chatId": run["chatId"]})
    await working.until_waiting(run["chatId"])
    await working.world.services.runs.close()
    error = (await client.answer(ident))["error"]
    assert (error["code"], error["data"]["retryable"]) == (-31995, True)
