"""`daemon/metrics`: what was asked is counted once, under names of ours."""

from __future__ import annotations

from typing import Any

from rpc.harness import World


def value(metrics: dict[str, Any], name: str, **labels: str) -> float:
    found = [
        sample["value"]
        for metric in metrics["items"]
        for sample in metric["samples"]
        if sample["name"] == f"journeyman_{name}" and sample["labels"] == labels
    ]
    assert len(found) == 1, (name, labels, found)
    return found[0]


async def test_requests_are_counted_by_method_and_outcome(world: World) -> None:
    client = await world.initialized()
    for _ in range(3):
        await client.result("daemon/ping")
    await client.error("project/get", {"projectId": "no-such-project"})
    metrics = await client.result("daemon/metrics")
    assert value(metrics, "requests_total", method="daemon/ping", outcome="ok") == 3
    assert value(metrics, "requests_total", method="project/get", outcome="not_found") == 1
    assert value(metrics, "request_seconds_count", method="daemon/ping") == 3
    assert value(metrics, "request_seconds_bucket", method="daemon/ping", le="+Inf") == 3
    assert "daemon/metrics" not in str(metrics)
    assert (
        value(await client.result("daemon/metrics"), "requests_total", method="daemon/metrics", outcome="ok")
        == 1
    )


async def test_a_cancelled_request_is_one_outcome(world: World) -> None:
    client = await world.initialized()
    ident = client.ask("agent/run", {"prompt": "x"})
    await world.runs.begun()
    client.tell("$/cancelRequest", {"id": ident})
    await client.answer(ident)
    metrics = await client.result("daemon/metrics")
    assert value(metrics, "requests_total", method="agent/run", outcome="cancelled") == 1


async def test_what_is_there_now_and_what_is_stored(world: World) -> None:
    client = await world.initialized()
    other = await world.initialized()
    chat = await world.chat()
    await other.result("agent/subscribe", {"chatId": chat})
    accepted = await client.result("agent/run", {"prompt": "x", "chatId": chat, "wait": "accepted"})
    create = await client.request("window/workDoneProgress/create")
    client.send({"jsonrpc": "2.0", "id": create["id"], "error": {"code": 1, "message": "no"}})
    metrics = await client.result("daemon/metrics")
    assert value(metrics, "clients") == 2
    assert value(metrics, "subscriptions") == 1
    assert value(metrics, "projects_stored") == value(metrics, "chats_stored") == 1
    assert value(metrics, "runs_stored", status="running") == 1
    await world.runs.finish(world.runs.started[0])
    metrics = await client.result("daemon/metrics")
    assert value(metrics, "runs_stored", status="completed") == 1
    assert accepted["runId"] not in str(metrics)
    await other.until(lambda: len(other.notifications) == 2)
    other.claim("agent/event")


async def test_what_nobody_handles_is_no_label(world: World) -> None:
    client = await world.initialized()
    await client.error("no/such-method-a-client-made-up")
    assert "no/such" not in str(await client.result("daemon/metrics"))
