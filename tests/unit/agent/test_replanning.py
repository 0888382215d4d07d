"""Planning again in the middle of the work: when it is wanted, that nothing is changed until it is done, and
that the work goes on where no new plan comes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from journeyman.agent.inbox import STEERED, STEERED_WITH_A_PLAN
from journeyman.agent.replanning import PLAN_AGAIN, STEPS_MAX
from journeyman.agent.runs import StartRun
from journeyman.agent.stuck import NUDGE_AT, StuckDetector
from journeyman.agent.tools.registry import PLAN_AGAIN as REFUSED
from journeyman.records import Chat, Run
from journeyman.testing.model import ScriptedTurn, call, say
from unit.agent.gated import GatedModel
from unit.agent.house import House

PLAN = call("todoWrite", items=[{"id": "one", "content": "Work"}])
OTHER_PLAN = call("todoWrite", items=[{"id": "one", "content": "Work another way"}])
DONE = call("todoWrite", items=[{"id": "one", "content": "Work", "status": "done"}])
LOOK = call("ls")
END = call("fin", summary="Left.", status="partial")


def write(name: str) -> ScriptedTurn:
    return call("write", path=name, content=name)


async def _phases(agent: House, chat: Chat) -> list[str]:
    return [event.data["phase"] for event in await agent.events(chat.id) if event.kind == "run/phase"]


async def test_who_is_stuck_changes_nothing_until_there_is_a_new_plan(agent: House) -> None:
    model = agent.script([PLAN, *[LOOK] * NUDGE_AT, write("a"), OTHER_PLAN, write("b"), END])
    chat = await agent.chat()
    await agent.run(chat_id=chat.id)
    texts = await agent.tool_texts(chat.id)
    assert texts[NUDGE_AT].endswith(PLAN_AGAIN)
    assert texts[NUDGE_AT + 1].startswith(f"failed: {REFUSED}\nThe run goes in circles.")
    assert [path.name for path in agent.folder(chat).iterdir()] == ["b"]
    assert await _phases(agent, chat) == ["workspace", "plan", "execute", "plan", "execute"]
    efforts = [request.effort for request in model.requests]
    assert efforts == ["high", "low", "low", "low", "high", "high", "low", "low"]


async def test_a_new_plan_that_changes_nothing_does_not_begin_it_all_again(agent: House) -> None:
    model = agent.script([PLAN, *[LOOK] * NUDGE_AT, OTHER_PLAN, *[LOOK] * 10])
    run = await agent.run()
    assert (run.status, run.stop_reason) == ("blocked", "stuck")
    assert model.left == 10 - NUDGE_AT


def test_another_call_is_nudged_by_itself() -> None:
    stuck = StuckDetector()
    for name in ("a", "b"):
        seen = [stuck.saw_call("read", {"path": name}, "x") for _ in range(NUDGE_AT)]
        assert [each.what if each else None for each in seen] == [None, None, "nudge"]


async def test_the_same_failure_of_the_verification_twice_wants_a_new_plan(agent: House) -> None:
    agent.script([
        PLAN, call("commands", test="echo broken; exit 3"), write("a"), DONE, call("fin", summary="Done."),
        write("b"), call("fin", summary="Done."),
        write("c"), OTHER_PLAN, write("d"), END,
    ])  # fmt: skip
    chat = await agent.chat()
    await agent.run(chat_id=chat.id)
    texts = await agent.tool_texts(chat.id)
    first, second, refused = texts[4], texts[6], texts[7]
    assert "Repair it and call fin again (2 rounds left)." in first
    assert PLAN_AGAIN not in first
    assert f"The verification failed twice in the same way. {PLAN_AGAIN} Repair it" in second
    assert refused.startswith(f"failed: {REFUSED}")
    assert sorted(path.name for path in agent.folder(chat).iterdir()) == ["a", "b", "d"]


async def test_another_failure_of_the_verification_wants_none(agent: House) -> None:
    agent.script([
        PLAN, call("commands", test="ls b && exit 3; exit 4"), write("a"), DONE, call("fin", summary="Done."),
        write("b"), call("fin", summary="Done."), write("c"), END,
    ])  # fmt: skip
    chat = await agent.chat()
    await agent.run(chat_id=chat.id)
    assert (agent.folder(chat) / "c").exists()


async def test_what_the_user_says_is_in_the_plan_before_anything_is_changed(agent: House) -> None:
    model = GatedModel([PLAN, LOOK, write("a"), OTHER_PLAN, write("b"), END])
    chat, run = await _at_work(agent, model)
    await agent.runs.steer(run.id, "Use tabs.")
    model.go(5)
    await agent.runs.wait(run.id)
    assert next(m for m in model.requests[2].messages if m.text == "Use tabs.").context == STEERED_WITH_A_PLAN
    assert [path.name for path in agent.folder(chat).iterdir()] == ["b"]


@pytest.mark.parametrize("mode", ["plan+execute", "execute"])
async def test_a_question_of_the_user_or_a_run_without_a_plan_wants_none(agent: House, mode: Any) -> None:
    first, said = (PLAN, "Why tabs?") if mode == "plan+execute" else (LOOK, "Use tabs.")
    model = GatedModel([first, LOOK, write("a"), END])
    chat, run = await _at_work(agent, model, mode=mode)
    await agent.runs.steer(run.id, said)
    model.go(3)
    await agent.runs.wait(run.id)
    assert next(m for m in model.requests[2].messages if m.text == said).context == STEERED
    assert (agent.folder(chat) / "a").exists()


async def test_without_a_new_plan_the_work_goes_on_after_a_few_steps(agent: House) -> None:
    looks = [call("ls", depth=depth) for depth in range(1, STEPS_MAX)]
    agent.script([PLAN, *[LOOK] * NUDGE_AT, *looks[1:], say("Hm."), say("Hm."), write("a"), END])
    chat = await agent.chat()
    await agent.run(chat_id=chat.id)
    assert (agent.folder(chat) / "a").exists()
    notices = [e.data["message"] for e in await agent.events(chat.id) if e.kind == "notice"]
    assert f"There is no new plan after {STEPS_MAX} steps; the work goes on without one." in notices


async def _at_work(agent: House, model: GatedModel, mode: Any = "plan+execute") -> tuple[Chat, Run]:
    """A run whose second answer is waited for."""
    agent.offer(model)
    chat = await agent.chat()
    run = await agent.runs.start(StartRun("Make it.", chat_id=chat.id, mode=mode))
    await model.asked()
    model.go()
    async with asyncio.timeout(90):
        await model.asked()
    return chat, run
