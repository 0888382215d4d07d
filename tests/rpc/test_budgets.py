"""Ceilings and usage over the wire: what cannot be counted is refused, and what was counted only grows."""

from __future__ import annotations

from typing import Any

import pytest

from journeyman.ports.model import ModelInfo
from journeyman.testing.model import ScriptedModel, call, with_usage
from rpc.working import Working
from unit.agent.house import MODEL

PRICED = ModelInfo(MODEL, "scripted", "test", 200_000, True, 1.0, 2.0)
FIN = call("fin", summary="Done.", status="partial")


async def test_a_budget_in_dollars_for_a_model_without_a_price_is_refused(working: Working) -> None:
    working.script([FIN], cycle=True)
    client = await working.world.initialized({})
    params = {"prompt": "Do it.", "mode": "execute", "budget": {"usd": 0.5}}
    error = await client.error("agent/run", params)
    assert (error["code"], "`budget.usd`" in error["data"]["hint"]) == (-32602, True)
    assert (await client.result("project/list"))["items"] == []
    working.offer(ScriptedModel([FIN]), PRICED)
    assert (await client.result("agent/run", params))["status"] == "partial"


async def test_a_run_stops_before_it_costs_more_than_it_may(working: Working) -> None:
    model = ScriptedModel([with_usage(call("ls"), 20_000, 10_000), with_usage(call("ls"), 1, 1)])
    working.offer(model, PRICED)
    client = await working.world.initialized({})
    params = {"prompt": "Do it.", "mode": "execute", "budget": {"usd": 0.0405}}
    run = await client.result("agent/run", params)
    assert (run["status"], run["stopReason"]) == ("partial", "limit_usd")
    assert run["usage"]["costUsd"] == 0.04
    assert "may need more than" in run["summary"]
    assert len(model.requests) == 1
    longest = model.requests[0].output_tokens_max
    assert longest is not None
    assert longest < 20_000


async def test_usage_only_grows_and_says_what_is_known(working: Working) -> None:
    steps = [
        with_usage(call("ls"), 1_000, 10, cached_tokens=500, cache_write_tokens=7, reasoning_tokens=3),
        call("ls", depth=2),
        with_usage(FIN, 2_000, 20),
    ]
    working.offer(ScriptedModel(steps), PRICED)
    client = await working.world.initialized({})
    run = await client.result("agent/run", {"prompt": "Do it.", "mode": "execute"})
    used = run["usage"]
    assert (used["complete"], used["modelCalls"], used.get("inputTokens")) == (False, 3, None)
    assert used["atLeast"] == {
        "inputTokens": 3_000,
        "outputTokens": 30,
        "cachedTokens": 500,
        "cacheWriteTokens": 7,
        "reasoningTokens": 3,
        "costUsd": pytest.approx(0.00306),
    }
    assert used["context"] == {"used": 2_020, "size": 200_000}
    chat = {"chatId": run["chatId"]}
    told: list[dict[str, Any]] = [
        event["data"]
        for event in (await client.result("agent/events", chat))["events"]
        if event["kind"] == "usage/updated"
    ]
    assert [each["atLeast"]["inputTokens"] for each in told] == [1_000, 1_000, 3_000]
    assert [each["complete"] for each in told] == [True, False, False]
    working.offer(ScriptedModel([with_usage(FIN, 5, 5)]), PRICED)
    await client.result("agent/run", {"prompt": "Again.", "mode": "execute", **chat})
    total = (await client.result("chat/get", chat))["usage"]
    assert (total["modelCalls"], total["atLeast"]["inputTokens"], total["complete"]) == (4, 3_005, False)
