"""A run's questions, asked of whoever has its session open."""

from __future__ import annotations

from typing import Any

from components.acp_lines import AcpWorld, LineClient
from journeyman.records import Permission
from journeyman.rpc.questions import announce_permissions
from rpc.test_permissions import asking, pending

CWD = "/home/me/project"


async def connected(world: AcpWorld) -> LineClient:
    announce_permissions(world.services.permissions, world.world.hub)
    client = await world.connect()
    await client.start(clientInfo={"name": "zed", "title": "Zed", "version": "1"})
    return client


def respond(client: LineClient, request: dict[str, Any], result: Any) -> None:
    client.send({"jsonrpc": "2.0", "id": request["id"], "result": result})


def selected(option: str) -> dict[str, Any]:
    return {"outcome": {"outcome": "selected", "optionId": option}}


async def decided(world: AcpWorld, permission: Permission) -> Permission:
    return await world.services.permissions.get(permission.id)


async def test_the_question_and_its_answer(world: AcpWorld) -> None:
    client = await connected(world)
    session = await client.new(CWD)
    async with asking(world.world, session) as call:
        request = await client.request("session/request_permission")
        waiting = await pending(world.world, session)
        params = request["params"]
        assert (params["sessionId"], params["toolCall"]["toolCallId"]) == (session, waiting.call_id)
        assert params["toolCall"]["title"] == waiting.subject["title"]
        assert params["toolCall"]["status"] == "pending"
        assert [(option["optionId"], option["kind"]) for option in params["options"]] == [
            ("allow", "allow_once"),
            ("allow-run", "allow_always"),
            ("deny", "reject_once"),
        ]
        respond(client, request, selected("allow"))
    assert call.result().allowed
    assert (await decided(world, waiting)).decided_by == "Zed"


async def test_no_means_no(world: AcpWorld) -> None:
    client = await connected(world)
    session = await client.new(CWD)
    async with asking(world.world, session) as call:
        respond(client, await client.request("session/request_permission"), selected("deny"))
    assert not call.result().allowed


async def test_a_session_opened_later_is_asked_and_told_when_it_is_over(world: AcpWorld) -> None:
    client = await connected(world)
    session = await client.new(CWD)
    late = await world.started()
    async with asking(world.world, session):
        first = await client.request("session/request_permission")
        await late.result("session/resume", {"sessionId": session, "cwd": CWD})
        second = await late.request("session/request_permission")
        respond(late, second, selected("deny"))
        assert (await client.notification("$/cancel_request"))["requestId"] == first["id"]


async def test_an_answer_that_is_none_decides_nothing(world: AcpWorld) -> None:
    client = await connected(world)
    session = await client.new(CWD)
    async with asking(world.world, session):
        waiting = await pending(world.world, session)
        request = await client.request("session/request_permission")
        for answer in ({"outcome": {"outcome": "cancelled"}}, {}):
            respond(client, request, answer)
        assert await client.result("session/list", {})
        assert (await decided(world, waiting)).state == "pending"
        await world.services.permissions.reply(waiting.id, "deny")


async def test_clients_without_the_session_are_not_asked(world: AcpWorld) -> None:
    client = await connected(world)
    session = await client.new(CWD)
    other = await world.started()
    await other.new("/home/me/other")
    async with asking(world.world, session):
        request = await client.request("session/request_permission")
        await other.result("session/list", {})
        assert other.requests == []
        respond(client, request, selected("deny"))
