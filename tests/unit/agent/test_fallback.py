"""A model that cannot be had any more: the run goes on with another of its user's, or says why not."""

from __future__ import annotations

import dataclasses

import pytest

from journeyman.failures import Failure
from journeyman.ports.model import ModelInfo
from journeyman.records import Budget
from journeyman.testing.model import ScriptedModel, ScriptedTurn, call, calls, say
from unit.agent.fallbacks import OTHER, THIRD, fall_back, offer
from unit.agent.house import MODEL, House

GONE = Failure("model_unreachable", "It does not answer.", hint="Wait.", retryable=True)
FIN = call("fin", summary="It is so.")


async def notices(agent: House, chat_id: str) -> list[str]:
    return [e.data["message"] for e in await agent.events(chat_id) if e.kind == "notice"]


@pytest.mark.parametrize(
    "failure",
    [
        GONE,
        Failure("model_refused", "It limits the rate.", retryable=True, retry_after_ms=10_000_000),
        Failure("model_refused", "It asks for payment."),
        Failure("model_unknown", "It knows no such model."),
        Failure("model_broken", "It cannot be understood."),
        Failure("timeout", "It sent nothing.", retryable=True),
    ],
    ids=lambda failure: failure.message,
)
async def test_the_run_goes_on_with_the_next_model(agent: House, failure: Failure) -> None:
    first = agent.script([call("ls"), *[failure] * 4])
    other = offer(agent, OTHER, [call("ls", depth=2), FIN])
    fall_back(agent, "scripted/none", MODEL, OTHER)
    run = await agent.run("What is there?")
    assert (run.status, run.summary) == ("completed", "It is so.")
    tried = 4 if failure.retryable and failure.retry_after_ms is None else 1
    why = failure.message if tried == 1 else f"{failure.message[:-1]} (4 attempts)."
    assert f"{why} The run goes on with {OTHER}." in await notices(agent, run.chat_id)
    assert len(first.requests) == 1 + tried
    assert [m.role for m in other.requests[0].messages] == ["user", "assistant", "tool"]
    assert len(other.requests) == 2, "it stays"


async def test_each_is_tried_once_and_the_last_failure_is_the_end(agent: House) -> None:
    agent.script([GONE] * 4)
    offer(agent, OTHER, [GONE] * 4)
    offer(agent, THIRD, [Failure("model_refused", "No credit.", hint="Pay.")])
    fall_back(agent, OTHER, OTHER, THIRD)
    run = await agent.run("What is there?")
    assert (run.status, run.stop_reason, run.summary) == ("failed", "model_refused", "No credit. Pay.")


@pytest.mark.parametrize(
    "failure",
    [
        Failure("model_refused", "It is too long.", data={"contextExceeded": True}),
        Failure("invalid", "A bug."),
    ],
    ids=lambda failure: failure.message,
)
async def test_what_another_model_would_not_change_ends_the_run(agent: House, failure: Failure) -> None:
    agent.script([failure])
    other = offer(agent, OTHER, [FIN])
    fall_back(agent, OTHER)
    run = await agent.run("What is there?")
    assert (run.status, run.stop_reason) == ("failed", failure.kind)
    assert other.requests == []


async def test_without_the_setting_the_run_ends(agent: House) -> None:
    agent.script([GONE] * 4)
    other = offer(agent, OTHER, [FIN])
    run = await agent.run("What is there?")
    assert (run.status, run.stop_reason) == ("failed", "model_unreachable")
    assert other.requests == []


async def test_a_model_that_cannot_be_chosen_at_all_is_no_reason(agent: House) -> None:
    other = offer(agent, OTHER, [FIN])
    fall_back(agent, OTHER)
    run = await agent.run("What is there?", model="scripted/missing")
    assert (run.status, run.stop_reason) == ("failed", "model_unknown")
    assert other.requests == []


