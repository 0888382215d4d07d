"""Runs as the daemon keeps them: idempotent, queued, cancelled within seconds, cleared up after a crash."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from journeyman.agent.runs import StartRun
from journeyman.failures import Failure
from journeyman.records import Chat, Message, Run, ToolCall
from journeyman.testing.model import call, say
from unit.agent.house import House, house

SLEEPY = call("terminal", command="echo $$ > pid; sleep 300 & echo $! > child; wait", timeout=100)


async def _kinds(agent: House, run: Run) -> list[str]:
    return [event.kind for event in await agent.events(run.chat_id) if event.run_id == run.id]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def _pid(path: Path) -> int:
    async with asyncio.timeout(90):
        while not path.exists() or not path.read_text().strip():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
    return int(path.read_text())


async def test_the_same_client_run_id_is_the_same_run(agent: House) -> None:
    agent.script([say("Blue."), say("Red.")])
    wanted = StartRun("What colour is the sky?", client_run_id="abc")
    first, second = await asyncio.gather(agent.runs.start(wanted), agent.runs.start(wanted))
    assert first.id == second.id
    assert (await agent.runs.wait(first.id)).summary == "Blue."
    assert (await agent.runs.start(wanted)).id == first.id
    assert len((await agent.services.projects.list()).items) == 1
    assert len((await agent.services.chats.list()).items) == 1


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        (StartRun("   "), "invalid"),
        (StartRun("x", chat_id="nowhere"), "not_found"),
        (StartRun("x", project_id="nowhere"), "not_found"),
    ],
)
async def test_bad_input_is_refused_and_nothing_is_made(agent: House, wanted: StartRun, kind: str) -> None:
    with pytest.raises(Failure) as caught:
        await agent.runs.start(wanted)
    assert caught.value.kind == kind
    assert (await agent.services.chats.list()).items == ()


async def test_another_users_chat_is_not_found(agent: House) -> None:
    chat = await agent.chat()
    with pytest.raises(Failure, match="no chat"):
        await agent.runs.start(StartRun("x", user_id="mallory", chat_id=chat.id))


async def test_cancel_kills_the_whole_process_tree_and_tells_one_end(agent: House) -> None:
    agent.script([SLEEPY])
    chat = await agent.chat()
    run = await agent.runs.start(StartRun("Sleep.", chat_id=chat.id, mode="execute"))
    shell = await _pid(agent.folder(chat) / "pid")
    child = await _pid(agent.folder(chat) / "child")
    assert _alive(shell)
    assert _alive(child)
    acknowledged = await agent.runs.cancel(run.id)
    assert acknowledged.status == "running"
    async with asyncio.timeout(60):
        ended = await agent.runs.wait(run.id)
    assert (ended.status, ended.stop_reason) == ("cancelled", "cancelled")
    assert not _alive(shell)
    assert not _alive(child)
    assert (await _kinds(agent, run)).count("run/finished") == 1
    assert agent.workspaces.in_use == 0
    history = await agent.store.messages.history(chat.id)
    assert history[-1].role == "tool"
    assert history[-1].text.startswith("interrupted; state unknown")
    assert (await agent.runs.cancel(run.id)) == ended


async def test_one_run_at_a_time_in_a_project_in_the_order_they_came(agent: House) -> None:
    agent.script([SLEEPY, call("fin", summary="Second."), call("fin", summary="Third.")])
    chat = await agent.chat()
    first = await agent.runs.start(StartRun("one", chat_id=chat.id, mode="execute"))
    second = await agent.runs.start(StartRun("two?", chat_id=chat.id, mode="execute"))
    third = await agent.runs.start(StartRun("three?", project_id=chat.project_id, mode="execute"))
    assert (first.status, second.status, third.status) == ("running", "queued", "queued")
    assert (await agent.store.runs.get(second.id)).status == "queued"
    await _pid(agent.folder(chat) / "pid")
    assert await _kinds(agent, second) == []
    await agent.runs.cancel(first.id)
    assert (await agent.runs.wait(second.id)).summary == "Second."
    assert (await agent.runs.wait(third.id)).summary == "Third."
    begun = [(await agent.runs.wait(each.id)).started_at for each in (first, second, third)]
    assert begun == sorted(begun, key=str)


async def test_a_queued_run_is_cancelled_at_once(agent: House) -> None:
    agent.script([SLEEPY])
    chat = await agent.chat()
    first = await agent.runs.start(StartRun("one", chat_id=chat.id, mode="execute"))
    second = await agent.runs.start(StartRun("two", chat_id=chat.id))
    ended = await agent.runs.cancel(second.id)
    assert (ended.status, ended.started_at) == ("cancelled", None)
    assert await _kinds(agent, second) == ["run/finished"]
    assert await agent.runs.wait(second.id) == ended == await agent.store.runs.get(second.id)
    await agent.runs.cancel(first.id)
    await agent.runs.wait(first.id)


async def test_a_run_that_is_cancelled_before_its_first_step_ends_too(agent: House) -> None:
    agent.script([SLEEPY])
    run = await agent.runs.start(StartRun("one"))
    await agent.runs.cancel(run.id)
    assert (await agent.runs.wait(run.id)).status == "cancelled"
    assert (await _kinds(agent, run)).count("run/finished") == 1


async def test_runs_in_all_are_bounded(tmp_path: Path) -> None:
    async with house(tmp_path, runs_max=1) as agent:
        agent.script([SLEEPY, say("Yes.")])
        chat = await agent.chat()
        first = await agent.runs.start(StartRun("one", chat_id=chat.id, mode="execute"))
        other = await agent.runs.start(StartRun("Is it so?"))
        assert (first.status, other.status) == ("running", "queued")
        assert (agent.runs.running, agent.runs.queued) == (1, 1)
        await _pid(agent.folder(chat) / "pid")
        await agent.runs.cancel(first.id)
        assert (await agent.runs.wait(other.id)).summary == "Yes."


async def test_shutdown_ends_what_runs_and_starts_nothing_more(agent: House) -> None:
    agent.script([SLEEPY])
    chat = await agent.chat()
    run = await agent.runs.start(StartRun("one", chat_id=chat.id, mode="execute"))
    shell = await _pid(agent.folder(chat) / "pid")
    agent.runs.drain()
    with pytest.raises(Failure) as caught:
        await agent.runs.start(StartRun("two"))
    assert caught.value.kind == "draining"
    await agent.services.supervisor.close()
    stored = await agent.store.runs.get(run.id)
    assert (stored.status, stored.stop_reason) == ("cancelled", "shutdown")
    assert not _alive(shell)


async def _crashed(agent: House, chat: Chat, status: str, ident: str = "run-1") -> Run:
    now = agent.services.clock.now()
    run = Run(ident, chat.id, chat.project_id, None, "x?", "execute", None, status, now)  # type: ignore[arg-type]
    await agent.store.runs.add(run)
    return run


async def test_recovery_ends_open_runs_and_answers_open_calls(agent: House) -> None:
    chat = await agent.chat()
    run = await _crashed(agent, chat, "running")
    waiting = await _crashed(agent, chat, "queued", "run-2")
    now = agent.services.clock.now()
    calls = (ToolCall("a", "ls", {}), ToolCall("b", "terminal", {"command": "rm x"}))
    await agent.store.messages.append([
        Message("m1", chat.id, run.id, "assistant", "", now, tool_calls=calls),
        Message("m2", chat.id, run.id, "tool", "1 entries", now, tool_call_id="a", tool_name="ls", ok=True),
    ])  # fmt: skip
    agent.script([call("fin", summary="Waited, and done.")])
    (ended,) = await agent.runs.recover()
    assert (ended.id, ended.status, ended.stop_reason) == (run.id, "failed", "interrupted")
    taken_up = await agent.runs.wait(waiting.id)
    assert (taken_up.status, taken_up.summary) == ("completed", "Waited, and done.")
    history = await agent.store.messages.history(chat.id)
    answer = next(message for message in history if message.tool_call_id == "b")
    assert not answer.ok
    assert answer.text == "interrupted; state unknown; check before repeating"
    assert await _kinds(agent, run) == ["run/finished"]
    assert await agent.runs.recover() == ()


async def test_recovery_does_not_tell_an_end_twice(agent: House) -> None:
    chat = await agent.chat()
    run = await _crashed(agent, chat, "running")
    from journeyman.agent.telling import Telling

    told = replace(run, status="completed", stop_reason="fin", summary="Done.")
    await Telling(agent.services.events, chat.id, run.id).finished(told)
    (recovered,) = await agent.runs.recover()
    assert (recovered.status, recovered.stop_reason, recovered.summary) == ("completed", "fin", "Done.")
    assert await _kinds(agent, run) == ["run/finished"]


async def test_call_ids_are_unique_in_a_chat_whatever_the_provider_counts(agent: House) -> None:
    chat = await agent.chat()
    for _ in range(2):  # a script begins with the same call id each time
        agent.script([call("ls"), call("fin", summary="Seen.")])
        assert (await agent.run("What is there?", chat_id=chat.id, mode="execute")).status == "completed"
    history = await agent.store.messages.history(chat.id)
    made = [each.id for message in history for each in message.tool_calls]
    assert len(set(made)) == len(made) == 4
    assert [m.tool_call_id for m in history if m.role == "tool"] == made


async def test_a_chat_goes_on_after_an_interruption_with_its_history(agent: House) -> None:
    model = agent.script([call("fin", summary="One."), call("fin", summary="Two.")])
    chat = await agent.chat()
    await agent.run("What is it?", chat_id=chat.id, mode="execute")
    await agent.run("And again?", chat_id=chat.id, mode="execute")
    first, second = model.requests
    assert second.messages[: len(first.messages)] == first.messages
    assert [m.role for m in second.messages] == ["user", "assistant", "tool", "user"]
