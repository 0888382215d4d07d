"""Another model plans: it looks and writes the list, and the run's own model works from all of it."""

from __future__ import annotations

import dataclasses

from journeyman.agent.runs import RunService
from journeyman.failures import Failure
from journeyman.ports.model import ModelInfo
from journeyman.records import Budget
from journeyman.testing.model import ScriptedModel, Step, call
from unit.agent.house import MODEL, House

PLANNER = "scripted/planner"
PLAN = call("todoWrite", items=[{"id": "one", "content": "Write a", "check": "test -e a"}])
WORK = [
    call("write", path="a", content="a"),
    call("terminal", command="test -e a"),
    call("todoWrite", items=[{"id": "one", "content": "Write a", "status": "done"}]),
    call("fin", summary="a is there."),
]


def planning(agent: House, steps: list[Step], name: str = PLANNER) -> ScriptedModel:
    """A model for plans, of OpenAI's family."""
    model = ScriptedModel(steps)
    info = ModelInfo(PLANNER, "scripted", "planner", None, True, extra={"family": "gpt"})
    agent.models.inject(PLANNER, model, info)
    agent.services = dataclasses.replace(agent.services, planner_model=name)
    agent.runs = RunService(agent.services, runs_max=4)
    return model


async def notices(agent: House, chat_id: str) -> list[str]:
    return [e.data["message"] for e in await agent.events(chat_id) if e.kind == "notice"]


async def test_the_own_model_goes_on_from_all_the_planner_read_and_wrote(agent: House) -> None:
    planner, own = planning(agent, [call("ls"), PLAN]), agent.script(WORK)
    run = await agent.run("Make it.")
    assert (run.status, run.summary) == ("completed", "a is there.")
    assert f"The plan is made by {PLANNER}." in await notices(agent, run.chat_id)
    assert (len(planner.requests), len(own.requests)) == (2, 4)
    offered = [{spec.name for spec in each.requests[0].tools} & {"edit", "patch"} for each in (planner, own)]
    assert offered == [{"patch"}, {"edit"}]
    handed_over, last = own.requests[0].messages, planner.requests[-1].messages
    assert handed_over[: len(last)] == last
    assert [message.tool_name for message in handed_over if message.role == "tool"] == ["ls", "todoWrite"]
    stored = await agent.store.turns.of_run(run.id)
    assert [turn.model for turn in stored] == [PLANNER] * 2 + [MODEL] * 4


async def test_where_there_is_nothing_to_plan_it_is_not_asked(agent: House) -> None:
    planner = planning(agent, [])
    agent.script(WORK)
    await agent.run("Make it.", mode="execute")
    assert planner.requests == []


async def test_a_planner_that_cannot_be_had_leaves_the_plan_to_the_run(agent: House) -> None:
    planning(agent, [], name="nobody/nothing")
    agent.script([PLAN, *WORK])
    run = await agent.run("Make it.")
    assert run.status == "completed"
    assert f"There is no model 'nobody/nothing'. The plan is made by {MODEL}." in await notices(
        agent, run.chat_id
    )


async def test_a_planner_that_is_gone_in_the_middle_leaves_the_rest_to_the_run(agent: House) -> None:
    planning(agent, [call("ls"), *[Failure("model_refused", "It asks for payment.")] * 4])
    own = agent.script([PLAN, *WORK])
    run = await agent.run("Make it.")
    assert run.status == "completed"
    assert [m.role for m in own.requests[0].messages] == ["user", "assistant", "tool"]


async def test_a_planner_without_a_price_does_not_plan_under_a_budget_in_dollars(agent: House) -> None:
    planner = planning(agent, [])
    model = ScriptedModel([PLAN, *WORK])
    priced = ModelInfo(
        MODEL, "scripted", "test", None, True, input_usd_per_million=1.0, output_usd_per_million=1.0
    )
    agent.models.inject(MODEL, model, priced)
    run = await agent.run("Make it.", budget=Budget(usd=1.0))
    assert run.status == "completed"
    assert planner.requests == []
