"""Images with a prompt: kept once, given to models that take them, named to those that do not."""

from __future__ import annotations

import json

import pytest

from components.images import base64_of, png
from journeyman.agent.masking import PICTURES_SENT_MAX, Masking, tokens
from journeyman.agent.runs import StartRun
from journeyman.failures import Failure
from journeyman.pictures import PICTURE_BYTES_MAX, PICTURE_TOKENS, PICTURES_MAX, Attached, Picture, attached
from journeyman.ports.model import ModelInfo
from journeyman.records import Message
from journeyman.testing.clock import START
from journeyman.testing.model import ScriptedModel, Step, call
from journeyman.trajectory.export import text_of_run
from unit.agent.gated import GatedModel
from unit.agent.house import MODEL, House

FIN = call("fin", summary="It is so.")
STOP = call("fin", summary="Enough.", status="partial")
ONE, TWO = png(1, "one.png"), png(2)
SEEING, BLIND = "scripted/seeing", "scripted/blind"


def offer(agent: House, name: str, steps: list[Step], *, images: bool | None) -> ScriptedModel:
    model = ScriptedModel(steps)
    agent.models.inject(name, model, ModelInfo(name, "scripted", name, None, True, images=images))
    return model


async def test_the_model_is_given_them_with_every_request(agent: House) -> None:
    model = offer(agent, SEEING, [call("ls"), FIN, FIN], images=True)
    run = await agent.run("What is on it?", model=SEEING, attached=(ONE, TWO))
    assert run.status == "completed"
    for request in model.requests:
        assert request.messages[0].pictures == (ONE.picture, TWO.picture)
        assert request.pictures == {each.picture.id: base64_of(each) for each in (ONE, TWO)}
    (said,) = [m for m in await agent.store.messages.history(run.chat_id) if m.role == "user"]
    assert said.pictures == run.pictures == (ONE.picture, TWO.picture)
    told = [e.data for e in await agent.events(run.chat_id) if e.kind == "message/completed"]
    assert told[0]["images"] == [
        {"imageId": ONE.picture.id, "mimeType": "image/png", "bytes": len(ONE.data), "name": "one.png"},
        {"imageId": TWO.picture.id, "mimeType": "image/png", "bytes": len(TWO.data)},
    ]
    assert all("images" not in data for data in told[1:])
    await agent.run("What else is on it?", model=SEEING, chat_id=run.chat_id)
    assert set(model.requests[-1].pictures) == {ONE.picture.id, TWO.picture.id}


async def test_a_prompt_may_be_an_image_alone(agent: House) -> None:
    model = offer(agent, SEEING, [FIN], images=True)
    run = await agent.run("", model=SEEING, attached=(ONE,), mode="execute")
    assert run.prompt == ""
    assert model.requests[0].messages[0].text == ""
    with pytest.raises(Failure, match="needs a prompt"):
        await agent.run("", model=SEEING)


async def test_a_run_written_down_names_them_and_is_exact(agent: House) -> None:
    offer(agent, SEEING, [call("ls"), FIN], images=True)
    run = await agent.run("What is on it?", model=SEEING, attached=(ONE,))
    text = await text_of_run(agent.store, run.id, "0")
    rows = [json.loads(line) for line in text.splitlines()]
    named = {"sha256": ONE.picture.id, "mimeType": "image/png", "bytes": len(ONE.data), "name": "one.png"}
    assert rows[0]["images"] == [named]
    requests = [row for row in rows if row.get("type") == "request"]
    assert [row["exact"] for row in requests] == [True, True]
    assert requests[0]["messages"][0]["images"] == [named]
    assert base64_of(ONE) not in text


def too_large() -> Attached:
    return attached(ONE.data + bytes(PICTURE_BYTES_MAX), "image/png")


