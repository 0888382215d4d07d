from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from journeyman import redaction
from journeyman.failures import Failure
from journeyman.model.assembly import ModelTurn, collect
from journeyman.model.recorder import RecordingModel
from journeyman.model.replay import ReplayModel
from journeyman.ports.model import Model, ModelRequest, TextDelta, UsageDelta
from journeyman.records import Message
from journeyman.testing.clock import START
from journeyman.testing.model import ScriptedModel, ScriptedTurn, call, calls, say, with_usage


def request(*said: str, run_id: str = "r1") -> ModelRequest:
    """A request after the run's assistant has spoken once for each of `said`."""
    messages = [Message("m", "c", run_id, "user", "go", START)]
    messages += [Message("m", "c", run_id, "assistant", text, START) for text in said]
    return ModelRequest("m", "", tuple(messages))


def facts(turn: ModelTurn) -> tuple[Any, ...]:
    return (
        turn.text,
        turn.reasoning,
        [(c.name, c.arguments) for c in turn.tool_calls],
        turn.usage,
        turn.stop_reason,
    )


async def turns(model: Model, count: int) -> list[tuple[Any, ...]]:
    made: list[str] = []
    results: list[tuple[Any, ...]] = []
    for _ in range(count):
        turn = await collect(model.stream(request(*made)))
        made.append(turn.text)
        results.append(facts(turn))
    return results


SCRIPT = [
    with_usage(calls(call("ls", path="."), call("read", path="ä.py"), text="Let me look at it."), 10, 2),
    ScriptedTurn(text="Hm.", reasoning="It says 2 < 3."),
    say("Done."),
]


async def test_what_was_recorded_is_replayed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "trajectory.jsonl"
    said = await turns(RecordingModel(ScriptedModel(SCRIPT), path, note="a test"), 3)
    header = json.loads(path.read_text("utf-8").splitlines()[0])
    assert header == {"recording": 1, "model": "m", "note": "a test"}
    replay = ReplayModel(path, pause_s=0)
    assert await turns(replay, 3) == said
    assert "recording" in await replay.notice()
    assert said[0][3] == UsageDelta(10, 2)


async def test_replay_follows_the_history_and_not_a_count_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"text": "one"}\n\n{"text": "two"}\n')
    replay = ReplayModel(path, pause_s=0)

    async def answer_to(asked: ModelRequest) -> str:
        return (await collect(replay.stream(asked))).text

    assert await answer_to(request("one")) == "two"  # a restarted daemon goes on
    assert await answer_to(request()) == "one"  # another chat begins
    mixed = ModelRequest("m", "", (*request("one", "two").messages, *request(run_id="r2").messages))
    assert await answer_to(mixed) == "one"  # so does a second run
    with pytest.raises(Failure, match="2 turns") as caught:
        await answer_to(request("one", "two"))
    assert caught.value.kind == "model_broken"


async def test_what_explore_was_answered_is_recorded_apart(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    model = RecordingModel(ScriptedModel([say("run"), say("inside"), say("run again")]), path)
    inside = replace(request(run_id="r1"), call_id="c1")
    for asked in (request(), inside, request("run")):
        await collect(model.stream(asked))
    replay = ReplayModel(path, pause_s=0)
    said = [await collect(replay.stream(each)) for each in (request("run"), inside, request())]
    assert [each.text for each in said] == ["run again", "inside", "run"]
    other = replace(inside, messages=(replace(inside.messages[0], text="something else"),))
    with pytest.raises(Failure, match="This call of explore in the recording has 0 turns"):
        await collect(replay.stream(other))


EXPORTED = '{"trajectory": 2}\n{"type": "exploreRequest", "step": 1, "callId": "c1", "messages": [%s]}\n%s\n'
ASKED = '{"content": "go"}'


@pytest.mark.parametrize(
    ("asked", "answer", "line"),
    [
        ("", "{}", "line 2: IndexError"),
        (ASKED, '{"type": "exploreAnswer", "failed": {"kind": "unheard of"}}', "line 3: ValueError"),
        (ASKED, '{"type": "exploreAnswer", "failed": 5}', "line 3: TypeError"),
    ],
)
async def test_an_export_that_cannot_be_done_again_says_where(
    tmp_path: Path, asked: str, answer: str, line: str
) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(EXPORTED % (asked, answer))
    with pytest.raises(Failure, match=line):
        await collect(ReplayModel(path).stream(request()))


async def test_text_is_streamed_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    text = "One two  three\nfour five six seven. "
    path.write_text(json.dumps({"text": text}))
    seen = [d.text async for d in ReplayModel(path, pause_s=0).stream(request()) if isinstance(d, TextDelta)]
    assert len(seen) == 3
    assert "".join(seen) == text


@pytest.mark.parametrize(
    "content",
    [
        b"{broken",
        b"[1]",
        b'{"toolCalls": [{"name": "ls"}]}',
        b'{"toolCalls": [{"name": "ls", "arguments": "x"}]}',
        b'{"toolCalls": 5}',
        b"\xff\xfe",
        None,
    ],
)
async def test_an_unreadable_recording_says_where(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "t.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Failure, match=r"t\.jsonl") as caught:
        await collect(ReplayModel(path).stream(request()))
    assert caught.value.kind == "invalid"


async def test_recordings_hold_no_secrets_and_no_half_answers(tmp_path: Path) -> None:
    secret = 'quoted"secret\\value'
    redaction.register_secret(secret)
    path = tmp_path / "t.jsonl"
    cut = ScriptedTurn(text="Half", stop="disconnected")
    model = RecordingModel(
        ScriptedModel([cut, call("write", content=f"x={secret}"), Failure("timeout", "")]), path
    )
    await collect(model.stream(request()))
    assert not path.exists()
    await collect(model.stream(request()))
    with pytest.raises(Failure):
        await collect(model.stream(request()))
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert lines[1:] == [
        {"text": "", "toolCalls": [{"name": "write", "arguments": {"content": "x=[redacted]"}}]}
    ]


async def test_a_recording_that_cannot_be_written_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    model = RecordingModel(ScriptedModel([say("hi")]), tmp_path / "file" / "t.jsonl")
    with pytest.raises(Failure) as caught:
        await collect(model.stream(request()))
    assert caught.value.kind == "storage_failed"


async def test_scripts_react_and_say_when_they_are_used_up() -> None:
    model = ScriptedModel([lambda asked: say(f"{len(asked.messages)} messages")])
    assert (await collect(model.stream(request()))).text == "1 messages"
    assert model.left == 0
    with pytest.raises(Failure, match="asked for turn 2"):
        await collect(model.stream(request()))
    assert len(model.requests) == 2
