"""Carrying on a run that a crash or a shutdown ended: one run, however often it is asked for."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.agent.conversation import open_calls
from journeyman.agent.resuming import CARRY_ON
from journeyman.agent.runs import RunService, StartRun
from journeyman.failures import Failure
from journeyman.records import Budget, Run
from journeyman.testing.model import call
from unit.agent.gated import GatedModel
from unit.agent.house import House

FIN = call("fin", summary="Done.", status="partial")
PLAN = call("todoWrite", items=["Write it", "Verify against the request"])


async def _shut_down(agent: House, model: GatedModel, answers: int, **more: object) -> Run:
    """A run that is stopped by a shutdown while it waits for the model."""
    agent.offer(model)
    run = await agent.runs.start(StartRun("Write it down.", **more))  # type: ignore[arg-type]
    for _ in range(answers):
        await model.asked()
        model.go()
    await model.asked()
    await agent.runs.close()
    agent.runs = RunService(agent.services)
    await agent.runs.recover()
    return await agent.store.runs.get(run.id)


async def test_a_resumed_run_carries_on_with_its_plan_and_says_so(agent: House) -> None:
    run = await _shut_down(agent, GatedModel([PLAN, call("ls")]), 1)
    assert run.stop_reason == "shutdown"
    model = agent.script([FIN])
    resumed = await agent.runs.resume(run.id)
    assert (resumed.resumes, resumed.chat_id, resumed.prompt) == (run.id, run.chat_id, run.prompt)
    async with asyncio.timeout(90):
        ended = await agent.runs.wait(resumed.id)
    assert ended.summary == "Done."
    last = model.requests[0].messages[-1]
    assert (last.role, last.text) == ("user", CARRY_ON)
    assert "Write it down." in last.context
    phases = [e.data["phase"] for e in await agent.events(run.chat_id) if e.kind == "run/phase"]
    assert phases == ["workspace", "plan", "execute", "workspace", "execute"]
    history = await agent.store.messages.history(run.chat_id)
    assert open_calls(history) == []
    assert [m.text for m in history if m.role == "user"] == ["Write it down.", CARRY_ON]


async def test_asked_again_it_is_the_same_run_before_and_after_its_end(agent: House) -> None:
    run = await _shut_down(agent, GatedModel([PLAN]), 0)
    agent.script([FIN], cycle=True)
    first, second = await asyncio.gather(agent.runs.resume(run.id), agent.runs.resume(run.id))
    assert first.id == second.id
    await agent.runs.wait(first.id)
    again = await agent.runs.resume(run.id)
    assert (again.id, again.summary) == (first.id, "Done.")
    assert len((await agent.store.runs.list(run.chat_id)).items) == 2


async def test_only_an_interrupted_run_can_be_resumed(agent: House) -> None:
    agent.script([FIN])
    run = await agent.run(mode="execute")
    with pytest.raises(Failure) as caught:
        await agent.runs.resume(run.id)
    assert caught.value.kind == "conflict"
    with pytest.raises(Failure) as caught:
        await agent.runs.resume("nowhere")
    assert caught.value.kind == "not_found"


async def test_a_resumed_run_has_what_is_left_of_the_ceilings(agent: House) -> None:
    run = await _shut_down(
        agent, GatedModel([call("ls"), call("ls")]), 2, mode="execute", budget=Budget(steps=3)
    )
    agent.script([call("ls"), call("glob", pattern="*")])
    resumed = await agent.runs.resume(run.id)
    assert resumed.budget.steps == 1
    assert (await agent.runs.wait(resumed.id)).stop_reason == "limit_steps"


async def test_a_resumed_run_can_be_interrupted_and_resumed(agent: House) -> None:
    run = await _shut_down(agent, GatedModel([PLAN]), 0)
    model = GatedModel([FIN])
    agent.offer(model)
    second = await agent.runs.resume(run.id)
    await model.asked()
    await agent.runs.close()
    agent.runs = RunService(agent.services)
    last = agent.script([FIN])
    third = await agent.runs.resume(second.id)
    assert (await agent.runs.wait(third.id)).summary == "Done."
    assert (await agent.runs.resume(run.id)).id == second.id
    assert [m.text for m in last.requests[0].messages if m.role == "user"] == [
        "Write it down.", CARRY_ON, CARRY_ON,
    ]  # fmt: skip


async def test_it_goes_before_what_waits(agent: House) -> None:
    run = await _shut_down(agent, GatedModel([PLAN]), 0)
    model = GatedModel([FIN] * 3)
    agent.offer(model)
    orders = [StartRun(name, chat_id=run.chat_id, mode="execute") for name in ("now", "later")]
    now, later = [await agent.runs.start(order) for order in orders]
    resumed = await agent.runs.resume(run.id)
    model.go(3)
    for each in (now, resumed, later):
        await agent.runs.wait(each.id)
    started = [e.run_id for e in await agent.events(run.chat_id) if e.kind == "run/started"]
    assert started == [run.id, now.id, resumed.id, later.id]
