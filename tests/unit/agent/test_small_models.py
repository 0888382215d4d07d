"""Runs of a model too weak to look around: what it is shown, what it may do, and how it ends."""

from __future__ import annotations

import pytest

from journeyman.agent.families import FAMILIES
from journeyman.agent.named_files import FILE_BYTES_MAX, FILES_MAX, named_files
from journeyman.agent.state import RunState
from journeyman.extensions.rules import SHORT_BYTES_MAX
from journeyman.model.registry import SMALL
from journeyman.ports.model import ModelInfo
from journeyman.records import Commands
from journeyman.testing.model import ScriptedModel, Step, call
from unit.agent.house import MODEL, House
from unit.agent.tooling import Bench

NEW = call("write", path="area.py", content="def area(a, b):\n    return a * b\n")


def small(agent: House, steps: list[Step]) -> ScriptedModel:
    model = ScriptedModel(steps)
    agent.models.inject(MODEL, model, ModelInfo(MODEL, "scripted", "test", None, True, extra=SMALL))
    return model


async def test_it_is_shown_what_the_request_names_and_begins_at_once(agent: House) -> None:
    chat = await agent.chat()
    (agent.folder(chat) / "area.py").write_text("def area(a, b):\n    return a + b\n")
    (agent.folder(chat) / "other.py").write_text("x = 1\n")
    model = small(agent, [NEW, call("terminal", command="python3 area.py"), call("fin", summary="Done.")])
    run = await agent.run("Repair area.py. It must multiply, in every case there is.", chat_id=chat.id)
    assert (run.status, run.stop_reason, run.steps) == ("completed", "fin", 3)
    assert (agent.folder(chat) / "area.py").read_text().endswith("a * b\n")
    first = model.requests[0]
    assert [spec.name for spec in first.tools] == ["write", "terminal", "fin"]
    assert first.system == FAMILIES["small"].system
    assert first.messages[0].context == "area.py\n```python\ndef area(a, b):\n    return a + b\n```"


async def test_a_file_it_was_not_shown_is_not_replaced(agent: House) -> None:
    chat = await agent.chat()
    (agent.folder(chat) / "area.py").write_text("mine\n")
    model = small(agent, [NEW, call("fin", summary="Done.")])
    await agent.run("Write a program for areas.", chat_id=chat.id, mode="execute")
    assert (agent.folder(chat) / "area.py").read_text() == "mine\n"
    assert model.requests[0].messages[0].context == ""
    assert "was not read" in model.requests[1].messages[-1].text


async def test_it_is_told_the_beginning_of_the_projects_rules_once(agent: House) -> None:
    chat = await agent.chat()
    (agent.folder(chat) / "AGENTS.md").write_text("Use tabs.\n" + "x" * SHORT_BYTES_MAX)
    (agent.folder(chat) / "deep").mkdir()
    (agent.folder(chat) / "deep" / "AGENTS.md").write_text("Use blanks.\n")
    model = small(agent, [call("write", path="deep/a.py", content="a = 1\n"), call("fin", summary="Done.")])
    await agent.run("Write deep/a.py.", chat_id=chat.id)
    told = model.requests[0].messages[0].context
    assert "Use tabs.\n" in told
    assert "\n[10 more bytes]\n" in told
    assert told.count("x") < SHORT_BYTES_MAX
    assert "blanks" not in "".join(message.for_model for message in model.requests[-1].messages)


async def test_what_nothing_has_shown_to_be_right_ends_as_partial_without_a_debate(agent: House) -> None:
    model = small(agent, [NEW, call("fin", summary="I wrote it.")])
    run = await agent.run("Write area.py.")
    assert (run.status, run.stop_reason, len(model.requests)) == ("partial", "gate", 2)
    assert run.summary.startswith("I wrote it.\n\nNot finished: Files were edited")


async def test_a_verification_that_fails_is_the_end_as_well(agent: House) -> None:
    chat = await agent.chat()
    await agent.services.projects.update(chat.project_id, commands=Commands(test="false"))
    small(agent, [NEW, call("fin", summary="I wrote it.")])
    run = await agent.run("Write area.py.", chat_id=chat.id)
    assert (run.status, run.stop_reason) == ("partial", "verification_failed")


async def test_a_question_is_answered_in_words(agent: House) -> None:
    small(agent, [call("fin", summary="Four.")])
    run = await agent.run("How much is two and two?")
    assert (run.status, run.stop_reason, run.summary) == ("completed", "answered", "Four.")


@pytest.mark.parametrize(
    ("request_", "shown"),
    [
        ("Change a.py, b/c.sh and a.py.", ["a.py", "b/c.sh"]),
        ("Change (`./a.py`)", ["./a.py"]),
        ("Change /etc/passwd and ../a.py and b and missing.py.", []),
        ("Look at big.txt, bin.dat, latin.txt.", []),
        ("Is 1.5 or e.g. 2.0 right?", []),
        (" ".join(f"n{n}.txt" for n in range(9)), [f"n{n}.txt" for n in range(FILES_MAX)]),
    ],
)
async def test_which_files_a_request_names(tools: Bench, request_: str, shown: list[str]) -> None:
    (tools.folder / "b").mkdir()
    for name in ("a.py", "b/c.sh", *(f"n{n}.txt" for n in range(9))):
        (tools.folder / name).write_text("x\n")
    (tools.folder / "big.txt").write_text("x" * (FILE_BYTES_MAX + 1))
    (tools.folder / "bin.dat").write_bytes(b"a\0b")
    (tools.folder / "latin.txt").write_bytes(b"\xe9")
    state: RunState = tools.state
    blocks = await named_files(tools.context.guest, state, request_)
    assert [each.partition("\n")[0] for each in blocks.split("\n\n") if each] == shown
    assert set(state.hashes) == {state.at(name) for name in shown}
