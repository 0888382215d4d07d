"""Bringing changes to the editor's folder: asked once, always or never, and never in anybody's way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.acp_lines import AcpWorld, LineClient
from journeyman.acp.serving import Acp
from journeyman.changes.carrying import Carried
from journeyman.records import Changes
from rpc.harness import World

CWD = "/home/me/project"


@dataclass
class PuppetCarrying:
    """Has one file to bring back, and one that may not go."""

    written: list[str] = field(default_factory=list[str])
    noted: list[str] = field(default_factory=list[str])

    async def proposals(self, chat: Any, **more: Any) -> list[Any]:
        assert more["root"] == CWD
        go = SimpleNamespace(path="a.txt", refused=None, before=b"old", after=b"new")
        stay = SimpleNamespace(path=".git/hooks/x", refused="it runs by itself", before=None, after=b"\0")
        return [go, stay]

    async def write(self, root: Path, proposals: Sequence[Any], allowed: Collection[str]) -> list[Carried]:
        assert root == Path(CWD)
        self.written += [each.path for each in proposals]
        return [Carried(each.path, "written") for each in proposals]

    async def carried(self, chat: Any, root: str, done: Sequence[Any]) -> None:
        self.noted += [each.path for each in done]


@pytest.fixture
def carrying(world: AcpWorld) -> PuppetCarrying:
    puppet = PuppetCarrying()
    inner: World = world.world
    inner.services = replace(inner.services, carrying=puppet)  # type: ignore[arg-type]
    world.services, world.acp = inner.services, Acp(inner.services)
    return puppet


async def asked(world: AcpWorld, *, local: bool = True) -> tuple[LineClient, str, Any]:
    """A prompt whose run has changed a file."""
    if local:
        await world.services.projects.create(source="folder", folder=CWD)
    client = await world.started(local=local)
    session = await client.new(CWD)
    return client, session, await prompted(world, client, session, 1)


async def prompted(world: AcpWorld, client: LineClient, session: str, count: int) -> Any:
    ident = client.prompt(session, f"Go {count}.")
    run = await world.runs.begun(count)
    await world.runs.finish(replace(run, changes=Changes(("a.txt",), 1, 1)))
    return ident


def answer(client: LineClient, request: dict[str, Any], option: str) -> None:
    outcome = {"outcome": {"outcome": "selected", "optionId": option}}
    client.send({"jsonrpc": "2.0", "id": request["id"], "result": outcome})


async def test_yes_writes_and_says_what_became_of_each_file(
    world: AcpWorld, carrying: PuppetCarrying
) -> None:
    client, session, ident = await asked(world)
    request = await client.request("session/request_permission")
    shown = await client.update(session, "tool_call")
    assert request["params"]["toolCall"]["toolCallId"] == shown["toolCallId"]
    assert [(each["path"], each["oldText"], each["newText"]) for each in shown["content"]] == [
        (f"{CWD}/a.txt", "old", "new")
    ]
    answer(client, request, "write")
    result = (await client.answer(ident))["result"]
    assert result["_meta"]["journeyman"]["folder"] == [{"path": "a.txt", "outcome": "written"}]
    over = await client.update(session, "tool_call_update")
    assert over["status"] == "completed"
    text = over["content"][-1]["content"]["text"]
    assert text == "written a.txt\nrefused .git/hooks/x: it runs by itself"
    assert carrying.written == carrying.noted == ["a.txt"]
    again = await prompted(world, client, session, 2)
    answer(client, await client.request("session/request_permission"), "leave")
    assert (await client.answer(again))["result"]["stopReason"] == "end_turn"
    assert carrying.written == ["a.txt"], "asked again, and not written"


async def test_always_is_for_this_session(world: AcpWorld, carrying: PuppetCarrying) -> None:
    client, session, ident = await asked(world)
    answer(client, await client.request("session/request_permission"), "always")
    await client.answer(ident)
    await client.answer(await prompted(world, client, session, 2))
    assert carrying.written == ["a.txt", "a.txt"]
    assert client.requests == []


@pytest.mark.parametrize(
    "said",
    [
        {"error": {"code": -32601, "message": "no"}},
        {"result": {"outcome": {"outcome": "cancelled"}}},
        {"result": {"outcome": {"outcome": "selected", "optionId": "perhaps"}}},
        {"result": None},
    ],
)
async def test_everything_but_yes_is_no(world: AcpWorld, carrying: PuppetCarrying, said: Any) -> None:
    client, session, ident = await asked(world)
    request = await client.request("session/request_permission")
    client.send({"jsonrpc": "2.0", "id": request["id"], **said})
    assert (await client.answer(ident))["result"]["stopReason"] == "end_turn"
    assert (await client.update(session, "tool_call_update"))["status"] == "failed"
    assert carrying.written == []


async def test_a_cancel_while_it_is_asked_takes_the_question_back(
    world: AcpWorld, carrying: PuppetCarrying
) -> None:
    client, session, ident = await asked(world)
    request = await client.request("session/request_permission")
    client.tell("session/cancel", {"sessionId": session})
    assert (await client.notification("$/cancel_request")) == {"requestId": request["id"]}
    assert (await client.answer(ident))["result"]["stopReason"] == "end_turn", "the run had ended"
    assert carrying.written == []


async def test_a_client_on_another_machine_is_not_asked(world: AcpWorld, carrying: PuppetCarrying) -> None:
    client, _, ident = await asked(world, local=False)
    await client.answer(ident)
    assert (client.requests, carrying.written) == ([], [])


async def test_a_run_that_changed_nothing_asks_nothing(world: AcpWorld, carrying: PuppetCarrying) -> None:
    await world.services.projects.create(source="folder", folder=CWD)
    client = await world.started(local=True)
    session = await client.new(CWD)
    ident = client.prompt(session, "Look.")
    await world.runs.finish(await world.runs.begun())
    await client.answer(ident)
    assert client.requests == []
