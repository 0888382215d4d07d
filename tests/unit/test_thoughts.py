"""Putting thoughts together, and telling them again: all of an answer's come back as they were, or none."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman import redaction
from journeyman.model.assembly import ModelTurn, collect
from journeyman.model.recorder import RecordingModel
from journeyman.model.replay import ReplayModel
from journeyman.model.thoughts import ThoughtJoiner, in_order
from journeyman.ports.model import (
    ModelDelta,
    ModelRequest,
    ReasoningDelta,
    StopDelta,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
)
from journeyman.records import Message
from journeyman.testing.clock import START
from journeyman.testing.model import ScriptedCall, ScriptedModel, ScriptedTurn
from journeyman.thoughts import CHARACTERS_MAX, Thought, fields_of, thought_from

T, D, W = Thought, ThoughtDelta, TextDelta
LS, END, STOP = ToolCallDelta(0, "a", "ls", "{}"), StopDelta("tool_calls"), StopDelta("stop")
AGAIN = ToolCallDelta(1, "b", "ls", "{}")
REQUEST = ModelRequest("m", "", (Message("m", "c", "r", "user", "go", START),))


async def assemble(deltas: Sequence[ModelDelta]) -> ModelTurn:
    async def stream() -> AsyncIterator[ModelDelta]:
        for delta in deltas:
            yield delta

    return await collect(stream(), tool_names=("ls",))


CASES: dict[str, tuple[list[ModelDelta], list[Thought]]] = {
    "in pieces": ([D(text="Let "), D(text="me."), D(signature="s"), LS, END], [T("thought", "s", "Let me.")]),
    "a character cut in two": (
        [D(text="\ud83d"), D(text="\udc40"), D(signature="s"), STOP],
        [T("thought", "s", "👀")],
    ),
    "two without words": (
        [D(signature="s"), D(signature="t"), LS, END],
        [T("thought", "s"), T("thought", "t")],
    ),
    "behind words": (
        [W("So \ud83d"), W("\udc40"), D(text="b", signature="s"), STOP],
        [T("thought", "s", "b", 4)],
    ),
    "sealed": ([D("sealed", signature="x"), W("So."), LS, END], [T("sealed", "x")]),
    "of calls": (
        [LS, AGAIN, D("call", signature="s", call_id="b"), D("text", signature="t"), END],
        [T("text", "t"), T("call", "s", call=1)],
    ),
    "of a call that is not there": ([LS, D("call", signature="s", call_id="z"), END], []),
    "never signed": ([D(text="Hm."), W("So."), STOP], []),
    "cut by the length limit": (
        [D(text="a", signature="s"), W("So"), StopDelta("length")],
        [T("thought", "s", "a")],
    ),
    "the answer broke off": ([D(text="a", signature="s"), W("So")], []),
    "after a call": ([D(signature="s"), LS, D(text="b", signature="t"), END], []),
    "behind blanks": ([D(signature="s"), W("\n\n"), D(signature="t"), LS, END], []),
    "before blanks": ([D(signature="s"), W("\n\n"), LS, END], [T("thought", "s")]),
    "sealed behind words": ([D(signature="s"), W("So."), D("sealed", signature="x"), LS, END], []),
    "the call was taken from the words": ([D(signature="s"), W('{"name": "ls", "arguments": {}}'), STOP], []),
    "more than is kept": ([D(text="a" * CHARACTERS_MAX), D(signature="s"), LS, END], []),
    "of the words, and shown": (
        [ReasoningDelta("Hm."), D(text="Hm.", signature="s"), STOP],
        [T("thought", "s", "Hm.")],
    ),
}


@pytest.mark.parametrize(("deltas", "thoughts"), CASES.values(), ids=CASES)
async def test_what_is_kept(deltas: list[ModelDelta], thoughts: list[Thought]) -> None:
    turn = await assemble(deltas)
    assert list(turn.thoughts) == thoughts
    assert [thought_from(json.loads(json.dumps(fields_of(each)))) for each in thoughts] == thoughts


TEXTS = st.text("abü👀", max_size=6)
THOUGHTS = st.builds(Thought, st.just("thought"), TEXTS.filter(bool), TEXTS, st.integers(0, 12))


@given(text=st.text("abü👀", max_size=12), thoughts=st.lists(THOUGHTS, max_size=4))
def test_told_in_order_they_are_the_same(text: str, thoughts: list[Thought]) -> None:
    kept = sorted((each for each in thoughts if each.at <= len(text)), key=lambda each: each.at)
    joiner, written = ThoughtJoiner(), ""
    for part in in_order(text, kept):
        if isinstance(part, str):
            written += part
        else:
            joiner.feed(part, lambda: written, 0)  # noqa: B023 - it is called at once
    assert written == text
    assert joiner.finish((), as_written=True) == tuple(kept)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "other", "signature": "s"},
        {"kind": "thought", "signature": 1},
        {"kind": "thought", "signature": "s", "at": -1},
        {"kind": "call", "signature": "s", "call": "0"},
    ],
)
def test_what_is_no_thought_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="thought"):
        thought_from(fields)


SIGNED = (T("thought", "s", "One."), T("thought", "t", "Two.", 3), T("call", "c", call=1))


async def test_a_recording_keeps_them_and_tells_them_again(tmp_path: Path) -> None:
    script = [
        ScriptedTurn("So: there.", (ScriptedCall("ls", "{"), ScriptedCall("ls", {})), thoughts=SIGNED),
        ScriptedTurn("Plain.", thoughts=SIGNED[:1]),
    ]
    path = tmp_path / "t.jsonl"
    said = await collect(RecordingModel(ScriptedModel(script), path).stream(REQUEST))
    assert said.thoughts == SIGNED
    again = await collect(ReplayModel(path, pause_s=0).stream(REQUEST))
    assert (again.text, again.thoughts[:2]) == (said.text, said.thoughts[:2])
    assert again.thoughts[2] == T("call", "c", call=0), "the call that could not be read is left out"


async def test_a_secret_in_a_thought_is_not_recorded(tmp_path: Path) -> None:
    redaction.register_secret("hunter2hunter2")
    path = tmp_path / "t.jsonl"
    turn = ScriptedTurn("So.", thoughts=(T("thought", "s", "It is hunter2hunter2."),))
    await collect(RecordingModel(ScriptedModel([turn]), path).stream(REQUEST))
    assert "hunter2" not in path.read_text("utf-8")
