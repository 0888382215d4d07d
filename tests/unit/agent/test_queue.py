"""What waits in a chat: changed, moved and removed until it begins; ids of clients; restarts."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.agent.runs import RunService, StartRun
from journeyman.failures import Failure
from journeyman.records import Run
from journeyman.testing.model import call
from unit.agent.gated import GatedModel
from unit.agent.house import House

FIN = call("fin", summary="Done.", status="partial")


async def _three(agent: House, model: GatedModel) -> tuple[str, list[Run]]:
    agent.offer(model)
    chat = await agent.chat()
    orders = [StartRun(name, chat_id=chat.id, mode="execute") for name in ("one", "two", "three")]
    return chat.id, [await agent.runs.start(order) for order in orders]


async def _prompts(agent: House, chat_id: str) -> list[str]:
    return [each.prompt for each in await agent.runs.queue.list(chat_id)]


async def _order_done(agent: House, chat_id: str) -> list[str]:
    return [e.data["prompt"] for e in await agent.events(chat_id) if e.kind == "run/started"]


async def test_a_waiting_run_is_changed_and_moved(agent: House) -> None:
    model = GatedModel([FIN, FIN, FIN])
    chat_id, (first, second, third) = await _three(agent, model)
    assert await _prompts(agent, chat_id) == ["two", "three"]
    changed = await agent.runs.queue.update(third.id, prompt="3", if_rev=0, position=0)
    assert (changed.prompt, changed.rev) == ("3", 1)
    with pytest.raises(Failure, match="changed meanwhile"):
        await agent.runs.queue.update(third.id, prompt="stale", if_rev=0)
    assert await _prompts(agent, chat_id) == ["3", "two"]
    model.go(3)
    for run in (first, second, third):
        await agent.runs.wait(run.id)
    assert await _order_done(agent, chat_id) == ["one", "3", "two"]
    assert (await agent.store.runs.get(third.id)).prompt == "3"
    told = [e.data for e in await agent.events(chat_id) if e.kind == "queue/changed"]
    assert [item["total"] for item in told] == [1, 2, 2, 1, 0]
    assert told[2]["items"][0]["prompt"] == "3"


async def test_a_removed_run_ends_as_cancelled(agent: House) -> None:
    model = GatedModel([FIN, FIN])
    chat_id, (first, second, third) = await _three(agent, model)
    await agent.runs.queue.remove(second.id)
    model.go(2)
    assert (await agent.runs.wait(second.id)).status == "cancelled"
    assert (await agent.runs.wait(third.id)).summary == "Done."
    assert await _order_done(agent, chat_id) == ["one", "three"]
    assert first.id != third.id


async def test_what_has_begun_or_ended_is_a_conflict(agent: House) -> None:
    model = GatedModel([FIN, FIN, FIN])
    chat_id, (first, *rest) = await _three(agent, model)
    await model.asked()
    for _ in range(2):
        for late in (agent.runs.queue.update(first.id, prompt="x"), agent.runs.queue.remove(first.id)):
            with pytest.raises(Failure) as caught:
                await late
            assert (caught.value.kind, caught.value.data["chatId"]) == ("conflict", chat_id)
        model.go(3)
        for run in (first, *rest):
            await agent.runs.wait(run.id)
    with pytest.raises(Failure) as caught:
        await agent.runs.queue.remove("nowhere")
    assert caught.value.kind == "not_found"


async def test_a_run_does_not_begin_while_it_is_changed(
    agent: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = GatedModel([FIN, FIN, FIN])
    _, (first, second, third) = await _three(agent, model)
    edit, asked, may = agent.store.runs.edit, asyncio.Event(), asyncio.Event()

    async def slow(run_id: str, prompt: str, *, if_rev: int | None) -> Run:
        asked.set()
        await may.wait()
        return await edit(run_id, prompt, if_rev=if_rev)

    monkeypatch.setattr(agent.store.runs, "edit", slow)
    async with asyncio.TaskGroup() as tasks:
        changing = tasks.create_task(agent.runs.queue.update(second.id, prompt="2"))
        await asked.wait()
        model.go(3)
        await agent.runs.wait(first.id)
        assert agent.runs.running == 0
        with pytest.raises(Failure, match="changed meanwhile"):
            await agent.runs.queue.update(second.id, prompt="at once")
        may.set()
        assert (await changing).prompt == "2"
    await agent.runs.wait(second.id)
    await agent.runs.wait(third.id)
    started = await agent.store.messages.history(second.chat_id)
    assert [m.text for m in started if m.role == "user"] == ["one", "2", "three"]


@pytest.mark.parametrize("other", ["prompt", "chat", "project"])
async def test_a_client_run_id_with_something_else_is_refused(agent: House, other: str) -> None:
    agent.script([FIN], cycle=True)
    chat = await agent.chat()
    first = await agent.runs.start(StartRun("one", chat_id=chat.id, client_run_id="id", mode="execute"))
    changed = {
        "prompt": StartRun("two", chat_id=chat.id, client_run_id="id"),
        "chat": StartRun("one", chat_id=(await agent.chat()).id, client_run_id="id"),
        "project": StartRun("one", project_id=(await agent.chat()).project_id, client_run_id="id"),
    }[other]
    with pytest.raises(Failure) as caught:
        await agent.runs.start(changed)
    assert caught.value.kind == "conflict"
    await agent.runs.wait(first.id)


async def test_asking_again_makes_nothing_and_names_nothing(agent: House) -> None:
    agent.script([FIN], cycle=True)
    wanted = StartRun("one", client_run_id="id", mode="execute")
    first = await agent.runs.start(wanted)
    await agent.runs.wait(first.id)
    await agent.services.chats.rename(first.chat_id, "New chat")
    assert (await agent.runs.start(wanted)).id == first.id
    assert (await agent.services.chats.get(first.chat_id)).title == "New chat"
    assert len((await agent.services.projects.list()).items) == 1
    assert len((await agent.services.chats.list()).items) == 1


async def test_what_waits_at_a_shutdown_waits_for_the_next_daemon_in_its_order(agent: House) -> None:
    model = GatedModel([FIN, FIN, FIN])
    chat_id, (first, second, third) = await _three(agent, model)
    await agent.runs.queue.update(third.id, position=0)
    await agent.runs.close()
    assert (await agent.runs.wait(first.id)).stop_reason == "shutdown"
    assert (await agent.runs.wait(second.id)).status == "queued"
    agent.runs = RunService(agent.services)
    assert await agent.runs.recover() == ()
    model.go(3)
    await agent.runs.wait(second.id)
    await agent.runs.wait(third.id)
    assert await _order_done(agent, chat_id) == ["one", "three", "two"]
