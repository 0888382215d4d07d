"""A run written down: every request with its exact bytes, whatever was cleared, steered or secret in it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from journeyman import redaction
from journeyman.failures import Failure
from journeyman.model.replay import ReplayModel
from journeyman.model.trajectory import parse_trajectory
from journeyman.ports.model import ModelRequest
from journeyman.testing.model import ScriptedCall, ScriptedTurn, call, calls, say, with_usage
from journeyman.thoughts import Thought, fields_of
from journeyman.trajectory.comparing import asked, done, without_times
from journeyman.trajectory.export import text_of_run
from journeyman.trajectory.figures import figures
from journeyman.trajectory.reading import Recorded, parse
from journeyman.trajectory.request import Rolling, encode, message_fields, prefix_bytes, settings_fields
from unit.agent.fallbacks import OTHER, THIRD, fall_back, offer
from unit.agent.house import House, house

SIGNED = (Thought("thought", "c2ln", "Hm. é", 5), Thought("call", "c2FsbA==", call=1))
LOOK = calls(call("ls", path="."), call("terminal", command="echo hi"), text="Look.")
SCRIPT = [
    with_usage(replace(LOOK, thoughts=SIGNED), 100, 20),
    with_usage(call("write", path="a.txt", content="é\n"), 120, 10),
    call("terminal", command="grep -c é a.txt"),
    with_usage(call("fin", summary="Done.", status="partial"), 150, 5),
]


async def recorded(agent: House, run_id: str) -> Recorded:
    return parse(await text_of_run(agent.store, run_id, "0"))[0]


def whole(request: ModelRequest) -> bytes:
    """As the documentation says: written at once, not piece by piece."""
    value = json.loads(prefix_bytes(request.system, request.tools))
    value["messages"] = [message_fields(message) for message in request.messages]
    return encode({**value, **settings_fields(request)})


async def test_every_request_is_written_down_byte_for_byte(tmp_path: Path) -> None:
    async with house(tmp_path) as agent:
        model = agent.script(SCRIPT)
        run = await agent.run(mode="execute", effort="high")
        text = await text_of_run(agent.store, run.id, "9.9")
        rows = [json.loads(line) for line in text.splitlines()]
        kinds = [row.get("type", "header") for row in rows]
        assert kinds[:3] == ["header", "prefix", "request"]
        assert kinds[-1] == "end"
        assert kinds.count("request") == kinds.count("answer") == len(model.requests) == 4
        assert kinds.count("result") == 5
        requests = [row for row in rows if row.get("type") == "request"]
        for row, sent in zip(requests, model.requests, strict=True):
            data = whole(sent)
            assert (row["bytes"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
            assert (row["exact"], row["redacted"]) == (True, False)
        for step, sent in zip(parse(text)[0].steps, model.requests, strict=True):
            again = encode({**step.prefix, "messages": list(step.messages), **step.settings})
            assert again == whole(sent)
        assert [row["kept"] for row in requests] == [0, 1, 4, 6]
        assert rows[0]["journeyman"] == "9.9"
        assert requests[0]["settings"] == {"effort": "high"}
        answers = [row for row in rows if row.get("type") == "answer"]
        assert answers[0]["usage"] == {"inputTokens": 100, "outputTokens": 20}
        assert answers[2]["usage"] == {}
        assert (
            answers[0]["thoughts"] == requests[1]["messages"][0]["thoughts"] == list(map(fields_of, SIGNED))
        )
        assert (rows[-1]["status"], rows[-1]["changes"]["files"]) == ("partial", ["a.txt"])


async def test_a_request_that_was_not_answered_is_not_what_the_next_goes_on_from(tmp_path: Path) -> None:
    gone = Failure("model_refused", "It asks for payment.")
    async with house(tmp_path) as agent:
        agent.script([gone])
        second = offer(agent, OTHER, [call("ls"), gone])
        third = offer(agent, THIRD, [call("ls", depth=2), call("fin", summary="It is so.")])
        fall_back(agent, OTHER, THIRD)
        run = await agent.run("What is there?", mode="execute")
        steps = (await recorded(agent, run.id)).steps
        answered = [second.requests[0], *third.requests]
        assert [encode({**s.prefix, "messages": list(s.messages), **s.settings}) for s in steps] == [
            whole(request) for request in answered
        ]


async def test_cleared_results_are_written_down_as_they_were_sent(tmp_path: Path) -> None:
    async with house(tmp_path) as agent:
        noise = [
            replace(
                call("terminal", command=f"head -c 9000 /dev/zero | tr '\\0' {n % 10}"), thoughts=SIGNED[:1]
            )
            for n in range(12)
        ]
        model = agent.script([*noise, call("fin", summary="Done.", status="partial")], window=20_000)
        run = await agent.run(mode="execute")
        found = await recorded(agent, run.id)
        assert len(found.steps) == len(model.requests) == 13
        cleared = [m for m in found.steps[-1].messages if str(m["content"]).startswith("[cleared")]
        assert cleared
        assert {"thoughts", "staleThoughts"} <= {key for m in found.steps[-1].messages for key in m}
        for step, sent in zip(found.steps, model.requests, strict=True):
            assert step.exact
            assert encode({**step.prefix, "messages": list(step.messages), **step.settings}) == whole(sent)


async def test_a_chats_earlier_runs_are_part_of_a_request(tmp_path: Path) -> None:
    async with house(tmp_path) as agent:
        agent.script([call("fin", summary="One.", status="partial")])
        first = await agent.run("First.", mode="execute")
        model = agent.script([call("fin", summary="Two.", status="partial")])
        second = await agent.run("Second.", mode="execute", chat_id=first.chat_id)
        found = await recorded(agent, second.id)
        assert len(found.steps[0].messages) == len(model.requests[0].messages) == 4
        assert found.steps[0].exact
        assert (await recorded(agent, first.id)).end["summary"] == "One."


async def test_secrets_are_taken_out_and_the_request_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "hush-hush-0123456789"
    monkeypatch.setattr(redaction, "_known", {secret})
    async with house(tmp_path) as agent:
        thoughts = (Thought("thought", "c2ln", f"It is {secret}."),)
        step = replace(call("terminal", command=f"echo {secret}"), thoughts=thoughts)
        agent.script([step, say("I saw it."), *SCRIPT[-1:]])
        run = await agent.run(f"Use {secret}.", mode="execute")
        text = await text_of_run(agent.store, run.id, "0")
        assert secret not in text
        assert text.count(redaction.MASK) >= 4
        requests = [row for row in map(json.loads, text.splitlines()) if row.get("type") == "request"]
        assert [(row["exact"], row["redacted"]) for row in requests] == [(True, True)] * len(requests)


async def test_a_run_done_again_from_its_export_asks_the_same(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as agent:
        agent.script(SCRIPT, window=50_000)
        run = await agent.run(mode="execute")
        root = str(agent.folder(await agent.services.chats.get(run.chat_id)))
        text = await text_of_run(agent.store, run.id, "0")
    async with house(tmp_path / "two") as agent:
        replayed = ReplayModel(parse_trajectory(text, Path("x.jsonl")), pause_s=0)
        agent.models.inject("replay/x", replayed)
        again = await agent.run(mode="execute", model="replay/x")
        other = str(agent.folder(await agent.services.chats.get(again.chat_id)))
        found = await recorded(agent, again.id)

    def mask(text: str) -> str:
        return without_times(text).replace(root, "ROOT").replace(other, "ROOT")

    first = parse(text)[0]
    assert asked(first, found, mask) is None
    assert done(first, found, mask) is None
    assert first.end["contextWindow"] == 50_000
    assert figures(first)["steps"] == figures(found)["steps"] == 4
    assert figures(first)["input tokens"] is None  # one call did not say


BROKEN_CALLS = [
    ScriptedTurn(calls=(ScriptedCall("ls", '{"pa'), ScriptedCall("", {}), ScriptedCall("ls", "[1]"))),
    ScriptedTurn(calls=(ScriptedCall("write", '{"path": "a", "content": "x'),), stop="length"),
    call("fin", summary="Done.", status="partial"),
]


async def test_calls_that_could_not_be_read_are_done_again_as_such(tmp_path: Path) -> None:
    async with house(tmp_path) as agent:
        agent.script(BROKEN_CALLS)
        text = await text_of_run(agent.store, (await agent.run(mode="execute")).id, "0")
        replayed = ReplayModel(parse_trajectory(text, Path("x.jsonl")), pause_s=0)
        agent.models.inject("replay/x", replayed)
        found = await recorded(agent, (await agent.run(mode="execute", model="replay/x")).id)
    first = parse(text)[0]
    assert [len(step.results) for step in first.steps] == [3, 1, 1]
    assert "cut off" in first.steps[1].results[0]["text"]
    told = [
        [call.get("invalid") for call in step.answer["toolCalls"]] for step in (*first.steps, *found.steps)
    ]
    assert told[:3] == told[3:]
    assert [bool(each) for each in told[0]] == [True, True, True]
    assert done(first, found) is None
    pairs = zip(first.steps, found.steps, strict=True)
    assert all(a.messages[1:] == b.messages[1:] for a, b in pairs)  # the first says where the workspace lies


async def test_what_differs_is_named_with_its_step(tmp_path: Path) -> None:
    async with house(tmp_path) as agent:
        agent.script(SCRIPT)
        one = await recorded(agent, (await agent.run(mode="execute")).id)
        other_script = [SCRIPT[0], call("write", path="a.txt", content="e\n"), *SCRIPT[2:]]
        agent.script(other_script)
        other = await recorded(agent, (await agent.run(mode="execute")).id)
    difference = done(one, other)
    assert difference is not None
    assert (difference.step, difference.where) == (2, "the answer's calls")
    assert "\\u00e9" in difference.one
    assert "\\u00e9" not in difference.other
    shorter = Recorded(one.header, one.steps[:2], one.end)
    missing = done(one, shorter)
    assert missing is not None
    assert (missing.step, missing.other) == (3, "2 steps")


CHANGES: dict[str, tuple[Any, str]] = {
    "system": (lambda step: replace(step, prefix={**step.prefix, "system": "Other."}), "the system prompt"),
    "tools": (lambda step: replace(step, prefix={**step.prefix, "tools": []}), "the list of tools"),
    "settings": (lambda step: replace(step, settings={"effort": "medium"}), "the settings"),
    "fewer": (lambda step: replace(step, messages=step.messages[:-1]), "the number of messages"),
    "content": (
        lambda step: replace(step, messages=(*step.messages[:-1], {**step.messages[-1], "content": "?"})),
        "message 4 (tool), content",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_each_part_of_a_request_counts(tmp_path: Path, name: str) -> None:
    change, where = CHANGES[name]
    async with house(tmp_path) as agent:
        agent.script(SCRIPT)
        one = await recorded(agent, (await agent.run(mode="execute")).id)
    steps = [one.steps[0], change(one.steps[1]), *one.steps[2:]]
    difference = asked(one, Recorded(one.header, steps, one.end))
    assert difference is not None
    assert (difference.step, difference.where) == (2, where)


def test_the_rolling_hash_is_that_of_the_whole() -> None:
    prefix = encode({"system": "S", "tools": []})
    rolling = Rolling(prefix)
    messages = [{"role": "user", "content": "é \ud800"}, {"role": "tool", "content": ""}]
    for count in range(3):
        for settings in ({}, {"effort": "high", "outputTokensMax": 3}):
            value = {"system": "S", "tools": [], "messages": messages[:count], **settings}
            data = encode(value)
            assert rolling.whole(settings) == (len(data), hashlib.sha256(data).hexdigest())
        if count < 2:
            rolling.take(messages[count])
