"""What client and daemon tell each other of what they can, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.failures import Failure
from journeyman.rpc.capabilities import ClientCan
from journeyman_protocol.methods import METHODS
from journeyman_protocol.rows import Direction
from rpc.harness import World


def ours(**said: Any) -> dict[str, Any]:
    return {"experimental": {"journeyman": said}}


NEOVIM: dict[str, Any] = {
    "window": {
        "workDoneProgress": True,
        "showMessage": {"messageActionItem": {"additionalPropertiesSupport": True}},
        "showDocument": {"support": True},
    },
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["rename", "create", "delete"]},
        "codeLens": {"refreshSupport": True},
    },
}
EDITOR = ClientCan(
    work_done_progress=True,
    show_messages=True,
    show_documents=True,
    apply_edits=True,
    document_changes=True,
    file_operations=frozenset({"rename", "create", "delete"}),
    refresh_code_lenses=True,
)


@pytest.mark.parametrize(
    ("capabilities", "can"),
    [
        ({}, ClientCan()),
        (NEOVIM, EDITOR),
        ({"window": {"showDocument": {"support": False}}}, ClientCan()),
        ({"workspace": {"workspaceEdit": {}}}, ClientCan()),
        (
            {"workspace": {"workspaceEdit": {"changeAnnotationSupport": {"groupsOnLabel": True}}}},
            ClientCan(change_annotations=True),
        ),
        (ours(), ClientCan(events=True)),
        (ours(protocolVersion=1, events=False), ClientCan()),
        (
            ours(requests=["permission/request"], optOut=["workspace/willExpire"], unknown=1),
            ClientCan(
                events=True,
                requests=frozenset({"permission/request"}),
                opted_out=frozenset({"workspace/willExpire"}),
            ),
        ),
    ],
)
async def test_what_a_client_can(world: World, capabilities: dict[str, Any], can: ClientCan) -> None:
    await world.initialized(capabilities)
    assert world.connections[0].peer.can == can


async def test_a_client_has_the_name_it_gives_itself(world: World) -> None:
    await world.initialized(clientInfo={"name": "Visual Studio Code", "version": "1"})
    await world.initialized()
    assert [each.peer.who for each in world.connections] == ["Visual Studio Code", "client 1"]


async def test_the_daemon_says_what_it_may_ask(world: World) -> None:
    client = await world.connect()
    said = (await client.initialize(ours()))["capabilities"]["experimental"]["journeyman"]
    assert said["requests"] == [row.name for row in METHODS if row.direction is Direction.REQUEST_OUT]
    assert "permission/request" in said["requests"]


@pytest.mark.parametrize("version", [0, -1, 2, 99])
async def test_a_version_that_is_not_spoken_is_refused_in_words(world: World, version: int) -> None:
    client = await world.connect()
    params = {"processId": None, "rootUri": None, "capabilities": ours(protocolVersion=version)}
    error = await client.error("initialize", params)
    assert error["code"] == -32602
    assert f"protocol version {version}" in error["message"]
    assert "1" in error["data"]["hint"]
    await client.initialize(ours(protocolVersion=1))  # it may try again


async def test_a_question_nobody_answers_in_time_is_taken_back(world: World) -> None:
    client = await world.initialized()
    outbound = world.connections[0].session.outbound
    with pytest.raises(Failure) as late:
        await outbound.request("window/showDocument", {}, timeout_s=0.001)
    assert late.value.kind == "timeout"
    request = await client.request("window/showDocument")
    assert await client.notification("$/cancelRequest") == {"id": request["id"]}
    client.send({"jsonrpc": "2.0", "id": request["id"], "result": None})  # too late, and no harm
    await client.result("daemon/ping")
    assert len(outbound) == 0


async def test_notifications_that_are_not_wanted_do_not_come(world: World) -> None:
    client = await world.initialized(ours(optOut=["workspace/willExpire"]))
    await client.result("daemon/ping")
    world.hub.tell("workspace/willExpire", {"projectId": "p1"})
    world.hub.tell("workspace/didChangeStatus", {"projectId": "p1"})
    assert await client.notification("workspace/didChangeStatus") == {"projectId": "p1"}
    assert client.notifications == []