async def test_no_call_of_an_answer_that_broke_off_is_run(agent: House) -> None:
    cut = dataclasses.replace(call("write", path="half.txt", content="x"), stop="disconnected")
    agent.script([cut] * 4)
    offer(agent, OTHER, [call("ls"), FIN])
    fall_back(agent, OTHER)
    chat = await agent.chat()
    run = await agent.run("What is there?", chat_id=chat.id, mode="execute")
    assert run.status == "completed"
    assert not (agent.folder(chat) / "half.txt").exists()
    history = await agent.store.messages.history(chat.id)
    assert [m.role for m in history] == ["user", "assistant", "tool", "assistant", "tool"]


async def test_another_family_is_offered_its_own_tools_and_old_calls_stay(agent: House) -> None:
    agent.script([call("edit", path="a", old_string="", new_string="x\n"), *[GONE] * 4])
    patch = "*** Begin Patch\n*** Update File: a\n@@\n-x\n+y\n*** End Patch"
    other = offer(agent, OTHER, [call("patch", patch=patch), call("fin", summary="Done.", status="partial")],
                  extra={"family": "gpt"})  # fmt: skip
    fall_back(agent, OTHER)
    chat = await agent.chat()
    await agent.run("Make it y.", chat_id=chat.id, mode="execute")
    assert (agent.folder(chat) / "a").read_text() == "y\n"
    names = {spec.name for spec in other.requests[0].tools}
    assert "patch" in names
    assert "edit" not in names
    assert "*** Begin Patch" in other.requests[0].system
    assert other.requests[0].messages[1].tool_calls[0].name == "edit"


async def test_a_smaller_window_is_kept_to(agent: House) -> None:
    agent.script([
        *[call("terminal", command=f"seq {n} {n + 2000}") for n in range(6)],
        *[GONE] * 4,
    ])  # fmt: skip
    other = offer(agent, OTHER, [FIN], window=16_000)
    fall_back(agent, OTHER)
    await agent.run("What is there?", mode="execute")
    texts = [m.text for m in other.requests[0].messages if m.role == "tool"]
    assert texts[0].startswith("[cleared: terminal seq 0 2000")
    assert texts[-1].startswith("exit 0")


async def test_a_budget_in_dollars_is_not_handed_to_a_model_without_a_price(agent: House) -> None:
    priced = ModelInfo(MODEL, "scripted", "test", None, True, 1.0, 1.0)
    agent.models.inject(MODEL, ScriptedModel([GONE] * 4), priced)
    unpriced = offer(agent, OTHER, [FIN])
    offer(agent, THIRD, [FIN], input_usd_per_million=1.0, output_usd_per_million=1.0)
    fall_back(agent, OTHER, THIRD)
    run = await agent.run("What is there?", budget=Budget(usd=1.0))
    assert run.status == "completed"
    assert unpriced.requests == []


PLAN = call("todoWrite", items=[{"content": "Do it", "check": "test -e done.txt"}])
WRONG = call("terminal", command="test -e done.txt")


async def test_much_thought_for_the_plan_and_after_a_failure_little_between(agent: House) -> None:
    steps: list[tuple[ScriptedTurn, str]] = [
        (call("ls"), "high"),
        (PLAN, "high"),
        (call("write", path="a.txt", content="x\n"), "low"),
        (call("terminal", command="exit 1"), "low"),
        (WRONG, "low"),
        (call("write", path="done.txt", content="x\n"), "high"),
        (calls(WRONG, call("read", path="a.txt")), "low"),
        (call("fin", summary="Done."), "low"),
        (say("It is open, I see."), "high"),
        (call("fin", summary="Done.", status="partial"), "low"),
    ]
    model = agent.script([step for step, _ in steps])
    await agent.run("Make it so.")
    assert [request.effort for request in model.requests] == [effort for _, effort in steps]


async def test_what_the_user_asked_for_counts(agent: House) -> None:
    model = agent.script([call("ls"), PLAN, call("fin", summary="Done.", status="partial")])
    await agent.run("Make it so.", effort="medium")
    assert {request.effort for request in model.requests} == {"medium"}
