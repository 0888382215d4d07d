"""What keeps a run on its way: reminders, the budget of the plan phase, segments, warnings; and programs that
go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyman.agent import planner, verify
from journeyman.agent.limits import Limits
from journeyman.agent.reminder import EVERY_STEPS, STEPS_WITHOUT_CHANGE
from journeyman.records import Budget
from journeyman.testing.model import Step, call
from unit.agent.house import House, house

PLAN = call("todoWrite", items=[{"id": "one", "content": "Make a", "check": "test -e a"}, "Verify"])
END = call("fin", summary="Left.", status="partial")
WARNING = "Four fifths of this run's 5 steps are used. Come to an end."


def looks(count: int, of: str = "a") -> list[Step]:
    """Calls that are never the same."""
    return [call("grep", pattern=f"{of}{number}") for number in range(count)]


async def test_the_item_at_hand_is_said_again_where_the_list_stands_still(agent: House) -> None:
    agent.script([*looks(6), PLAN, *looks(10, "b"), END])
    chat = await agent.chat()
    await agent.run(chat_id=chat.id)
    texts = await agent.tool_texts(chat.id)
    reminded = [at - 6 for at, text in enumerate(texts) if "[todo: 2 open; now one: Make a]" in text]
    assert reminded == [STEPS_WITHOUT_CHANGE, 2 * STEPS_WITHOUT_CHANGE]


async def test_whoever_keeps_changing_the_list_is_reminded_less_often(agent: House) -> None:
    again = [call("todoWrite", items=[{"id": "one", "content": f"Make a, {n}"}, "Verify"]) for n in range(4)]
    kept = [step for write, look in zip(again, looks(4), strict=True) for step in (write, look)]
    agent.script([PLAN, *kept, *looks(1, "c"), END])
    chat = await agent.chat()
    await agent.run(chat_id=chat.id)
    reminded = [at for at, text in enumerate(await agent.tool_texts(chat.id)) if "[todo: 2 open; now" in text]
    assert reminded == [EVERY_STEPS - 1]


async def test_nobody_is_reminded_of_a_list_that_is_done(agent: House) -> None:
    agent.script([call("todoWrite", items=[{"content": "Look", "status": "done"}]), *looks(9), END])
    chat = await agent.chat()
    await agent.run(chat_id=chat.id)
    assert not [text for text in await agent.tool_texts(chat.id) if "[todo:" in text]


@pytest.mark.parametrize(("mode", "reason"), [("plan+execute", "fin"), ("plan", "no_plan")])
async def test_the_plan_phase_has_its_budget(agent: House, mode: str, reason: str) -> None:
    model = agent.script([*looks(planner.STEPS_MAX), call("write", path="a", content="a"), END])
    chat = await agent.chat()
    run = await agent.run(chat_id=chat.id, mode=mode)
    assert (run.status, run.stop_reason) == ("partial", reason)
    assert (agent.folder(chat) / "a").exists() == (mode != "plan")
    assert model.left == (0 if mode != "plan" else 2)
    notices = [e.data["message"] for e in await agent.events(chat.id) if e.kind == "notice"]
    assert notices == [f"There is no plan after {planner.STEPS_MAX} steps; the work begins without one."]


@pytest.mark.parametrize(("check", "steps"), [("test -e a", 10), ("test -e b", 5)])
async def test_only_verified_progress_opens_another_segment(tmp_path: Path, check: str, steps: int) -> None:
    async with house(tmp_path, limits=Limits(steps_per_segment=5, segments_max=2)) as agent:
        done = {"id": "one", "content": "Make a", "status": "done"}
        agent.script([
            call("todoWrite", items=[{"id": "one", "content": "Make a", "check": check}, "Verify"]),
            call("write", path="a", content="a"),
            call("terminal", command=check),
            call("todoWrite", items=[done, "Verify"]),
            *looks(20),
        ])  # fmt: skip
        run = await agent.run()
        assert (run.status, run.stop_reason) == ("partial", "limit_steps")
        assert run.steps == (steps - 1 if check == "test -e a" else steps)


async def test_a_run_is_warned_once_before_its_ceiling(agent: House) -> None:
    agent.script(looks(9))
    chat = await agent.chat()
    run = await agent.run(chat_id=chat.id, mode="execute", budget=Budget(steps=5))
    assert run.stop_reason == "limit_steps"
    assert [WARNING in text for text in await agent.tool_texts(chat.id)] == [False] * 3 + [True, False]


async def told_of_running(agent: House, path: str, content: str, command: str) -> list[str]:
    agent.script([
        call("write", path=path, content=content),
        call("commands", run=command),
        call("fin", summary="It serves."),
    ])  # fmt: skip
    chat = await agent.chat()
    run = await agent.run(chat_id=chat.id, mode="execute")
    assert (run.status, run.stop_reason) == ("completed", "fin")
    return [e.data["message"] for e in await agent.events(chat.id) if e.kind == "notice"]


async def test_a_program_that_goes_on_runs(agent: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "ALIVE_S", 0.2)
    told = await told_of_running(agent, "a", "a", "touch began; exec sleep 600")
    assert told == ["run: touch began; exec sleep 600: alive after 0s"]


async def test_a_server_runs_as_soon_as_it_listens(agent: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "ALIVE_S", 3600.0)
    server = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); time.sleep(600)"
    told = await told_of_running(agent, "serve.py", server, "true && python3 serve.py")
    assert [text.rstrip("0123456789") for text in told] == ["run: true && python3 serve.py: listens on port "]
