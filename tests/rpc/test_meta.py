"""`_meta` on any request, and what a client may say beside what a method takes."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.ports.tracing import Parent
from journeyman.rpc.meta import parent_of, without_meta
from journeyman.workspace.status import WorkspaceStatus
from journeyman_protocol.methods import BY_NAME
from rpc.harness import World

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("method", ["daemon/ping", "project/list"])
@pytest.mark.parametrize("meta", [{}, {"traceparent": TRACE}, {"traceparent": 7}, {"anything": [1]}])
async def test_every_request_takes_meta(world: World, method: str, meta: dict[str, Any]) -> None:
    client = await world.initialized()
    assert await client.result(method, {"_meta": meta})
    command = {"command": "journeyman." + method.replace("/", "."), "_meta": meta}
    assert await client.result("workspace/executeCommand", command)


@pytest.mark.parametrize("meta", [None, 7, "x", []])
async def test_meta_that_is_no_object_is_refused(world: World, meta: Any) -> None:
    client = await world.initialized()
    error = await client.error("daemon/ping", {"_meta": meta})
    assert error["code"] == -32602
    assert "`_meta`" in error["data"]["hint"]


@pytest.mark.parametrize(
    ("meta", "found"),
    [
        ({}, None),
        ({"traceparent": 7}, None),
        ({"tracestate": "a=1"}, None),
        ({"traceparent": TRACE}, Parent(TRACE)),
        ({"traceparent": TRACE, "tracestate": "a=1"}, Parent(TRACE, "a=1")),
        ({"traceparent": TRACE, "tracestate": 5}, Parent(TRACE)),
    ],
)
def test_the_callers_trace(meta: dict[str, Any], found: Parent | None) -> None:
    assert parent_of(meta) == found


def test_a_method_that_names_meta_gets_it() -> None:
    params = {"prompt": "x", "_meta": {"a": 1}}
    assert without_meta(params, BY_NAME["agent/run"]) == (None, params)
    assert without_meta(params, BY_NAME["chat/get"]) == (None, {"prompt": "x"})
    assert without_meta(params, None) == (None, params)


async def test_a_run_is_its_daemons_users(world: World) -> None:
    client = await world.initialized()
    error = await client.error("agent/run", {"prompt": "x", "userId": "somebody"})
    assert error["data"]["kind"] == "unauthorized"
    assert "'local'" in error["data"]["hint"]
    ident = client.ask("agent/run", {"prompt": "x", "userId": "local"})
    await world.runs.finish(await world.runs.begun())
    assert (await client.answer(ident))["result"]["status"] == "completed"


async def test_workspaces_come_in_pages(world: World) -> None:
    client = await world.initialized()
    every = tuple(WorkspaceStatus(f"p{number}", "cold") for number in range(5))
    world.manager.will("list", every, every, every)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for size in (2, 2, 1):
        page = await client.result("workspace/list", {"limit": 2, **cursor})
        assert len(page["items"]) == size
        seen += [item["projectId"] for item in page["items"]]
        cursor = {"cursor": page["nextCursor"]} if "nextCursor" in page else {}
    assert (seen, cursor) == (["p0", "p1", "p2", "p3", "p4"], {})
