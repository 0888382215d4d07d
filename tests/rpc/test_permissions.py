"""Questions at the wire: who is asked and how, the first answer, clients that come, go and fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from journeyman.permission.answers import Admission
from journeyman.permission.effect import Effect
from journeyman.records import Permission
from rpc.harness import CAPABLE, Client, World

PUSH = Effect("git", "git push", "/workspace", argv=("push",))
ASKED: dict[str, Any] = {
    "experimental": {"journeyman": {"protocolVersion": 1, "requests": ["permission/request", "other/one"]}}
}
SILENT: dict[str, Any] = {"experimental": {"journeyman": {"protocolVersion": 1, "events": False}}}
PLAIN: dict[str, Any] = {"window": {"showMessage": {"messageActionItem": {}}}}


async def push() -> Effect:
    return PUSH


class Shown:
    """Hears of a question after the clients were asked."""

    def __init__(self) -> None:
        self.happened = asyncio.Event()

    def requested(self, permission: Permission) -> None:
        self.happened.set()

    def resolved(self, permission: Permission) -> None:
        pass

    def attended(self, chat_id: str) -> bool:
        return False


@asynccontextmanager
async def asking(world: World, chat: str, run_id: str = "r1") -> AsyncGenerator[asyncio.Task[Admission]]:
    """A call that waits for permission; ends with its answer."""
    permissions, shown = world.services.permissions, Shown()
    permissions.listen(shown)
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(permissions.admit(push, chat_id=chat, run_id=run_id, call_id="call-1"))
        async with asyncio.timeout(60):
            await shown.happened.wait()
        yield call
        async with asyncio.timeout(60):
            await asyncio.wait({call})


async def pending(world: World, chat: str) -> Permission:
    (found,) = await world.services.permissions.pending(chat)
    return found


async def connect(world: World, capabilities: dict[str, Any], name: str = "a client") -> Client:
    return await world.initialized(capabilities, clientInfo={"name": name})


def respond(client: Client, request: dict[str, Any], **answer: Any) -> None:
    client.send({"jsonrpc": "2.0", "id": request["id"], **answer})


async def taken_back(client: Client, request: dict[str, Any]) -> None:
    assert await client.notification("$/cancelRequest") == {"id": request["id"]}


async def test_a_client_that_can_is_asked_and_its_answer_counts(world: World) -> None:
    chat = await world.chat()
    client = await connect(world, ASKED, "Emacs")
    async with asking(world, chat) as call:
        request = await client.request("permission/request")
        assert request["params"]["subject"]["argv"] == ["push"]
        assert [option["id"] for option in request["params"]["options"]] == ["allow", "allow-run", "deny"]
        respond(client, request, result={"optionId": "allow", "feedback": "fine", "more": 1})
    assert call.result() == Admission(allowed=True, text="note: the user allowed this and said: fine")
    told = await client.notification("permission/didResolve")
    assert (told["state"], told["decidedBy"]) == ("allowed", "Emacs")


async def test_pending_ones_come_with_the_subscription(world: World) -> None:
    chat, other = await world.chat(), await world.chat()
    async with asking(world, chat):
        client = await connect(world, CAPABLE)
        answer = await client.result("agent/subscribe", {"chatId": chat, "after": "start"})
        (waiting,) = answer["permissions"]
        assert (await client.notification("agent/event"))["kind"] == "permission/requested"
        nothing = await client.result("agent/subscribe", {"chatId": other})
        assert nothing["permissions"] == []
        listed = await client.result("permission/list", {})
        assert listed["items"] == [waiting]
        decided = await client.result("permission/reply", {"permissionId": waiting["id"], "optionId": "deny"})
        assert decided["state"] == "denied"
    event = await client.notification("agent/event")
    assert (event["kind"], event["data"]["id"]) == ("permission/resolved", waiting["id"])
    await client.notification("permission/didResolve")
    assert (await client.result("permission/list", {}))["items"] == []
    (kept,) = (await client.result("permission/list", {"state": "all", "chatId": chat}))["items"]
    assert kept == decided


async def test_two_clients_are_asked_the_first_answer_counts_the_other_question_goes(world: World) -> None:
    chat = await world.chat()
    first, second = await connect(world, ASKED, "vim"), await connect(world, ASKED, "emacs")
    async with asking(world, chat) as call:
        one, two = await first.request("permission/request"), await second.request("permission/request")
        respond(first, one, result={"optionId": "deny"})
        await taken_back(second, two)
        respond(second, two, error={"code": -32800, "message": "cancelled"})
    assert not call.result().allowed
    params = {"permissionId": one["params"]["id"], "optionId": "allow"}
    error = await second.error("permission/reply", params)
    assert error["code"] == -31991
    assert "vim answered first: denied" in error["message"]
    assert error["data"]["current"]["decidedBy"] == "vim"
    same = await second.result("permission/reply", {**params, "optionId": "deny"})
    assert same == error["data"]["current"]
    for client in (first, second):
        await client.notification("permission/didResolve")


async def test_whom_a_question_concerns_is_asked_and_nobody_else(world: World) -> None:
    chat = await world.chat()
    follows, elsewhere = await connect(world, ASKED), await connect(world, ASKED)
    await follows.result("agent/subscribe", {"chatId": chat})
    async with asking(world, chat):
        request = await follows.request("permission/request")
        respond(follows, request, result={"optionId": "allow"})
    for client in (follows, elsewhere):
        await client.notification("permission/didResolve")
    assert elsewhere.requests == []
    assert [
        each["kind"]
        for each in (await follows.notification("agent/event"), await follows.notification("agent/event"))
    ] == [
        "permission/requested",
        "permission/resolved",
    ]


async def test_who_waits_for_the_run_is_asked_and_sees_that_it_waits(world: World) -> None:
    chat = await world.chat()
    waits = await connect(world, {"window": {"workDoneProgress": True, **PLAIN["window"]}})
    elsewhere = await connect(world, PLAIN)
    ident = waits.ask("agent/run", {"prompt": "x", "chatId": chat, "workDoneToken": "w"})
    run = await world.runs.begun()
    assert (await waits.notification("$/progress"))["value"]["kind"] == "begin"
    async with asking(world, chat, run.id):
        request = await waits.request("window/showMessageRequest")
        report = await waits.notification("$/progress")
        assert report["value"]["message"] == "Waiting for your permission: git push"
        respond(waits, request, result={"title": "Allow once"})
    assert (await waits.notification("$/progress"))["value"]["message"] == "Starting"
    await world.runs.finish(run)
    assert (await waits.answer(ident))["result"]["status"] == "completed"
    assert (await waits.notification("$/progress"))["value"]["kind"] == "end"
    assert elsewhere.requests == []


@pytest.mark.parametrize(("title", "allowed"), [("Allow once", True), ("Deny", False)])
async def test_a_plain_client_is_shown_a_message_with_the_same_options(
    world: World, title: str, allowed: bool
) -> None:
    chat = await world.chat()
    client = await connect(world, PLAIN)
    async with asking(world, chat) as call:
        request = await client.request("window/showMessageRequest")
        assert "git push in /workspace?" in request["params"]["message"]
        titles = [action["title"] for action in request["params"]["actions"]]
        assert titles == ["Allow once", "Allow for this run", "Deny"]
        respond(client, request, result={"title": title})
    assert call.result().allowed is allowed


@pytest.mark.parametrize(
    "answer",
    [
        {"error": {"code": -32601, "message": "no such method"}},
        {"result": None},
        {"result": {}},
        {"result": {"optionId": "perhaps"}},
        {"result": {"optionId": 5}},
        {"result": "allow"},
    ],
)
async def test_what_is_no_answer_decides_nothing(world: World, answer: dict[str, Any]) -> None:
    chat = await world.chat()
    client = await connect(world, ASKED)
    async with asking(world, chat) as call:
        respond(client, await client.request("permission/request"), **answer)
        await client.result("daemon/ping")
        waiting = await pending(world, chat)
        await client.result("permission/reply", {"permissionId": waiting.id, "optionId": "allow"})
    assert call.result().allowed
    await client.notification("permission/didResolve")


async def test_a_message_that_was_closed_decides_nothing(world: World) -> None:
    chat = await world.chat()
    client = await connect(world, PLAIN)
    async with asking(world, chat) as call:
        respond(client, await client.request("window/showMessageRequest"), result=None)
        await client.result("daemon/ping")
        waiting = await pending(world, chat)
        await world.services.permissions.reply(waiting.id, "deny")
    assert not call.result().allowed


async def test_a_client_that_leaves_decides_nothing_and_the_next_one_is_asked(world: World) -> None:
    chat = await world.chat()
    client = await connect(world, ASKED)
    async with asking(world, chat) as call:
        asked = await client.request("permission/request")
        await client.close()
        async with asyncio.timeout(60):
            await world.hub.empty.wait()
        assert (await pending(world, chat)).state == "pending"
        plain = await connect(world, PLAIN)
        shown = await plain.request("window/showMessageRequest")
        able = await connect(world, ASKED)
        again = await able.request("permission/request")
        assert again["params"] == asked["params"]
        respond(able, again, result={"optionId": "allow"})
    assert call.result().allowed
    await able.notification("permission/didResolve")
    await taken_back(plain, shown)


async def test_subscribing_brings_the_question_to_a_client_that_can_be_asked(world: World) -> None:
    chat = await world.chat()
    first = await connect(world, ASKED)
    await first.result("agent/subscribe", {"chatId": chat})
    async with asking(world, chat):
        one = await first.request("permission/request")
        second = await connect(world, ASKED)
        await second.result("daemon/ping")
        assert second.requests == []  # somebody it concerns is there
        (waiting,) = (await second.result("agent/subscribe", {"chatId": chat}))["permissions"]
        two = await second.request("permission/request")
        assert one["params"] == two["params"] == waiting
        respond(second, two, result={"optionId": "deny"})
        await taken_back(first, one)
    for client, events in ((first, 2), (second, 1)):
        await client.notification("permission/didResolve")
        for _ in range(events):
            await client.notification("agent/event")


async def test_a_run_that_ends_takes_its_question_off_the_screen(world: World) -> None:
    chat = await world.chat()
    client = await connect(world, ASKED)
    async with asking(world, chat) as call:
        request = await client.request("permission/request")
        call.cancel()
        await world.services.permissions.take_back("r1")
        await taken_back(client, request)
    assert (await client.notification("permission/didResolve"))["state"] == "withdrawn"


async def test_clients_that_can_show_nothing_are_not_asked(world: World) -> None:
    chat = await world.chat()
    client = await connect(world, SILENT)
    async with asking(world, chat):
        await client.result("daemon/ping")
        waiting = await pending(world, chat)
        await client.result("permission/reply", {"permissionId": waiting.id, "optionId": "deny"})
    assert client.requests == []


async def test_unknown_permissions_and_options_are_refused(world: World) -> None:
    chat = await world.chat()
    client = await connect(world, CAPABLE)
    error = await client.error("permission/reply", {"permissionId": "x", "optionId": "allow"})
    assert error["data"]["kind"] == "not_found"
    assert (await client.error("permission/list", {"chatId": "x"}))["data"]["kind"] == "not_found"
    async with asking(world, chat):
        waiting = await pending(world, chat)
        reply = {"permissionId": waiting.id, "optionId": "perhaps"}
        error = await client.error("permission/reply", reply)
        assert error["code"] == -32602
        assert "allow-run" in error["data"]["hint"]
        await client.result("permission/reply", {**reply, "optionId": "deny"})
    await client.notification("permission/didResolve")
