"""What a user says to a run that is going on: taken at the next boundary, wherever that is; never lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from journeyman.agent.inbox import SKIPPED, STEERED
from journeyman.agent.runs import StartRun
from journeyman.agent.stopped import UNHEARD
from journeyman.failures import Failure
from journeyman.records import Chat, Run
from journeyman.testing.model import call, calls, say
from unit.agent.gated import GatedModel
from unit.agent.house import House

WAIT = "touch at; while [ ! -e go ]; do sleep 0.02; done; echo went on"
FIN = call("fin", summary="Done.", status="partial")
TEXT = "Use tabs."


async def _begun(path: Path) -> None:
    async with asyncio.timeout(90):
        while not path.exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.02)


async def _start(agent: House, model: GatedModel, *, prompt: str = "Do it.") -> tuple[Chat, Run]:
    agent.offer(model)
    chat = await agent.chat()
    return chat, await agent.runs.start(StartRun(prompt, chat_id=chat.id, mode="execute"))


async def _said(agent: House, chat: Chat) -> list[str]:
    return [m.text for m in await agent.store.messages.history(chat.id) if m.role == "user"]


async def test_while_the_model_thinks_none_of_the_calls_it_then_wants_is_begun(agent: House) -> None:
    model = GatedModel(
        [calls(call("write", path="a", content="a"), call("terminal", command="touch b")), FIN]
    )
    chat, run = await _start(agent, model)
    await model.asked()
    await agent.runs.steer(run.id, TEXT)
    model.go(2)
    ended = await agent.runs.wait(run.id)
    assert ended.summary == "Done."
    assert (await agent.tool_texts(chat.id))[:2] == [SKIPPED, SKIPPED]
    assert list(agent.folder(chat).iterdir()) == []
    last = model.requests[-1].messages[-1]
    assert (last.role, last.text, last.context) == ("user", TEXT, STEERED)
    assert await _said(agent, chat) == ["Do it.", TEXT]
    told = [e.data["text"] for e in await agent.events(chat.id) if e.kind == "message/completed"]
    assert TEXT in told


async def test_in_the_middle_of_calls_the_one_at_work_ends_and_the_rest_is_skipped(agent: House) -> None:
    model = GatedModel([
        calls(call("terminal", command=WAIT), call("terminal", command="touch b"), call("cd", path=".")),
        FIN,
    ])  # fmt: skip
    chat, run = await _start(agent, model)
    model.go(2)
    await _begun(agent.folder(chat) / "at")
    await agent.runs.steer(run.id, TEXT)
    (agent.folder(chat) / "go").touch()
    await agent.runs.wait(run.id)
    first, second, third, _ = await agent.tool_texts(chat.id)
    assert "went on" in first
    assert (second, third) == (SKIPPED, SKIPPED)
    assert not (agent.folder(chat) / "b").exists()
    roles = [message.role for message in model.requests[-1].messages]
    assert roles == ["user", "assistant", "tool", "tool", "tool", "user"]


async def test_a_fin_that_was_not_begun_does_not_end_the_run(agent: House) -> None:
    model = GatedModel([FIN, call("fin", summary="With tabs.", status="partial")])
    _, run = await _start(agent, model)
    await model.asked()
    await agent.runs.steer(run.id, TEXT)
    model.go(2)
    assert (await agent.runs.wait(run.id)).summary == "With tabs."


async def test_an_answer_in_words_waits_for_what_was_said_meanwhile(agent: House) -> None:
    model = GatedModel([say("Blue."), say("Still blue.")])
    _, run = await _start(agent, model, prompt="What colour is the sky?")
    await model.asked()
    await agent.runs.steer(run.id, "And at noon?")
    model.go(2)
    assert (await agent.runs.wait(run.id)).summary == "Still blue."


async def test_said_in_the_plan_phase_it_is_in_the_plan(agent: House) -> None:
    model = GatedModel([call("ls"), call("todoWrite", items=["One", "Verify"]), FIN])
    agent.offer(model)
    chat = await agent.chat()
    run = await agent.runs.start(StartRun("Make it.", chat_id=chat.id))
    await model.asked()
    model.go()
    await model.asked()
    await agent.runs.steer(run.id, TEXT)
    model.go(5)
    # The list it was about to write is not written without having heard it.
    async with asyncio.timeout(90):
        await agent.runs.wait(run.id)
    assert SKIPPED in await agent.tool_texts(chat.id)


async def test_a_run_that_waits_hears_it_before_its_first_step(agent: House) -> None:
    model = GatedModel([FIN, FIN])
    chat, first = await _start(agent, model)
    second = await agent.runs.start(StartRun("Then this.", chat_id=chat.id, mode="execute"))
    await agent.runs.steer(second.id, TEXT)
    model.go(2)
    await agent.runs.wait(second.id)
    assert (await _said(agent, chat))[-2:] == ["Then this.", TEXT]
    assert len(model.requests) == 2
    assert first.id != second.id


async def test_too_late_for_the_run_it_becomes_the_next_one_before_what_waits(agent: House) -> None:
    model = GatedModel([
        call("commands", test=WAIT), call("write", path="a", content="a"), call("fin", summary="First."),
        call("fin", summary="Second.", status="partial"), call("fin", summary="Third.", status="partial"),
    ])  # fmt: skip
    chat, run = await _start(agent, model)
    waiting = await agent.runs.start(StartRun("Third", chat_id=chat.id, mode="execute"))
    model.go(5)
    await _begun(agent.folder(chat) / "at")  # the verification after fin
    given = await agent.runs.steer(run.id, TEXT, client_run_id="late")
    (agent.folder(chat) / "go").touch()
    assert (await agent.runs.wait(run.id)).summary == "First."
    carrier = await agent.runs.carrier(given.id)
    assert (carrier.prompt, carrier.mode, carrier.client_run_id) == (TEXT, "execute", "late")
    assert (await agent.runs.wait(carrier.id)).summary == "Second."
    assert (await agent.runs.wait(waiting.id)).summary == "Third."
    assert (await agent.runs.steer(run.id, TEXT, client_run_id="late")).run_id == carrier.id


async def test_a_text_can_be_changed_and_removed_until_it_is_taken(agent: House) -> None:
    model = GatedModel([call("ls"), FIN])
    chat, run = await _start(agent, model)
    await model.asked()
    one = await agent.runs.steer(run.id, "one")
    two = await agent.runs.steer(run.id, "two")
    changed = await agent.runs.queue.update(one.id, prompt="another one", if_rev=0)
    assert (changed.prompt, changed.rev) == ("another one", 1)
    with pytest.raises(Failure, match="changed or was taken"):
        await agent.runs.queue.update(one.id, prompt="stale", if_rev=0)
    await agent.runs.queue.remove(two.id)
    assert [each.prompt for each in await agent.runs.queue.list(chat.id)] == ["another one"]
    model.go(2)
    await agent.runs.wait(run.id)
    assert await _said(agent, chat) == ["Do it.", "another one"]
    for late in (agent.runs.queue.update(one.id, prompt="late"), agent.runs.queue.remove(one.id)):
        with pytest.raises(Failure) as caught:
            await late
        assert (caught.value.kind, caught.value.data["chatId"]) == ("conflict", chat.id)
    queues = [e.data for e in await agent.events(chat.id) if e.kind == "queue/changed"]
    assert [item["total"] for item in queues] == [1, 2, 2, 1, 0]


async def test_a_run_that_has_ended_takes_no_text(agent: House) -> None:
    agent.script([FIN])
    run = await agent.run(mode="execute")
    with pytest.raises(Failure) as caught:
        await agent.runs.steer(run.id, TEXT)
    assert caught.value.kind == "conflict"
    with pytest.raises(Failure) as caught:
        await agent.runs.steer("nowhere", TEXT)
    assert caught.value.kind == "not_found"


async def test_delivery_steers_where_a_run_goes_on_and_starts_one_where_none_does(agent: House) -> None:
    model = GatedModel([call("ls"), FIN, FIN])
    chat, run = await _start(agent, model)
    await model.asked()
    order = StartRun(TEXT, chat_id=chat.id, delivery="steer", client_run_id="one")
    delivered = await agent.runs.deliver(order)
    assert delivered.run.id == run.id
    again = await agent.runs.deliver(order)
    assert (again.run.id, again.input_id) == (run.id, delivered.input_id)
    assert len(await agent.runs.queue.list(chat.id)) == 1
    model.go(3)
    await agent.runs.wait(run.id)
    again = await agent.runs.deliver(order)
    assert (again.run.id, again.input_id) == (run.id, delivered.input_id)
    alone = await agent.runs.deliver(StartRun("x", chat_id=chat.id, delivery="steer", mode="execute"))
    assert alone.input_id is None
    assert (await agent.runs.wait(alone.run.id)).summary == "Done."


async def test_what_a_cancelled_run_had_not_heard_stays_in_the_chat_and_begins_nothing(agent: House) -> None:
    model = GatedModel([call("ls"), FIN])
    chat, run = await _start(agent, model)
    await model.asked()
    await agent.runs.steer(run.id, TEXT)
    await agent.runs.cancel(run.id)
    assert (await agent.runs.wait(run.id)).status == "cancelled"
    assert (agent.runs.running, agent.runs.queued) == (0, 0)
    assert await _said(agent, chat) == ["Do it.", TEXT]
    kinds = [event.kind for event in await agent.events(chat.id)]
    assert kinds[-1] == "run/finished"
    next_one = await agent.runs.start(StartRun("Go on.", chat_id=chat.id, mode="execute"))
    model.go(2)
    await agent.runs.wait(next_one.id)
    heard = next(m for m in model.requests[-1].messages if m.text == TEXT)
    assert heard.context == UNHEARD


async def test_what_a_superseded_run_had_not_heard_is_read_by_the_one_in_its_place(agent: House) -> None:
    model = GatedModel([call("ls"), FIN])
    chat, run = await _start(agent, model)
    await model.asked()
    await agent.runs.steer(run.id, TEXT)
    instead = await agent.runs.start(
        StartRun("Instead", chat_id=chat.id, mode="execute", delivery="interrupt")
    )
    model.go(2)
    assert (await agent.runs.wait(instead.id)).summary == "Done."
    assert await _said(agent, chat) == ["Do it.", TEXT, "Instead"]
    assert await agent.runs.queue.list(chat.id) == ()


async def test_what_is_said_to_a_waiting_run_goes_no_further_than_that_run(agent: House) -> None:
    model = GatedModel([FIN])
    chat, run = await _start(agent, model)
    waiting = await agent.runs.start(StartRun("Then this.", chat_id=chat.id, mode="execute"))
    await agent.runs.steer(waiting.id, TEXT)
    await agent.runs.cancel(waiting.id)
    assert await agent.runs.queue.list(chat.id) == ()
    model.go()
    await agent.runs.wait(run.id)
    assert TEXT in await _said(agent, chat)


@pytest.mark.parametrize("how", ["steer", "deliver"])
async def test_what_is_said_after_a_cancellation_becomes_a_run(
    agent: House, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    release, asked, may = agent.workspaces.release, asyncio.Event(), asyncio.Event()

    async def slow(project_id: str) -> object:
        asked.set()
        await may.wait()
        return await release(project_id)

    monkeypatch.setattr(agent.workspaces, "release", slow)
    model = GatedModel([call("ls"), FIN])
    chat, run = await _start(agent, model)
    await model.asked()
    await agent.runs.cancel(run.id)
    await asked.wait()  # it ends, and has not ended
    if how == "steer":
        carrier = await agent.runs.carrier((await agent.runs.steer(run.id, TEXT)).id)
    else:
        order = StartRun(TEXT, chat_id=chat.id, delivery="steer", mode="execute")
        carrier = (await agent.runs.deliver(order)).run
    assert (carrier.prompt, carrier.status, carrier.id != run.id) == (TEXT, "queued", True)
    may.set()
    model.go(2)
    assert (await agent.runs.wait(run.id)).status == "cancelled"
    assert (await agent.runs.wait(carrier.id)).summary == "Done."


async def test_an_interrupt_takes_the_place_of_the_run_and_goes_before_the_queue(agent: House) -> None:
    model = GatedModel([call("ls"), call("fin", summary="Instead."), call("fin", summary="Later.")])
    chat, run = await _start(agent, model)
    later = await agent.runs.start(StartRun("Later", chat_id=chat.id, mode="execute"))
    await model.asked()
    instead = await agent.runs.start(
        StartRun("Instead", chat_id=chat.id, mode="execute", delivery="interrupt")
    )
    ended = await agent.runs.wait(run.id)
    assert (ended.status, ended.stop_reason) == ("cancelled", "superseded")
    model.go(4)
    done = [await agent.runs.wait(each.id) for each in (instead, later)]
    assert done[0].started_at is not None
    assert done[1].started_at is not None
    assert done[0].started_at < done[1].started_at
