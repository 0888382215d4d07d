"""`workspace/executeCommand`: our requests from an editor that knows none of them."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.rpc.plain.commands import COMMANDS
from journeyman_protocol.methods import REQUESTS
from rpc.harness import World

PROGRESS_ONLY: dict[str, Any] = {"window": {"workDoneProgress": True}}


def command(name: str, *arguments: Any, **more: Any) -> dict[str, Any]:
    return {"command": f"journeyman.{name}", "arguments": list(arguments), **more}


async def test_every_request_is_a_command_that_initialize_tells(world: World) -> None:
    client = await world.connect()
    answer = await client.initialize(PROGRESS_ONLY)
    told = answer["capabilities"]["executeCommandProvider"]
    assert told["workDoneProgress"] is True
    assert set(told["commands"]) == set(COMMANDS)
    assert len(COMMANDS) == len(REQUESTS) + 2
    assert COMMANDS["journeyman.agent.run"].name == "agent/run"


async def test_a_command_answers_what_its_request_would(world: World) -> None:
    client = await world.initialized(PROGRESS_ONLY)
    made = await client.result("workspace/executeCommand", command("project.create", {"name": "P"}))
    assert await client.result("project/get", {"projectId": made["id"]}) == {
        key: value for key, value in made.items() if key != "notices"
    }
    assert "now" in await client.result("workspace/executeCommand", command("daemon.ping"))


async def test_a_run_by_command_shows_its_progress_on_the_requests_token(world: World) -> None:
    client = await world.initialized(PROGRESS_ONLY)
    ident = client.ask(
        "workspace/executeCommand", command("agent.run", {"prompt": "Do it."}, workDoneToken="t")
    )
    run = await world.runs.begun()
    await world.runs.finish(run)
    assert (await client.answer(ident))["result"]["runId"] == run.id
    progress = client.claim("$/progress")
    assert [item["value"]["kind"] for item in progress] == ["begin", "end"]
    assert {item["token"] for item in progress} == {"t"}


async def test_an_accepted_run_is_shown_though_the_client_knows_nothing_of_ours(world: World) -> None:
    client = await world.initialized(PROGRESS_ONLY)
    await client.result(
        "workspace/executeCommand", command("agent.run", {"prompt": "Do it.", "wait": "accepted"})
    )
    create = await client.request("window/workDoneProgress/create")
    client.send({"jsonrpc": "2.0", "id": create["id"], "result": None})
    assert (await client.notification("$/progress"))["value"]["kind"] == "begin"
    await world.runs.finish(await world.runs.begun())
    assert (await client.notification("$/progress"))["value"]["kind"] == "end"


async def test_a_cancelled_command_cancels_its_run(world: World) -> None:
    client = await world.initialized(PROGRESS_ONLY)
    ident = client.ask("workspace/executeCommand", command("agent.run", {"prompt": "Do it."}))
    run = await world.runs.begun()
    client.tell("$/cancelRequest", {"id": ident})
    assert (await client.answer(ident))["error"]["code"] == -32800
    assert world.runs.cancels == [run.id]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (None, "There is no command"),
        ({}, "There is no command"),
        ({"command": 7}, "There is no command"),
        ({"command": "journeyman.no.such"}, "There is no command 'journeyman.no.such'"),
        ({"command": "daemon/ping"}, "There is no command 'daemon/ping'"),
        (command("daemon.ping", {}, {}), "takes one argument"),
        (command("daemon.ping", [1]), "must be an object"),
        ({"command": "journeyman.daemon.ping", "arguments": "x"}, "takes one argument"),
        (command("project.get", {"projectId": 7}), "The parameters of project/get"),
        (command("project.get"), "The parameters of project/get"),
        (command("daemon.ping", {"more": 1}), "The parameters of daemon/ping"),
    ],
)
async def test_what_is_no_command_is_refused_in_words(world: World, params: Any, words: str) -> None:
    client = await world.initialized(PROGRESS_ONLY)
    error = await client.error("workspace/executeCommand", params)
    assert error["code"] == -32602
    assert words in error["message"]
    assert error["data"]["hint"]
