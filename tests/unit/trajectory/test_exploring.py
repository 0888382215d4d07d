"""What `explore` asks is written down like what the run asks, told apart from it, and done again."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from journeyman import redaction
from journeyman.agent.runs import StartRun
from journeyman.extensions.extensions import Extensions
from journeyman.failures import Failure
from journeyman.model.replay import ReplayModel
from journeyman.model.trajectory import parse_trajectory
from journeyman.ports.model import ModelRequest
from journeyman.testing.model import ScriptedTurn, Step, call, calls, say, with_usage
from journeyman.thoughts import Thought, fields_of
from journeyman.trajectory.comparing import asked, done, without_times
from journeyman.trajectory.export import text_of_run
from journeyman.trajectory.figures import figures
from journeyman.trajectory.reading import parse
from journeyman.trajectory.request import encode
from unit.agent.gated import GatedModel
from unit.agent.house import House, house
from unit.trajectory.test_export import whole

EXPLORES = Extensions(explore=True)
END = call("fin", summary="Asked.", status="partial")


def explore(question: str) -> ScriptedTurn:
    return call("explore", question=question)


THOUGHT = Thought("thought", "c2ln", "It is there.")
LOOKS = calls(call("grep", pattern="parse"), call("read", path="no.py"), text="Hm.")
SCRIPT: list[Step] = [
    with_usage(call("terminal", command="echo 'def parse(): 42' > parser.py"), 90, 9),
    with_usage(explore("Where is the parser?"), 100, 10),
    with_usage(replace(LOOKS, thoughts=(THOUGHT,)), 50, 5),
    with_usage(say("In parser.py:1."), 70, 7),
    with_usage(END, 200, 20),
]


@pytest.fixture
async def explorers(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "first", extensions=EXPLORES) as made:
        yield made


def rows_of(text: str, *types: str) -> list[dict[str, Any]]:
    return [row for row in map(json.loads, text.splitlines()) if row.get("type") in types]


async def again(directory: Path, text: str, *, times: int = 1) -> list[tuple[str, str]]:
    """Exports of a recorded run done again, in one chat; each with what its workspace is called."""
    async with house(directory, extensions=EXPLORES) as agent:
        replayed = ReplayModel(parse_trajectory(text, Path("x.jsonl")), pause_s=0)
        agent.models.inject("replay/x", replayed)
        chat = await agent.chat()
        made: list[tuple[str, str]] = []
        for _ in range(times):
            run = await agent.run(mode="execute", model="replay/x", chat_id=chat.id)
            made.append((await text_of_run(agent.store, run.id, "0"), str(agent.folder(chat))))
        return made


async def exported(agent: House, script: list[Step]) -> tuple[str, str]:
    agent.script(script)
    run = await agent.run(mode="execute")
    chat = await agent.services.chats.get(run.chat_id)
    return await text_of_run(agent.store, run.id, "0"), str(agent.folder(chat))


def masked(*roots: str) -> Callable[[str], str]:
    def mask(text: str) -> str:
        for root in roots:
            text = text.replace(root, "ROOT")
        return without_times(text)

    return mask


async def test_its_requests_are_written_down_byte_for_byte_before_the_calls_result(explorers: House) -> None:
    model = explorers.script(SCRIPT)
    run = await explorers.run(mode="execute")
    text = await text_of_run(explorers.store, run.id, "0")
    kinds = [row.get("type", "header") for row in map(json.loads, text.splitlines())]
    own = ["request", "answer"]
    inside = ["exploreRequest", "exploreAnswer"]
    assert kinds == [
        "header", "prefix", *own, "result", *own, "prefix", *inside, *inside, "result", *own, "result", "end"
    ]  # fmt: skip
    [one] = rows_of(text, "answer")[1]["toolCalls"]
    told = rows_of(text, *inside)
    assert [(row["callId"], row["step"]) for row in told] == [(one["id"], n) for n in (1, 1, 2, 2)]
    requests = [sent for sent in model.requests if sent.call_id is not None]
    assert [sent.call_id for sent in requests] == [one["id"]] * 2
    for row, sent in zip(told[::2], requests, strict=True):
        data = whole(sent)
        assert (row["bytes"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        assert (row["exact"], row["redacted"]) == (True, False)
    found = parse(text)[0]
    [steps] = found.steps[1].explorations
    for step, sent in zip(steps, requests, strict=True):
        assert encode({**step.prefix, "messages": list(step.messages), **step.settings}) == whole(sent)
    assert [row["kept"] for row in told[::2]] == [0, 1]
    assert told[1]["text"] == "Hm."
    assert told[1]["thoughts"] == told[2]["messages"][0]["thoughts"] == [fields_of(THOUGHT)]
    assert [each["name"] for each in told[1]["toolCalls"]] == ["grep", "read"]
    assert [step.number for step in found.steps] == [1, 2, 3]
    assert (found.requests, found.exploring) == (5, 2)


async def test_what_it_used_is_in_the_runs_usage_once(explorers: House) -> None:
    text, _ = await exported(explorers, SCRIPT)
    each = [row["usage"]["inputTokens"] for row in rows_of(text, "answer", "exploreAnswer")]
    [end] = rows_of(text, "end")
    assert end["usage"]["inputTokens"] == sum(each) == 510
    assert end["usage"]["modelCalls"] == end["steps"] == 5
    shown = figures(parse(text)[0])
    assert (shown["input tokens"], shown["steps"], shown["asked by explore"]) == (510, 3, 2)


def by_question(request: ModelRequest) -> ScriptedTurn:
    """Answers to two that ask at the same time, whoever is first, with thoughts the model wants back."""
    question = request.messages[0].text
    if len(request.messages) == 1:
        return replace(call("grep", pattern=question), thoughts=(Thought("thought", "signed", question),))
    return say(f"{question}: nowhere.")


SEVERAL: list[Step] = [
    calls(explore("alpha"), call("ls"), explore("beta")),
    *[by_question] * 4,
    explore("alpha"),
    say("alpha: still nowhere."),
    explore("gamma"),
    Failure("model_refused", "The provider has had enough.", hint="Pay."),
    END,
]


async def test_several_are_done_again_each_with_its_own_answers(explorers: House, tmp_path: Path) -> None:
    """Two at the same time, one question twice with two answers, and one the provider refused."""
    text, root = await exported(explorers, SEVERAL)
    [(second, other)] = await again(tmp_path / "second", text)
    one, two = parse(text)[0], parse(second)[0]
    assert [len(each) for step in one.steps for each in step.explorations] == [2, 0, 2, 1, 1, 0]
    assert "The provider has had enough." in one.steps[2].results[0]["text"]
    assert one.steps[2].explorations[0][0].answer["failed"]["kind"] == "model_refused"
    assert asked(one, two, masked(root, other)) is None
    assert done(one, two, masked(root, other)) is None
    assert two.exploring == one.exploring == 6
    looked = two.steps[0].explorations[0][1].messages[1]
    assert looked["thoughts"] == [{"kind": "thought", "signature": "signed", "text": "alpha"}]


async def test_in_a_chat_that_had_it_before_the_question_tells(explorers: House, tmp_path: Path) -> None:
    text, _ = await exported(explorers, SCRIPT)
    first, (second, _) = await again(tmp_path / "second", text, times=2)
    assert done(parse(first[0])[0], parse(second)[0]) is None
    ids = [rows_of(each, "exploreRequest")[0]["callId"] for each in (text, first[0], second)]
    assert ids[0] == ids[1] != ids[2]


async def test_a_difference_inside_is_named_with_the_runs_step(explorers: House) -> None:
    one = parse((await exported(explorers, SCRIPT))[0])[0]
    other_script = [*SCRIPT[:2], calls(call("grep", pattern="other"), text="Hm."), *SCRIPT[3:]]
    other = parse((await exported(explorers, other_script))[0])[0]
    shorter = parse((await exported(explorers, [*SCRIPT[:2], say("No."), SCRIPT[-1]]))[0])[0]
    difference = done(one, other)
    assert difference is not None
    assert (difference.step, difference.where) == (2, "explore, request 1: the answer's calls")
    assert "other" in difference.other
    difference = asked(one, other)
    assert difference is not None
    assert difference.where == "explore, request 2: message 2 (assistant), toolCalls"
    difference = asked(one, shorter)
    assert difference is not None
    assert (difference.step, difference.where) == (2, "how often explore asked")
    assert (difference.one, difference.other) == ("2 requests", "1 requests")


async def test_an_answer_is_kept_before_its_calls_are_made(explorers: House) -> None:
    model = GatedModel([explore("Where?"), call("ls"), say("never")])
    explorers.offer(model)
    chat = await explorers.chat()
    started = await explorers.runs.start(StartRun("Do it.", chat_id=chat.id, mode="execute"))
    for _ in range(2):
        await model.asked()
        model.go()
    await model.asked()  # the second look: the first was answered
    [kept] = await explorers.store.turns.explored(started.id)
    assert kept.answer is not None
    assert [each["name"] for each in kept.answer["toolCalls"]] == ["ls"]
    await explorers.runs.cancel(started.id)
    await explorers.runs.wait(started.id)
    text = await text_of_run(explorers.store, started.id, "0")
    assert len(rows_of(text, "exploreRequest")) == len(rows_of(text, "exploreAnswer")) == 1


async def test_while_it_looks_the_text_only_grows(explorers: House) -> None:
    """A call beside it that is done already comes after it in the text, and so is not there yet."""
    model = GatedModel([calls(explore("Where?"), call("ls")), call("ls"), say("Here."), END])
    explorers.offer(model)
    chat = await explorers.chat()
    started = await explorers.runs.start(StartRun("Do it.", chat_id=chat.id, mode="execute"))
    await model.asked()
    model.go()
    await model.asked()
    await explorers.until_event(chat.id, "tool/finished")
    texts = [await text_of_run(explorers.store, started.id, "0")]
    assert rows_of(texts[0], "result", "exploreRequest") == []
    model.go()
    await model.asked()
    texts.append(await text_of_run(explorers.store, started.id, "0"))
    assert len(rows_of(texts[1], "exploreAnswer")) == 1
    model.go(2)
    await explorers.runs.wait(started.id)
    texts.append(await text_of_run(explorers.store, started.id, "0"))
    assert [row["name"] for row in rows_of(texts[2], "result")] == ["explore", "ls", "fin"]
    for before, after in itertools.pairwise(texts):
        assert after.startswith(before)


async def test_secrets_are_taken_out_of_it_too(explorers: House, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "hush-hush-0123456789"
    monkeypatch.setattr(redaction, "_known", {secret})
    script: list[Step] = [
        explore(f"Where is {secret}?"), call("grep", pattern=secret), say(f"{secret}: nowhere."), END
    ]  # fmt: skip
    text, _ = await exported(explorers, script)
    assert secret not in text
    requests = rows_of(text, "exploreRequest")
    assert [(row["exact"], row["redacted"]) for row in requests] == [(True, True)] * 2
    assert redaction.MASK in rows_of(text, "exploreAnswer")[1]["text"]


async def test_a_file_of_format_1_is_read_and_what_it_lacks_is_said(explorers: House, tmp_path: Path) -> None:
    text, _ = await exported(explorers, SCRIPT)
    new = parse(text)[0]
    header, *rows = map(json.loads, text.splitlines())
    kept = [{**header, "trajectory": 1}, *(row for row in rows if not row["type"].startswith("explore"))]
    old_text = "".join(json.dumps(row) + "\n" for row in kept)
    old = parse(old_text)[0]
    assert (asked(old, new), done(old, new)) == (None, None)
    assert (old.requests, figures(old)["asked by explore"]) == (3, None)
    [(made, _)] = await again(tmp_path / "second", old_text)
    result = parse(made)[0].steps[1].results[0]
    assert "This call of explore in the recording has 0 turns" in result["text"]
