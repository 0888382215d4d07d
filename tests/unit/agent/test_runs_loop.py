"""A run from prompt to result: the happy path, and models that do everything wrong. Real guest and store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from journeyman.agent.limits import Limits
from journeyman.agent.stuck import END_AT
from journeyman.failures import Failure
from journeyman.ports.model import ModelDelta, ModelRequest
from journeyman.records import Budget, TodoItem
from journeyman.testing.model import ScriptedCall, ScriptedModel, ScriptedTurn, call, calls, say, with_usage
from journeyman.workspace.errors import WorkspaceError
from unit.agent.house import House, house

PLAN = call(
    "todoWrite",
    items=[
        {"id": "one", "content": "Write the greeting", "check": "grep -q hello greeting.txt"},
        {"id": "verify", "content": "Verify against the request"},
    ],
)
DONE = call(
    "todoWrite",
    items=[
        {"id": "one", "content": "Write the greeting", "status": "done"},
        {"id": "verify", "content": "Verify against the request", "status": "done"},
    ],
)
WORK = [
    call("write", path="greeting.txt", content="hello\nworld\n"),
    call("terminal", command="grep -q hello greeting.txt"),
    DONE,
]


async def test_the_happy_path_ends_verified_and_tells_everything(agent: House) -> None:
    agent.script([
        with_usage(call("ls"), 100, 10),
        PLAN,
        *WORK,
        call("commands", test="test -s greeting.txt", run="cat greeting.txt"),
        call("fin", summary="The greeting is there."),
    ])  # fmt: skip
    chat = await agent.chat()
    run = await agent.run("Make a greeting file.", chat_id=chat.id)
    assert (run.status, run.stop_reason, run.summary) == ("completed", "fin", "The greeting is there.")
    assert run.changes.files == ("greeting.txt",)
    assert (run.changes.added, run.changes.removed) == (2, 0)
    assert (run.commands.test, run.commands.run) == ("test -s greeting.txt", "cat greeting.txt")
    assert run.steps == 7
    assert (agent.folder(chat) / "greeting.txt").read_text() == "hello\nworld\n"
    assert await agent.store.runs.get(run.id) == run
    assert agent.workspaces.in_use == 0
    events = await agent.events(chat.id)
    kinds = [event.kind for event in events]
    assert kinds[0] == "run/started"
    assert kinds[-1] == "run/finished"
    assert kinds.count("run/finished") == 1
    phases = [event.data["phase"] for event in events if event.kind == "run/phase"]
    assert phases == ["workspace", "plan", "execute", "verify"]
    started = [event.data["callId"] for event in events if event.kind == "tool/started"]
    finished = [event.data["callId"] for event in events if event.kind == "tool/finished"]
    assert started == finished
    assert len(started) == 7
    todos = await agent.services.todos.get(chat.id)
    assert [item.evidence for item in todos.items] == ["grep -q hello greeting.txt: exit 0", None]


async def test_without_chat_and_project_both_are_made(agent: House) -> None:
    agent.script([say("Blue.")])
    run = await agent.run("What colour is the sky?")
    assert (run.status, run.stop_reason, run.summary) == ("completed", "answered", "Blue.")
    chat = await agent.services.chats.get(run.chat_id)
    assert chat.project_id == run.project_id
    assert chat.title == "What colour is the sky?"


async def test_mutating_tools_are_refused_before_there_is_a_plan(agent: House) -> None:
    agent.script([
        call("write", path="a.txt", content="x"),
        call("terminal", command="touch b.txt"),
        PLAN, *WORK, call("fin", summary="Done."),
    ])  # fmt: skip
    chat = await agent.chat()
    run = await agent.run(chat_id=chat.id)
    assert run.status == "completed"
    texts = await agent.tool_texts(chat.id)
    assert texts[0].startswith("failed: plan first: call todoWrite")
    assert texts[1].startswith("failed: plan first: call todoWrite")
    assert not (agent.folder(chat) / "a.txt").exists()
    assert not (agent.folder(chat) / "b.txt").exists()


async def test_mode_plan_ends_with_the_plan(agent: House) -> None:
    agent.script([PLAN])
    run = await agent.run(mode="plan")
    assert (run.status, run.stop_reason) == ("completed", "planned")
    assert len((await agent.services.todos.get(run.chat_id)).items) == 2


async def test_a_model_that_never_calls_a_tool_ends_the_run(agent: House) -> None:
    model = agent.script([say("I would love to.")], cycle=True)
    run = await agent.run()
    assert (run.status, run.stop_reason, run.summary) == ("blocked", "no_tool_calls", "I would love to.")
    assert len(model.requests) == 3


async def test_broken_arguments_and_unknown_tools_are_answered(agent: House) -> None:
    agent.script([
        ScriptedTurn(
            calls=(ScriptedCall("ls", '{"path": '), ScriptedCall("teleport", {}), ScriptedCall("read", {}))
        ),
        call("fin", summary="Nothing to do."),
    ])  # fmt: skip
    run = await agent.run("Is there anything to do?")
    assert run.status == "completed"
    broken, unknown, missing, _ = await agent.tool_texts(run.chat_id)
    assert broken.startswith("failed: the arguments could not be read")
    assert "Usage: ls(" in broken
    assert unknown.startswith("failed: there is no tool 'teleport'")
    assert "todoWrite" in unknown
    assert missing.startswith("failed: missing path")


async def test_a_model_that_loops_is_nudged_then_ended(agent: House) -> None:
    model = agent.script([call("ls", path=".")], cycle=True)
    run = await agent.run()
    assert (run.status, run.stop_reason) == ("blocked", "stuck")
    texts = await agent.tool_texts(run.chat_id)
    assert len(texts) == END_AT == len(model.requests)
    assert "Do something else" in texts[2]


async def test_fin_with_open_items_is_refused_and_the_same_refusal_twice_is_partial(agent: House) -> None:
    agent.script([PLAN, call("fin", summary="All done!"), call("fin", summary="Really done!")])
    run = await agent.run()
    assert (run.status, run.stop_reason) == ("partial", "gate")
    texts = await agent.tool_texts(run.chat_id)
    assert texts[1].startswith("failed: fin is refused. 2 todo items are open (one: Write the greeting")
    assert "Really done!" in run.summary


async def test_done_without_the_checks_run_is_not_believed(agent: House) -> None:
    agent.script([PLAN, DONE, call("fin", summary="Done.", status="blocked")])
    run = await agent.run()
    assert (run.status, run.stop_reason) == ("blocked", "fin")
    texts = await agent.tool_texts(run.chat_id)
    assert "not done yet: Write the greeting. Run its check first" in texts[1]
    todos = await agent.services.todos.get(run.chat_id)
    assert [item.status for item in todos.items] == ["in_progress", "done"]


async def test_what_the_user_does_to_the_list_meanwhile_is_seen(agent: House) -> None:
    chat = await agent.chat()

    class Overtaken(ScriptedModel):
        async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
            if len(self.requests) == 2:
                items = [TodoItem("", "Say hello twice")]
                await agent.services.todos.change(chat.id, items, if_rev=None, by="user", reason="Instead.")
            async for delta in super().stream(request):
                yield delta

    steps = [PLAN, call("ls"), call("todoRead"), call("fin", summary="Stopped.", status="blocked")]
    agent.offer(Overtaken(steps))
    run = await agent.run(chat_id=chat.id)
    assert (run.status, run.stop_reason) == ("blocked", "fin")
    assert "Say hello twice" in (await agent.tool_texts(chat.id))[2]


async def test_a_failing_verification_is_handed_back_and_then_repaired(agent: House) -> None:
    agent.script([
        call("write", path="n.txt", content="1\n"),
        call("commands", test="echo looking; grep 2 n.txt"),
        call("fin", summary="Done."),
        call("edit", path="n.txt", old_string="1", new_string="2"),
        call("fin", summary="Now done."),
    ])  # fmt: skip
    run = await agent.run(mode="execute")
    assert (run.status, run.summary) == ("completed", "Now done.")
    refused = (await agent.tool_texts(run.chat_id))[2]
    assert refused.startswith(
        "failed: verification failed, test `echo looking; grep 2 n.txt`: exit 1\nlooking"
    )


async def test_an_identical_failure_without_a_change_ends_partial_at_once(agent: House) -> None:
    model = agent.script([
        call("write", path="n.txt", content="1\n"),
        call("commands", test="exit 3"),
        call("fin", summary="Done."),
        call("fin", summary="Done, I say."),
        call("fin", summary="never asked"),
    ])  # fmt: skip
    run = await agent.run(mode="execute")
    assert (run.status, run.stop_reason) == ("partial", "verification_unchanged")
    assert "Verification failed: test `exit 3`: exit 3" in run.summary
    assert model.left == 1


async def test_verification_has_three_rounds(agent: House) -> None:
    rounds = [
        step
        for number in range(4)
        for step in (call("write", path=f"{number}.txt", content="x"), call("fin", summary="Done."))
    ]
    model = agent.script([call("commands", test="false"), *rounds])
    run = await agent.run(mode="execute")
    assert (run.status, run.stop_reason) == ("partial", "verification_failed")
    assert model.left == 2


async def test_the_step_ceiling_is_checked_before_the_call(agent: House) -> None:
    model = agent.script([call("ls", path=".", depth=number % 4 + 1) for number in range(10)])
    run = await agent.run(mode="execute", budget=Budget(steps=4))
    assert (run.status, run.stop_reason, run.steps) == ("partial", "limit_steps", 4)
    assert len(model.requests) == 4


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(tokens=1_000), "limit_tokens"),
        (Limits(usd=0.5), "limit_usd"),
        (Limits(seconds=0.0), "limit_seconds"),
    ],
)
async def test_ceilings_fail_closed(tmp_path: object, limits: Limits, reason: str) -> None:
    async with house(tmp_path, limits=limits) as agent:  # type: ignore[arg-type]
        agent.script([with_usage(call("ls"), 900, 200, cost_usd=0.6)], cycle=True)
        run = await agent.run(mode="execute")
        assert (run.status, run.stop_reason) == ("partial", reason)


async def test_a_model_that_breaks_off_mid_stream_is_asked_again_then_the_run_fails(agent: House) -> None:
    cut = ScriptedTurn(text="I am about to", stop="disconnected")
    model = agent.script([cut, call("fin", summary="Fine.")])
    run = await agent.run("Does it work?")
    assert run.status == "completed"
    assert len(model.requests) == 2
    agent.script([cut], cycle=True)
    run = await agent.run()
    assert (run.status, run.stop_reason) == ("failed", "model_unreachable")
    assert "broke off" in run.summary
    assert [m.role for m in await agent.store.messages.history(run.chat_id)] == ["user"]
    assert agent.workspaces.in_use == 0


async def test_an_unknown_model_and_a_missing_key_end_in_a_stated_result(agent: House) -> None:
    run = await agent.run(model="nobody/nothing")
    assert (run.status, run.stop_reason) == ("failed", "model_unknown")
    assert "nobody/nothing" in run.summary
    assert [e.kind for e in await agent.events(run.chat_id)] == ["run/started", "run/finished"]


async def test_a_workspace_that_cannot_be_had_ends_the_run_with_its_sentence(agent: House) -> None:
    agent.workspaces.refuse = WorkspaceError(
        "no_sandbox", "Neither Docker nor bubblewrap answers.", "Install one."
    )
    agent.script([])
    run = await agent.run()
    assert (run.status, run.stop_reason) == ("failed", "no_sandbox")
    assert run.summary == "Neither Docker nor bubblewrap answers. Install one."


async def test_a_bug_becomes_an_incident_without_a_traceback(
    agent: House, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(_request: object) -> ScriptedTurn:
        raise ZeroDivisionError("secret detail")

    agent.script([explode])
    run = await agent.run()
    assert (run.status, run.stop_reason) == ("failed", "internal")
    assert "secret detail" not in run.summary
    assert "incident" in run.summary
    assert "ZeroDivisionError" in caplog.text


async def test_the_request_is_the_one_before_and_more_over_thirty_turns(agent: House) -> None:
    steps = [call("terminal", command=f"echo {number}") for number in range(30)]
    model = agent.script([*steps, call("fin", summary="Counted.")])
    run = await agent.run(mode="execute")
    assert run.status == "completed"
    assert len(model.requests) == 31
    for before, after in zip(model.requests, model.requests[1:], strict=False):
        assert after.messages[: len(before.messages)] == before.messages
        assert (after.system, after.tools) == (before.system, before.tools)
        assert len(after.messages) > len(before.messages)


async def test_calls_of_one_message_run_at_the_same_time_unless_they_share(agent: House) -> None:
    agent.script([
        calls(*(call("write", path=f"{n}.txt", content=n) for n in "abc"),
              call("terminal", command="echo first >> order.txt"),
              call("terminal", command="echo second >> order.txt")),
        call("fin", summary="Done."),
    ])  # fmt: skip
    chat = await agent.chat()
    run = await agent.run(chat_id=chat.id, mode="execute")
    assert run.status == "completed"
    assert (agent.folder(chat) / "order.txt").read_text() == "first\nsecond\n"
    assert run.changes.files == ("a.txt", "b.txt", "c.txt", "order.txt")


async def test_failure_of_the_model_keeps_the_work_done(agent: House) -> None:
    agent.script(
        [call("write", path="kept.txt", content="x\n"), Failure("model_refused", "The provider says no.")]
    )
    run = await agent.run(mode="execute")
    assert (run.status, run.stop_reason) == ("failed", "model_refused")
    assert run.changes.files == ("kept.txt",)
