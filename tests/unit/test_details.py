"""Reasoning details from their pieces: whatever the pieces, the blocks are those of the whole answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.openrouter import WORDS, pieces
from journeyman.adapters.openrouter_thoughts import heard
from journeyman.model.assembly import Assembler, ModelTurn
from journeyman.ports.model import ReasoningDelta, StopDelta, TextDelta, ThoughtDelta
from journeyman.thoughts import CHARACTERS_MAX, Thought, thought_from

Json = dict[str, Any]
CLAUDE: Json = {"format": "anthropic-claude-v1"}
GEMINI: Json = {"format": "google-gemini-v1"}


def text(words: str, index: int | None = 0, **more: Any) -> Json:
    return {"type": "reasoning.text", "text": words, "index": index, **more}


def sealed(data: str, index: int | None = 0, **more: Any) -> Json:
    return {"type": "reasoning.encrypted", "data": data, "index": index, **more}


def summary(words: str, index: int = 0) -> Json:
    return {"type": "reasoning.summary", "summary": words, "index": index}


SIGNATURE: Json = {"type": "reasoning.text", "index": 0, "signature": "s"}
LOOSE: Json = {"type": "reasoning.text", "text": "a"}
DANCE: Json = {"type": "reasoning.dance", "steps": [1, 2]}


def assembled(streamed: list[Any], *, whole: bool = True) -> ModelTurn:
    assembler = Assembler()
    for piece in streamed:
        for delta in heard({"choices": [{"delta": {"reasoning_details": piece}}]}):
            assembler.feed(delta)
    assembler.feed(TextDelta("So."))
    if whole:
        assembler.feed(StopDelta("stop"))
    return assembler.finish()


def blocks(turn: ModelTurn) -> list[Json]:
    found: list[Json] = []
    for each in turn.thoughts:
        assert each.kind == "detail"
        fields = json.loads(each.signature)
        name = WORDS.get(fields["type"])
        found.append(fields | ({name: each.text} if name else {}))
    return found


CASES: dict[str, tuple[list[Any], list[Json]]] = {
    "a signature in a piece of its own": (
        [[text("Let ", **CLAUDE)], [text("me.", **CLAUDE)], [SIGNATURE]],
        [text("Let me.", signature="s", **CLAUDE)],
    ),
    "nothing but a signature": (
        [[SIGNATURE]],
        [text("", signature="s")],
    ),
    "null is as good as left out": (
        [[text("a", signature=None, id=None)], [text("b", signature="s", id="1")]],
        [text("ab", signature="s", id="1")],
    ),
    "two at once": (
        [[text("a", 0), text("b", 1)], [text("A", 0)], [text("B", 1)]],
        [text("aA", 0), text("bB", 1)],
    ),
    "no index, one after the other": (
        [[LOOSE], [LOOSE | {"text": "b"}], [sealed("x", None)]],
        [LOOSE | {"text": "ab"}, {"type": "reasoning.encrypted", "data": "x"}],
    ),
    "an index that is used again behind a signature": (
        [[text("a", signature="s")], [text("b")], [text("", signature="t")]],
        [text("a", signature="s"), text("b", signature="t")],
    ),
    "one index for words and what is sealed": (
        [[text("a", **GEMINI)], [sealed("x", id="tool_1", **GEMINI)], [text("b", **GEMINI)]],
        [text("ab", **GEMINI), sealed("x", id="tool_1", **GEMINI)],
    ),
    "sealed for two calls under one index": (
        [[sealed("x", id="tool_1")], [sealed("y", id="tool_2")]],
        [sealed("x", id="tool_1"), sealed("y", id="tool_2")],
    ),
    "sealed, told twice": ([[sealed("x", id="r")], [sealed("x", id="r")]], [sealed("x", id="r")]),
    "a summary and what it is of": (
        [[summary("Lo")], [summary("ok")], [sealed("x", id="rs_1")]],
        [summary("Look"), sealed("x", id="rs_1")],
    ),
    "a type of tomorrow": ([[DANCE]], [DANCE]),
    "no blocks": ([[], None, "words", {"type": "reasoning.text"}, [1, "two", None]], []),
}  # fmt: skip


@pytest.mark.parametrize(("streamed", "whole"), CASES.values(), ids=CASES)
def test_what_is_kept(streamed: list[Any], whole: list[Json]) -> None:
    stated = [{key: value for key, value in block.items() if value is not None} for block in whole]
    assert blocks(assembled(streamed)) == stated


WORD = st.text("abü👀\n", max_size=12)
BLOCKS = st.lists(
    st.one_of(
        st.builds(lambda words, sign: text(words or "-", signature=sign), WORD, st.text("xyz", min_size=1)),
        st.builds(lambda words: summary(words or "-"), WORD),
        st.builds(sealed, st.text("xyz", min_size=1)),
    ),
    max_size=5,
).map(lambda found: [{**block, "index": at} for at, block in enumerate(found)])


@given(details=BLOCKS, size=st.integers(1, 5), at_once=st.booleans())
def test_however_it_is_cut_the_blocks_are_the_same(details: list[Json], size: int, at_once: bool) -> None:
    streamed = [details] if at_once else [[piece] for piece in pieces(details, size)]
    assert blocks(assembled(streamed)) == details


def test_an_answer_that_broke_off_and_one_that_is_far_too_long_keep_none() -> None:
    assert assembled([[text("a", signature="s")]], whole=False).thoughts == ()
    half = text("a" * (CHARACTERS_MAX // 2 + 1))
    assert assembled([[half], [half], [text("", signature="s")]]).thoughts == ()


def test_thoughts_are_counted_by_what_they_say_and_not_by_what_is_around_each_piece() -> None:
    about: Json = {"format": "f" * 1_000}
    turn = assembled([[text("a", **about)] for _ in range(2_000)])
    assert [len(block["text"]) for block in blocks(turn)] == [2_000]


def test_people_are_shown_the_words_once() -> None:
    both = {"reasoning": "Hm.", "reasoning_details": [text("Hm.")]}
    alone = {"reasoning_details": [text("Hm."), sealed("x")]}
    for part in (both, alone):
        deltas = list(heard({"choices": [{"delta": part}]}))
        assert [each.text for each in deltas if isinstance(each, ReasoningDelta)] == ["Hm."]
        assert any(isinstance(each, ThoughtDelta) for each in deltas)


@pytest.mark.parametrize("signature", ["{", "[]", "1", "words"])
def test_what_is_no_block_is_refused(signature: str) -> None:
    with pytest.raises(ValueError, match=r"block|Expecting"):
        thought_from({"kind": "detail", "signature": signature})
    assert thought_from({"kind": "detail", "signature": "{}"}) == Thought("detail", "{}")