REFUSED = {
    "a model that takes none": ((ONE,), BLIND, "does not take images"),
    "a model nobody knows of": ((ONE,), MODEL, "is not known to take images"),
    "too many": (tuple(png(n) for n in range(PICTURES_MAX + 1)), SEEING, "at most 10 images"),
    "too large": ((too_large(),), SEEING, "3,750,000 are allowed"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_given_is_refused_before_anything_is_made(agent: House, case: str) -> None:
    attached_, model, says = REFUSED[case]
    offer(agent, SEEING, [], images=True)
    offer(agent, BLIND, [], images=False)
    agent.script([])
    with pytest.raises(Failure, match=says) as refused:
        await agent.runs.start(StartRun("Look.", model=model, attached=attached_))
    assert (refused.value.kind, refused.value.hint != "") == ("invalid", True)
    totals = await agent.store.totals()
    assert (totals.projects, totals.chats, dict(totals.runs)) == (0, 0, {})


async def test_another_model_of_the_chat_is_told_which_images_there_were(agent: House) -> None:
    offer(agent, SEEING, [FIN], images=True)
    blind = offer(agent, BLIND, [call("ls"), FIN], images=False)
    run = await agent.run("What is on it?", model=SEEING, attached=(ONE, TWO))
    again = await agent.run("What else is on it?", model=BLIND, chat_id=run.chat_id)
    assert again.status == "completed"
    for request in blind.requests:
        assert request.pictures == {}
        first = request.messages[0]
        assert first.pictures == ()
        assert first.text == (
            "What is on it?\n\n[images left out: one.png, image/png; this model takes no images]"
        )
    rows = map(json.loads, (await text_of_run(agent.store, again.id, "0")).splitlines())
    assert [row["exact"] for row in rows if row.get("type") == "request"] == [True, True]


async def test_an_image_said_to_a_run_is_seen_at_its_next_step(agent: House) -> None:
    model = GatedModel([call("ls"), STOP])
    agent.models.inject(SEEING, model, ModelInfo(SEEING, "scripted", "seeing", None, True, images=True))
    chat = await agent.chat()
    run = await agent.runs.start(StartRun("Do it.", chat_id=chat.id, model=SEEING, mode="execute"))
    await model.asked()
    given = await agent.runs.steer(run.id, "Like this.", client_run_id="s", attached=(ONE,))
    assert (await agent.runs.steer(run.id, "Like this.", client_run_id="s", attached=(ONE,))).id == given.id
    with pytest.raises(Failure, match="another prompt"):
        await agent.runs.steer(run.id, "Like this.", client_run_id="s", attached=(TWO,))
    model.go(2)
    await agent.runs.wait(run.id)
    last = model.requests[-1]
    assert (last.messages[-1].text, last.messages[-1].pictures) == ("Like this.", (ONE.picture,))
    assert last.pictures == {ONE.picture.id: base64_of(ONE)}
    with pytest.raises(Failure, match="was used for another"):
        await agent.runs.start(StartRun("Like this.", chat_id=chat.id, client_run_id="s"))


async def test_a_run_that_is_refused_images_goes_on(agent: House) -> None:
    model = GatedModel([STOP])
    agent.models.inject(BLIND, model, ModelInfo(BLIND, "scripted", "blind", None, True, images=False))
    chat = await agent.chat()
    run = await agent.runs.start(StartRun("Do it.", chat_id=chat.id, model=BLIND, mode="execute"))
    await model.asked()
    with pytest.raises(Failure, match="does not take images"):
        await agent.runs.steer(run.id, "Like this.", attached=(ONE,))
    model.go(1)
    assert (await agent.runs.wait(run.id)).summary == "Enough."


def said(number: int, pictures: int) -> Message:
    given = tuple(Picture(f"{number}.{n}", "image/png", 9, f"{number}.png") for n in range(pictures))
    return Message(f"u{number}", "chat", "run", "user", f"Say {number}.", START, pictures=given)


def answered(number: int) -> Message:
    return Message(f"a{number}", "chat", "run", "assistant", "x" * 4_000, START)


def shown(view: tuple[Message, ...]) -> int:
    return sum(len(message.pictures) for message in view)


def test_an_image_counts_and_goes_when_it_is_old() -> None:
    assert tokens(said(0, 2)) - tokens(said(0, 0)) == 2 * PICTURE_TOKENS
    messages = [said(0, 2)]
    masking = Masking(40_000)
    for number in range(22):
        messages.append(answered(number))
        masking.view(messages)
    view = masking.view(messages)
    assert shown(view) == 0
    assert view[0].text.startswith("Say 0.\n\n[images left out: 0.png, 0.png; cleared")
    fresh = Masking(40_000)
    fresh.replay(messages)
    assert fresh.view(messages) == view


def test_only_so_many_are_sent_the_newest_ones_whatever_the_window() -> None:
    messages: list[Message] = []
    masking = Masking(None)
    seen: list[int] = []
    for number in range(30):
        messages.append(said(number, 1 + number % PICTURES_MAX))
        view = masking.view(messages)
        seen.append(shown(view))
        assert view[-1].pictures == messages[-1].pictures
        messages.append(answered(number))
    assert max(seen) <= PICTURES_SENT_MAX
    assert min(seen[5:]) >= 1
    fresh = Masking(None)
    fresh.replay(messages)
    assert fresh.view(messages) == masking.view(messages)
