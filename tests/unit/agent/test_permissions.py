"""The gate in a run: what waits, what goes on, what the model is told, and what cancelling does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from journeyman.agent.limits import Limits
from journeyman.agent.runs import StartRun
from journeyman.permission.policy import Policy
from journeyman.records import Budget, Permission
from journeyman.testing.clock import FakeClock
from journeyman.testing.model import ScriptedTurn, call, calls
from unit.agent.house import House, house

RESET = call("git", args="reset --hard")
FIN = call("fin", summary="That is all.", status="partial")


class Somebody:
    def requested(self, permission: Permission) -> None: ...

    def resolved(self, permission: Permission) -> None: ...

    def attended(self, chat_id: str) -> bool:
        return True


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def asked(tmp_path: Path, clock: FakeClock) -> AsyncGenerator[House]:
    async with house(tmp_path, policy=Policy(), clock=clock) as made:
        yield made


async def start(agent: House, **more: object) -> str:
    chat = await agent.chat()
    (agent.folder(chat) / "f").write_text("work\n")
    await agent.runs.start(StartRun("x", chat_id=chat.id, mode="execute", **more))  # type: ignore[arg-type]
    return chat.id


async def end(agent: House, chat_id: str) -> str:
    (run,) = (await agent.store.runs.list(chat_id)).items
    async with asyncio.timeout(60):
        return (await agent.runs.wait(run.id)).status


async def test_allowed_it_is_done_and_denied_it_is_not(asked: House) -> None:
    asked.script([
        call("terminal", command="git init -q . && git config user.name x && git config user.email x"
             " && git add f && git commit -qm x && echo more >> f"),
        RESET, RESET, FIN,
    ])  # fmt: skip
    chat_id = await start(asked)
    first = await asked.asked(chat_id)
    assert first.subject["title"] == "git reset --hard"
    assert asked.workspaces.in_use == 1  # held: nothing archives it meanwhile
    await asked.permissions.reply(first.id, "deny", feedback="I want to keep that.", by="test")
    second = await asked.asked(chat_id, 2)
    (run,) = (await asked.store.runs.list(chat_id)).items
    assert (asked.workspaces.folder(run.project_id) / "f").read_text() == "work\nmore\n"
    await asked.permissions.reply(second.id, "allow", by="test")
    assert await end(asked, chat_id) == "partial"
    assert (asked.workspaces.folder(run.project_id) / "f").read_text() == "work\n"
    texts = await asked.tool_texts(chat_id)
    assert texts[1] == "failed: the user denied this: nothing was done\nThe user said: I want to keep that."
    assert texts[2].startswith("exit 0")
    kinds = [event.kind for event in await asked.events(chat_id)]
    at = kinds.index("permission/requested")
    assert kinds[at : at + 4] == [
        "permission/requested", "permission/resolved", "tool/started", "tool/finished",
    ]  # fmt: skip


async def test_the_rest_of_a_parallel_group_goes_on(asked: House) -> None:
    hook = call("write", path=".git/hooks/pre-commit", content="#!/bin/sh\n")
    asked.script([calls(hook, call("write", path="a.txt", content="a"), call("read", path="f")), FIN])
    chat_id = await start(asked)
    question = await asked.asked(chat_id)
    await asked.until_event(chat_id, "tool/finished", 2)
    assert [each.id for each in await asked.permissions.pending(chat_id)] == [question.id]
    await asked.permissions.reply(question.id, "allow")
    assert await end(asked, chat_id) == "partial"
    assert "created .git/hooks/pre-commit, 1 lines" in await asked.tool_texts(chat_id)


async def test_a_call_beside_it_that_changes_what_it_means_undoes_the_permission(asked: House) -> None:
    moves = call("terminal", command="mkdir sub && cd sub")
    asked.script([calls(call("write", path=".git/hooks/x", content="x"), moves), FIN])
    chat_id = await start(asked)
    question = await asked.asked(chat_id)
    await asked.until_event(chat_id, "tool/finished", 1)
    await asked.permissions.reply(question.id, "allow")
    assert await end(asked, chat_id) == "partial"
    assert "failed: What would be done now is not what was allowed." in str(await asked.tool_texts(chat_id))
    (run,) = (await asked.store.runs.list(chat_id)).items
    assert list(asked.workspaces.folder(run.project_id).rglob("hooks")) == []
    assert (await asked.permissions.get(question.id)).used_at is None


async def test_more_questions_than_calls_may_run_at_once_hold_nothing_up(asked: House) -> None:
    hooks = [call("write", path=f".git/hooks/h{n}", content="x") for n in range(10)]
    asked.script([calls(*hooks, call("write", path="a.txt", content="a")), FIN])
    chat_id = await start(asked)
    await asked.until_event(chat_id, "permission/requested", 10)
    await asked.until_event(chat_id, "tool/finished", 1)
    for question in await asked.permissions.pending(chat_id):
        await asked.permissions.reply(question.id, "deny")
    assert await end(asked, chat_id) == "partial"


async def test_waiting_does_not_use_up_the_runs_time_and_expiry_is_an_observation(
    asked: House, clock: FakeClock
) -> None:
    asked.script([RESET, RESET, FIN])
    chat_id = await start(asked, budget=Budget(seconds=100))
    for number in (1, 2):
        await asked.asked(chat_id, number)
        await clock.advance(1800)
        await asked.until_event(chat_id, "permission/resolved", number)
    assert await end(asked, chat_id) == "partial"
    texts = await asked.tool_texts(chat_id)
    assert texts[0].startswith("failed: the user was asked for permission and did not answer within 1800 s")
    assert "Four fifths" not in "".join(texts)


async def test_cancelling_takes_the_question_back_before_the_run_ends(asked: House) -> None:
    asked.script([RESET, FIN])
    chat_id = await start(asked)
    question = await asked.asked(chat_id)
    await asked.runs.cancel(question.run_id)
    assert await end(asked, chat_id) == "cancelled"
    assert (await asked.permissions.get(question.id)).state == "withdrawn"
    kinds = [event.kind for event in await asked.events(chat_id)]
    assert kinds[-2:] == ["permission/resolved", "run/finished"]
    assert await asked.tool_texts(chat_id) == ["interrupted while the user was asked: nothing was done"]


@pytest.mark.parametrize("asks", [RESET, call("ask", question="Which licence?")])
async def test_what_the_user_says_instead_takes_the_question_back(asked: House, asks: ScriptedTurn) -> None:
    asked.permissions.listen(Somebody())
    asked.script([asks, FIN])
    chat_id = await start(asked)
    question = await asked.asked(chat_id)
    await asked.runs.steer(question.run_id, "Leave that alone.")
    assert await end(asked, chat_id) == "partial"
    assert (await asked.permissions.get(question.id)).state == "withdrawn"
    messages = await asked.store.messages.history(chat_id)
    told = [(m.role, m.text.splitlines()[0]) for m in messages[2:4]]
    assert told == [
        ("tool", "failed: the question to the user was taken back: nothing was done")
        if asks is RESET
        else ("tool", "the user said something else instead of answering"),
        ("user", "Leave that alone."),
    ]


async def test_a_forbidden_effect_is_told_to_the_model(tmp_path: Path) -> None:
    async with house(tmp_path, policy=Policy(commands="deny"), limits=Limits()) as agent:
        agent.script([call("terminal", command="touch x"), FIN])
        chat_id = await start(agent)
        assert await end(agent, chat_id) == "partial"
        (text, _) = await agent.tool_texts(chat_id)
        assert text.startswith("failed: the user's settings forbid this (permission_commands)")


async def test_the_commands_fin_runs_are_asked_about_too(tmp_path: Path) -> None:
    async with house(tmp_path, policy=Policy(commands="ask"), clock=FakeClock()) as agent:
        agent.script([
            call("commands", test="touch tested"), call("write", path="a", content="a"),
            call("fin", summary="Done."), call("fin", summary="No.", status="partial"),
        ])  # fmt: skip
        chat_id = await start(agent)
        question = await agent.asked(chat_id)
        assert question.subject["command"] == "touch tested"
        await agent.permissions.reply(question.id, "deny")
        assert await end(agent, chat_id) == "partial"
        (run,) = (await agent.store.runs.list(chat_id)).items
        assert not (agent.workspaces.folder(run.project_id) / "tested").exists()


async def test_the_agent_asks_where_somebody_is_there_and_decides_where_not(asked: House) -> None:
    question = call("ask", question="Which licence?", options=["GPL", "MIT"])
    asked.script([question, question, FIN])
    chat = await asked.chat()
    leave = asked.permissions.listen(Somebody())
    await asked.runs.start(StartRun("x", chat_id=chat.id, mode="execute"))
    first = await asked.asked(chat.id)
    assert first.subject["type"] == "question"
    leave()
    await asked.permissions.reply(first.id, "2")
    await asked.until_event(chat.id, "run/finished")
    texts = await asked.tool_texts(chat.id)
    assert texts[0] == "the user chose: MIT"
    assert texts[1].startswith("nobody is there to be asked: decide yourself")


@pytest.mark.parametrize(
    "arguments", [{"question": " "}, {"question": "x" * 2001}, {"question": "x", "options": list("abcdefg")}]
)
async def test_a_question_has_its_bounds(asked: House, arguments: dict[str, object]) -> None:
    asked.script([call("ask", **arguments), FIN])
    chat_id = await start(asked)
    await asked.until_event(chat_id, "run/finished")
    assert (await asked.tool_texts(chat_id))[0].startswith("failed: ")
