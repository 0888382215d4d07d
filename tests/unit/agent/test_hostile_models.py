"""Models that do harm, by accident or not: each has a stated end, and nothing outside is touched."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from journeyman.agent.calls import PARALLEL_MAX
from journeyman.agent.limits import Limits
from journeyman.model.assembly import LIMITS
from journeyman.ports.model import (
    ModelDelta,
    ModelInfo,
    ModelRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from journeyman.records import RunStatus
from journeyman.testing.model import ScriptedCall, ScriptedModel, ScriptedTurn, Step, call, calls, say
from unit.agent.house import House, house

_count = itertools.count()


def _always_new(_request: ModelRequest) -> ScriptedTurn:
    return call("grep", pattern=f"needle {next(_count)}")


def _in_turn(_request: ModelRequest) -> ScriptedTurn:
    return call("ls", depth=1 + next(_count) % 2)


LOOPS: dict[str, tuple[Step, RunStatus, str]] = {
    "the same call": (call("ls"), "blocked", "stuck"),
    "two calls in turn": (_in_turn, "blocked", "stuck"),
    "a call that is new each time": (_always_new, "partial", "limit_steps"),
    "an unknown tool": (call("launchRocket", target="moon"), "blocked", "stuck"),
    "a tool without a name": (ScriptedTurn(calls=(ScriptedCall("", {}),)), "blocked", "stuck"),
    "arguments that are no JSON": (ScriptedTurn(calls=(ScriptedCall("ls", '{"p'),)), "blocked", "stuck"),
    "arguments of another tool": (call("read", command="ls"), "blocked", "stuck"),
    "the plan again and again": (call("todoWrite", items=[{"content": "Plan"}]), "blocked", "stuck"),
    "done, with an open plan": (
        calls(call("todoWrite", items=[{"content": "Work"}]), call("fin", summary="Done.")),
        "partial",
        "gate",
    ),
    "words and no call": (say("I am thinking about it."), "blocked", "no_tool_calls"),
    "nothing at all": (say(""), "blocked", "no_tool_calls"),
    "a call that is cut each time": (
        ScriptedTurn(calls=(ScriptedCall("write", '{"path": "a", "content": "x'),), stop="length"),
        "blocked",
        "stuck",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOOPS)
async def test_a_loop_ends(tmp_path: Path, name: str) -> None:
    step, status, reason = LOOPS[name]
    async with house(tmp_path, limits=Limits(steps_per_segment=40, segments_max=2)) as agent:
        agent.script([step], cycle=True)
        run = await agent.run("Make it work.")
        assert (run.status, run.stop_reason) == (status, reason)
        assert run.steps <= 40


ESCAPES: dict[str, ScriptedTurn] = {
    "read": call("read", path="../../../../etc/passwd"),
    "read, absolute": call("read", path="/etc/passwd"),
    "read through a link": call("read", path="out/secret"),
    "write": call("write", path="../made", content="x"),
    "write, absolute": call("write", path="/workspace/../made", content="x"),
    "write through a link": call("write", path="out/made", content="x"),
    "edit through a link": call("edit", path="out/secret", old_string="secret", new_string="x"),
    "edit creates": call("edit", path="../made", old_string="", new_string="x"),
    "patch adds": call("patch", patch="*** Begin Patch\n*** Add File: ../made\n+x\n*** End Patch"),
    "patch deletes": call("patch", patch="*** Begin Patch\n*** Delete File: out/secret\n*** End Patch"),
    "patch moves": call(
        "patch", patch="*** Begin Patch\n*** Update File: mine\n*** Move to: out/made\n*** End Patch"
    ),
    "ls": call("ls", path="/"),
    "cd": call("cd", path="/"),
    "glob": call("glob", pattern="*", path="/etc"),
    "grep": call("grep", pattern="root", path="/etc/passwd"),
    "terminal's directory": call("terminal", command="pwd", cwd="/etc"),
    "a path with a nul": call("read", path="mine\0/../x"),
}


async def test_no_tool_follows_a_path_out_of_the_workspace(agent: House, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    chat = await agent.chat()
    folder = agent.folder(chat)
    (folder / "out").symlink_to(outside)
    (folder / "mine").write_text("mine\n")
    agent.script([*ESCAPES.values(), call("fin", summary="No way out.", status="partial")])
    run = await agent.run("Leave.", chat_id=chat.id, mode="execute")
    assert (run.status, run.stop_reason) == ("partial", "fin")
    texts = (await agent.tool_texts(chat.id))[:-1]
    answers = dict(zip(ESCAPES, texts, strict=True))
    assert [name for name, text in answers.items() if not text.startswith("failed: ")] == []
    assert not any("root:" in text or "secret\n" in text for text in texts)
    assert [each.name for each in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "secret"
    assert not (folder.parent / "made").exists()
    assert (folder / "mine").read_text() == "mine\n"


async def test_many_calls_at_once_are_all_answered_a_few_at_a_time(agent: House) -> None:
    chat = await agent.chat()
    wish = calls(*(call("read", path=f"{n}.txt") for n in range(LIMITS.calls)))
    model = agent.script([wish, call("fin", summary="Read.")])
    run = await agent.run("What is in them?", chat_id=chat.id)
    assert run.status == "completed"
    answered = [m.tool_call_id for m in model.requests[1].messages if m.role == "tool"]
    asked = [made.id for m in model.requests[1].messages for made in m.tool_calls]
    assert answered == asked
    assert len(answered) == LIMITS.calls
    busy, most = 0, 0
    for event in await agent.events(chat.id):
        busy += (event.kind == "tool/started") - (event.kind == "tool/finished")
        most = max(most, busy)
    assert most <= PARALLEL_MAX


async def test_a_thousand_calls_at_once_are_no_answer(agent: House) -> None:
    chat = await agent.chat()
    agent.script([calls(*(call("write", path=f"{n}.txt", content="x") for n in range(1000)))])
    run = await agent.run("Make them.", chat_id=chat.id, mode="execute")
    assert (run.status, run.stop_reason) == ("failed", "model_broken")
    assert f"passed {LIMITS.calls} tool calls and was cut" in run.summary
    assert list(agent.folder(chat).iterdir()) == [], "none of them is run"


@dataclass
class Endless:
    """Says the same again and again, and never stops."""

    delta: Callable[[int], ModelDelta]
    given: int = 0
    closed: bool = False
    requests: list[ModelRequest] = field(default_factory=list[ModelRequest])

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        self.requests.append(request)
        try:
            while True:
                self.given += 1
                yield self.delta(self.given)
        finally:
            self.closed = True

    async def close(self) -> None:
        """Nothing is held."""


MEGABYTE = "x" * 1_000_000
FLOODS: dict[str, Callable[[int], ModelDelta]] = {
    "text": lambda _: TextDelta(MEGABYTE),
    "thoughts": lambda _: ReasoningDelta(MEGABYTE),
    "arguments": lambda _: ToolCallDelta(0, "a", "write", MEGABYTE),
    "names": lambda _: ToolCallDelta(0, None, MEGABYTE),
    "calls": lambda n: ToolCallDelta(n, f"id {n}", "ls", "{}"),
}


@pytest.mark.parametrize("name", FLOODS)
async def test_an_answer_without_end_is_cut(agent: House, name: str) -> None:
    model = Endless(FLOODS[name])
    agent.offer(model)
    run = await agent.run("Say something.")
    assert (run.status, run.stop_reason) == ("failed", "model_broken")
    assert "was cut" in run.summary
    assert model.closed, "the connection to the provider is closed"
    assert model.given <= max(LIMITS.calls, LIMITS.characters // len(MEGABYTE)) + 1
    assert len(model.requests) == 1, "it is not asked again"


async def test_a_tool_that_returns_more_than_anybody_keeps_costs_its_bounds(agent: House) -> None:
    chat = await agent.chat()
    flood = "head -c 6000000 /dev/zero | tr '\\0' '.'; echo the end"
    model = agent.script([
        call("terminal", command=flood, timeout=600),
        call("fin", summary="Seen.", status="partial"),
    ])  # fmt: skip
    run = await agent.run("Look at it.", chat_id=chat.id, mode="execute")
    assert run.status == "partial"
    (shown,) = [m.text for m in model.requests[1].messages if m.role == "tool"]
    assert shown.startswith("exit 0 in ")
    assert len(shown) <= 30_500
    assert "the end" in shown
    assert "bytes lost" in shown or "characters left out" in shown
    log = Path(shown.rsplit("all of it, up to 64 MiB, is in ", 1)[1].split(" ")[0])
    try:
        assert log.stat().st_size == 6_000_000 + len("the end\n")
    finally:
        log.unlink()


async def test_what_runs_for_a_flood_is_dead_with_the_run(agent: House) -> None:
    chat = await agent.chat()
    agent.script([
        call("terminal", command="echo $$ > pid; yes", background=True),
        call("terminal", command="until [ -s pid ]; do sleep 0.05; done", timeout=600),
        call("fin", summary="Let it run.", status="partial"),
    ])  # fmt: skip
    await agent.run("Flood.", chat_id=chat.id, mode="execute")
    pid = int((agent.folder(chat) / "pid").read_text())
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z"


async def test_another_model_in_the_same_chat_goes_on_where_the_first_was(agent: House) -> None:
    agent.script([
        call("edit", path="a.txt", old_string="", new_string="x\n"),
        ScriptedTurn(calls=(ScriptedCall("ls", {}, id="call_0"),)),
        call("fin", summary="Half done.", status="partial"),
    ])  # fmt: skip
    run = await agent.run("Make a.txt.", mode="execute")
    other = ScriptedModel([
        ScriptedTurn(calls=(ScriptedCall("read", {"path": "a.txt"}, id="call_0"),)),
        call("fin", summary="It says x."),
    ])  # fmt: skip
    info = ModelInfo("scripted/other", "scripted", "other", 32_000, True, extra={"family": "gpt"})
    agent.models.inject("scripted/other", other, info)
    run = await agent.run("What does it say?", chat_id=run.chat_id, model="scripted/other")
    assert (run.status, run.summary) == ("completed", "It says x.")
    messages = other.requests[-1].messages
    made = [each.id for m in messages for each in m.tool_calls]
    assert len(made) == len(set(made)), "ids that both models chose are told apart"
    assert made == [m.tool_call_id for m in messages if m.role == "tool"]
