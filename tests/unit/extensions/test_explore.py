"""Exploring: a history of its own, reading only, out of the run's budget, and a short answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from journeyman.agent.exploring import ANSWER_CHARACTERS_MAX, CALLS_MAX, STEPS_MAX
from journeyman.agent.runs import RunService, StartRun
from journeyman.extensions.extensions import Extensions
from journeyman.extensions.hooks import Hook
from journeyman.failures import Failure
from journeyman.ports.model import ModelRequest
from journeyman.records import Budget
from journeyman.testing.model import ScriptedModel, ScriptedTurn, Step, call, calls, say, with_usage
from unit.agent.gated import GatedModel
from unit.agent.house import House, house

ASK = call("explore", question="Where is the parser?")
END = call("fin", summary="Asked.", status="partial")


@pytest.fixture
async def explorers(tmp_path: Path):
    async with house(tmp_path, extensions=Extensions(explore=True)) as made:
        yield made


def _texts(request: ModelRequest) -> str:
    return "\n".join(message.for_model for message in request.messages)


async def _run(agent: House, *steps: Step, **more: object):
    model = agent.script(list(steps))
    chat = await agent.chat()
    (agent.folder(chat) / "parser.py").write_text("def parse():\n    return 42\n")
    run = await agent.run("Do it.", chat_id=chat.id, mode="execute", **more)
    return model, run, await agent.tool_texts(chat.id)


async def test_the_answer_comes_back_and_what_was_read_does_not(explorers: House) -> None:
    model, run, texts = await _run(
        explorers,
        with_usage(ASK, 100, 10),
        with_usage(call("grep", pattern="def parse"), 50, 5),
        with_usage(call("read", path="parser.py"), 60, 6),
        with_usage(say("In parser.py:1-2, parse()."), 70, 7),
        with_usage(END, 200, 20),
    )
    assert texts[0] == "explored in 3 steps, 2 looks\nIn parser.py:1-2, parse()."
    main, inside, last = model.requests[0], model.requests[1], model.requests[4]
    assert inside.system != main.system
    assert [spec.name for spec in inside.tools] == ["ls", "read", "grep", "glob", "git"]
    assert _texts(inside) == "Where is the parser?"
    assert "return 42" in _texts(model.requests[3])
    assert "return 42" not in _texts(last)
    assert last.messages[: len(main.messages)] == main.messages, "the run's own prefix is untouched"
    assert (run.usage.input_tokens, run.usage.output_tokens, run.steps) == (480, 48, 5)


async def test_only_reading_is_done(explorers: House) -> None:
    tries = [
        call("write", path="parser.py", content="gone"),
        call("terminal", command="rm parser.py"),
        call("git", args="checkout -- ."),
        call("cd", path="/"),
        call("fin", summary="Done."),
        call("explore", question="And again?"),
        call("todoWrite", items=[{"content": "x", "status": "pending"}]),
    ]
    model, run, texts = await _run(explorers, ASK, calls(*tries), tries[0], say("Nothing."), END)
    assert texts[0].endswith("Nothing.")
    results = [message for message in model.requests[3].messages if message.role == "tool"]
    assert len({message.tool_call_id for message in results}) == len(results) == len(tries) + 1
    assert not any(message.ok for message in results)
    assert (run.status, run.changes.files) == ("partial", ())


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([call("ls")] * STEPS_MAX, "it came to no answer"),
        ([ScriptedTurn()], "it came to no answer"),
        ([with_usage(call("ls"), 1_300_000, 1)], "ceiling"),
    ],
    ids=["never answers", "says nothing", "costs too much"],
)
async def test_what_comes_to_no_end_is_ended(explorers: House, steps: list[Step], why: str) -> None:
    _, run, texts = await _run(explorers, ASK, *steps, END)
    assert texts[0].startswith("failed: exploring ended without an answer")
    assert why in texts[0]
    assert run.status == "partial"


async def test_the_last_look_asks_for_words(explorers: House) -> None:
    model, _, texts = await _run(explorers, ASK, *[call("ls")] * (STEPS_MAX - 1), say("Late."), END)
    assert texts[0].endswith("Late.")
    assert model.requests[STEPS_MAX].tool_choice == "none"
    assert "last look" in model.requests[STEPS_MAX].messages[-1].text


async def test_the_runs_own_ceiling_ends_it_too(explorers: House) -> None:
    model, run, _ = await _run(explorers, ASK, call("ls"), call("ls"), END, budget=Budget(steps=2))
    assert (run.status, run.stop_reason, run.steps) == ("partial", "limit_steps", 2)
    assert len(model.requests) == 2


async def test_a_flood_is_cut(explorers: House) -> None:
    model, _, texts = await _run(explorers, ASK, calls(*[call("ls")] * 100), say("y" * 50_000), END)
    assert len(texts[0]) < ANSWER_CHARACTERS_MAX + 200
    results = [message.ok for message in model.requests[2].messages if message.role == "tool"]
    assert results.count(True) == CALLS_MAX
    assert len(results) == 100


async def test_cancelling_the_run_ends_it(explorers: House) -> None:
    model = GatedModel([ASK, call("ls"), say("never")])
    explorers.offer(model)
    chat = await explorers.chat()
    started = await explorers.runs.start(StartRun("Do it.", chat_id=chat.id, mode="execute"))
    await model.asked()
    model.go()
    await model.asked()
    await explorers.runs.cancel(started.id)
    run = await explorers.runs.wait(started.id)
    assert run.status == "cancelled"
    assert (await explorers.tool_texts(chat.id))[0].startswith("interrupted; state unknown")


async def test_hooks_see_what_is_looked_at(tmp_path: Path) -> None:
    hook = Hook("before_tool", "echo private; exit 2", frozenset({"read"}))
    async with house(tmp_path, extensions=Extensions(hooks=(hook,), explore=True)) as agent:
        model, _, _ = await _run(agent, ASK, call("read", path="parser.py"), say("No."), END)
        assert "refused this: private" in _texts(model.requests[2])


async def test_there_is_no_such_tool_where_the_user_wants_none(agent: House) -> None:
    model, _, texts = await _run(agent, ASK, END)
    assert "there is no tool 'explore'" in texts[0]
    assert "explore" not in [spec.name for spec in model.requests[0].tools]


async def test_after_a_fallback_the_other_model_looks(explorers: House) -> None:
    explorers.services = replace(explorers.services, fallback_models=("scripted/other",))
    explorers.runs = RunService(explorers.services, runs_max=4)
    gone = Failure("model_refused", "No credit.")
    first = explorers.script([call("ls"), gone])
    other = ScriptedModel([ASK, say("Nowhere."), END])
    explorers.models.inject("scripted/other", other)
    run = await explorers.run("Where is it?", mode="execute")
    assert "Nowhere." in (await explorers.tool_texts(run.chat_id))[1]
    assert (first.left, other.left) == (0, 0)
