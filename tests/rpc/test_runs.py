"""agent/run: held and accepted, its progress, and the three ways of cancelling it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from components.images import base64_of, png
from journeyman.records import Message
from rpc.harness import Client, World


def todos(*statuses: str) -> dict[str, Any]:
    items = [{"id": f"t{n}", "content": f"Do {n}", "status": status} for n, status in enumerate(statuses)]
    return {"rev": 1, "items": items}


def kinds(progress: list[dict[str, Any]]) -> list[str]:
    return [item["value"]["kind"] for item in progress]


async def test_a_held_run_is_answered_at_its_end(world: World) -> None:
    client = await world.initialized()
    ident = client.ask("agent/run", {"prompt": "Do it."})
    run = await world.runs.begun()
    assert "now" in await client.result("daemon/ping")
    assert ident not in client.answers
    await world.runs.finish(run)
    result = (await client.answer(ident))["result"]
    assert result["status"] == "completed"
    assert result["runId"] == run.id
    assert result["lastSeq"] == 2


async def test_text_blocks_and_ids_reach_the_run(world: World) -> None:
    client = await world.initialized()
    blocks = [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}]
    params = {"prompt": blocks, "wait": "accepted", "clientRunId": "mine", "_meta": {"any": "thing"}}
    first = await client.result("agent/run", params)
    assert first["status"] in ("queued", "running")
    assert world.runs.started[0].prompt == "One.\n\nTwo."
    again = await client.result("agent/run", params)
    assert again["runId"] == first["runId"]
    create = await client.request("window/workDoneProgress/create")
    client.send({"jsonrpc": "2.0", "id": create["id"], "result": None})
    assert kinds([await client.notification("$/progress")]) == ["begin"]
    await world.runs.finish(world.runs.started[0])
    assert kinds([await client.notification("$/progress")]) == ["end"]
    later = await client.request("window/workDoneProgress/create")
    client.send({"jsonrpc": "2.0", "id": later["id"], "error": {"code": -1, "message": "no"}})


async def test_other_blocks_are_a_text_in_their_order_and_images_go_along(world: World) -> None:
    client = await world.initialized({})
    image = png(1, "sketch.png")
    blocks = [
        {"type": "text", "text": "Like this:"},
        {"type": "image", "data": base64_of(image), "mimeType": "text/plain", "name": "sketch.png"},
        {"type": "resource", "resource": {"uri": "a.md", "text": "```\nx\n```"}},
        {"type": "resource_link", "uri": "src/a.py", "name": "a.py", "description": "the page"},
    ]
    started = await client.result("agent/run", {"prompt": blocks, "wait": "accepted"})
    order = world.runs.orders[0]
    assert order.prompt == ("Like this:\n\na.md:\n````\n```\nx\n```\n````\n\n[a.py](src/a.py): the page")
    assert order.attached == (image,)
    told = {
        "imageId": image.picture.id,
        "mimeType": "image/png",
        "bytes": len(image.data),
        "name": "sketch.png",
    }
    chat = {"chatId": started["chatId"]}
    assert (await client.result("agent/runs", chat))["items"][0]["images"] == [told]
    said = Message(
        "m1", chat["chatId"], None, "user", "x", world.services.clock.now(), pictures=order.pictures
    )
    await world.services.store.messages.append([said])
    assert (await client.result("chat/messages", chat))["items"][0]["images"] == [told]
    got = await client.result("chat/image", {**chat, "imageId": image.picture.id})
    assert got == {**{key: told[key] for key in told if key != "name"}, "data": base64_of(image)}
    assert (await client.error("chat/image", {**chat, "imageId": "0" * 64}))["code"] == -31999
    await world.runs.finish(world.runs.started[0])


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "data": "***"},
        {"type": "image", "data": ""},
        {"type": "image", "data": "aGVsbG8="},
        {"type": "image"},
        {"type": "audio", "data": "aGVsbG8=", "mimeType": "audio/wav"},
        {"type": "resource", "resource": {"uri": "a"}},
        {"type": "resource", "resource": {"uri": "a", "blob": "aGVsbG8="}},
        {"type": "resource_link", "uri": "a"},
        {"text": "no type"},
        {"type": "text", "text": "x", "data": "y"},
    ],
    ids=str,
)
async def test_blocks_that_cannot_be_taken_are_refused_with_what_is_wrong(
    world: World, block: dict[str, Any]
) -> None:
    client = await world.initialized({})
    for method, more in (("agent/run", {}), ("agent/steer", {"runId": "r"})):
        error = await client.error(method, {"prompt": [block], **more})
        assert (error["code"], error["data"]["kind"], bool(error["message"])) == (-32602, "invalid", True)
    assert world.runs.started == []


async def test_an_accepted_run_of_a_client_without_progress_just_runs(world: World) -> None:
    client = await world.initialized({})
    result = await client.result("agent/run", {"prompt": "x", "wait": "accepted"})
    assert result["status"] == "running"
    await world.runs.finish(world.runs.started[0])
    await client.result("daemon/ping")


async def test_progress_begins_reports_and_ends_once(world: World) -> None:
    client = await world.initialized()
    ident = client.ask("agent/run", {"prompt": "x", "workDoneToken": "w"})
    run = await world.runs.begun()
    for done in range(50):
        statuses = ["done"] * done + ["in_progress"] + ["pending"] * (49 - done)
        await world.runs.event(run, "todo/changed", todos(*statuses))
    for piece in ("never", "here"):
        world.runs.delta(run, piece)
    await world.runs.finish(run)
    await client.answer(ident)
    progress = client.claim("$/progress")
    assert {item["token"] for item in progress} == {"w"}
    assert kinds(progress)[0] == "begin"
    assert kinds(progress)[-1] == "end"
    assert kinds(progress)[1:-1] == ["report"] * (len(progress) - 2)
    assert len(progress) < 40
    assert "never" not in str(progress)


async def test_a_report_carries_percentage_and_the_active_todo(world: World) -> None:
    client = await world.initialized()
    ident = client.ask("agent/run", {"prompt": "x", "workDoneToken": 7})
    run = await world.runs.begun()
    await world.runs.event(run, "todo/changed", todos("done", "dropped", "in_progress", "pending"))
    assert (await client.notification("$/progress"))["value"]["kind"] == "begin"
    report = (await client.notification("$/progress"))["value"]
    assert report == {"kind": "report", "cancellable": True, "message": "Do 2", "percentage": 33}
    await world.runs.finish(run)
    await client.answer(ident)
    assert kinds(client.claim("$/progress")) == ["end"]


async def test_no_progress_before_initialized(world: World) -> None:
    client = await world.connect()
    await client.result("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    ident = client.ask("agent/run", {"prompt": "x", "workDoneToken": "w"})
    run = await world.runs.begun()
    await world.runs.finish(run)
    await client.answer(ident)


async def test_events_also_go_to_the_partial_result_token(world: World) -> None:
    client = await world.initialized()
    ident = client.ask("agent/run", {"prompt": "x", "partialResultToken": "p"})
    run = await world.runs.begun()
    world.runs.delta(run, "text")
    await world.runs.event(run, "notice", {"level": "info", "message": "m"})
    await world.runs.finish(run)
    await client.answer(ident)
    seen = [item["value"]["kind"] for item in client.claim("$/progress")]
    assert seen == ["run/started", "notice", "run/finished"]


async def by_request(client: Client, ident: int, run_id: str) -> None:
    client.tell("$/cancelRequest", {"id": ident})


async def by_progress(client: Client, ident: int, run_id: str) -> None:
    client.tell("window/workDoneProgress/cancel", {"token": "w"})


async def by_agent(client: Client, ident: int, run_id: str) -> None:
    assert (await client.result("agent/cancel", {"runId": run_id}))["status"] == "cancelled"


@pytest.mark.parametrize("way", [by_request, by_progress, by_agent])
async def test_three_ways_of_cancelling_are_the_same_act(world: World, way: Any) -> None:
    client = await world.initialized()
    ident = client.ask("agent/run", {"prompt": "x", "workDoneToken": "w"})
    run = await world.runs.begun()
    assert (await client.notification("$/progress"))["value"]["kind"] == "begin"
    await way(client, ident, run.id)
    answer = await client.answer(ident)
    if way is by_request:
        assert answer["error"]["code"] == -32800
    else:
        assert answer["result"]["status"] == "cancelled"
    assert world.runs.cancels == [run.id]
    assert kinds(client.claim("$/progress"))[-1] == "end"


async def test_a_cancelled_request_is_answered_after_the_run_is_dead(world: World) -> None:
    world.runs.dies_at_once = False
    client = await world.initialized()
    ident = client.ask("agent/run", {"prompt": "x"})
    run = await world.runs.begun()
    for _ in range(3):
        client.tell("$/cancelRequest", {"id": ident})
    await world.runs.cancel_asked()
    await client.result("daemon/ping")
    assert world.runs.cancels == [run.id]
    assert ident not in client.answers
    await world.runs.finish(run, "cancelled")
    assert (await client.answer(ident))["error"]["code"] == -32800


async def test_a_request_cancelled_before_it_began_is_answered_once(world: World) -> None:
    client = await world.initialized()
    chat = await world.chat()
    gate = asyncio.Event()
    list_todos = world.services.todos.get

    async def slow(chat_id: str) -> Any:
        await gate.wait()
        return await list_todos(chat_id)

    world.services.todos.get = slow  # type: ignore[method-assign]
    first = client.ask("todo/update", {"chatId": chat, "ifRev": 0, "items": []})
    waiting = client.ask("todo/update", {"chatId": chat, "ifRev": 0, "items": []})
    client.tell("$/cancelRequest", {"id": waiting})
    client.tell("$/cancelRequest", {"id": "unknown"})
    assert (await client.answer(waiting))["error"]["code"] == -32800
    gate.set()
    await client.answer(first)


async def test_a_dropped_connection_does_not_cancel_the_run(world: World) -> None:
    client = await world.initialized()
    client.ask("agent/run", {"prompt": "x"})
    run = await world.runs.begun()
    await client.close()
    async with asyncio.timeout(60):
        await world.hub.empty.wait()
    assert world.runs.cancels == []
    other = await world.initialized()
    ident = other.ask("agent/run", {"prompt": "x", "chatId": run.chat_id, "clientRunId": "n"})
    await world.runs.begun(2)
    await world.runs.finish(world.runs.started[1])
    assert (await other.answer(ident))["result"]["status"] == "completed"


async def test_requests_of_one_chat_begin_in_order_and_a_held_run_lets_others_pass(world: World) -> None:
    client = await world.initialized()
    chat = await world.chat()
    idents = [client.ask("agent/run", {"prompt": f"{n}", "chatId": chat}) for n in range(20)]
    update = {"chatId": chat, "ifRev": 0, "items": [{"id": "a", "content": "A"}]}
    assert (await client.result("todo/update", update))["rev"] == 1
    await world.runs.begun(20)
    assert [run.prompt for run in world.runs.started] == [f"{n}" for n in range(20)]
    for run in world.runs.started:
        await world.runs.finish(run)
    for ident in idents:
        await client.answer(ident)


async def test_a_stale_todo_update_carries_the_present_list(world: World) -> None:
    client = await world.initialized()
    chat = await world.chat()
    items = [{"id": "a", "content": "A"}]
    await client.result("todo/update", {"chatId": chat, "ifRev": 0, "items": items})
    error = await client.error("todo/update", {"chatId": chat, "ifRev": 0, "items": []})
    assert error["code"] == -32801
    assert error["data"]["current"]["rev"] == 1
    assert error["data"]["current"]["items"][0]["content"] == "A"


async def test_draining_refuses_runs(world: World) -> None:
    client = await world.initialized()
    world.hub.draining = True
    error = await client.error("agent/run", {"prompt": "x"})
    assert (error["code"], error["data"]["retryable"]) == (-31995, True)
