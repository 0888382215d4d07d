"""The assembler on deltas alone; the wire is in tests/contract/test_model_hazards.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from journeyman.failures import Failure
from journeyman.model.assembly import Limits, ModelTurn, collect
from journeyman.ports.model import ModelDelta, ReasoningDelta, StopDelta, TextDelta, ToolCallDelta, UsageDelta

T = ToolCallDelta
END = StopDelta("tool_calls")
NAMES = ("ls", "read", "read_file")
LS, READ = ("ls", {"path": "x"}), ("read", {"path": "y"})
FILE, LS_Y = ("read_file", {"path": "x"}), ("ls", {"path": "y"})
X, Y = '{"path":"x"}', '{"path":"y"}'


class Stream:
    def __init__(self, deltas: Sequence[ModelDelta], endless: bool = False) -> None:
        self.deltas, self.endless, self.closed = deltas, endless, False

    async def __call__(self) -> AsyncIterator[ModelDelta]:
        try:
            while True:
                for delta in self.deltas:
                    yield delta
                if not self.endless:
                    return
        finally:
            self.closed = True


async def assemble(*deltas: ModelDelta, **more: Any) -> ModelTurn:
    counter = iter(range(100))
    return await collect(Stream(deltas)(), tool_names=NAMES, new_id=lambda: f"own{next(counter)}", **more)


CASES: list[tuple[str, list[ModelDelta], list[tuple[str, dict[str, str]]]]] = [
    ("whole calls, no ids, no indexes", [T(name="ls", arguments=X), T(name="read", arguments=Y)], [LS, READ]),
    ("same tool twice by name", [T(name="ls", arguments=X), T(name="ls", arguments=Y)], [LS, LS_Y]),
    ("name repeated on every piece", [T(0, None, "ls", '{"path"'), T(0, None, "ls", ':"x"}')], [LS]),
    ("name in fragments", [T(0, "a", "read"), T(0, None, "_file"), T(0, None, None, X)], [FILE]),
    ("name in other fragments", [T(0, "a", "rea"), T(0, None, "d_file"), T(0, None, None, X)], [FILE]),
    ("a new id on every piece", [T(0, "a", "ls", '{"path"'), T(0, "b", None, ':"x"}')], [LS]),
    ("id after the name", [T(0, None, "ls"), T(0, "a", None, X)], [LS]),
    ("name after the id", [T(0, "a"), T(0, "a", "ls", X)], [LS]),
    ("one id for both", [T(0, "a", "ls", X), T(1, "a", "read", Y)], [LS, READ]),
    ("one id and one index for both", [T(0, "a", "ls", X), T(0, "a", "read", Y)], [LS, READ]),
    ("the whole call again at the end", [T(0, "a", "ls", X), T(0, "a", "ls", X)], [LS]),
    ("empty object first", [T(0, "a", "ls", "{}"), T(0, None, None, X)], [LS]),
    ("no arguments at all", [T(0, "a", "ls"), T(1, "b", "ls", "")], [("ls", {}), ("ls", {})]),
    ("ids appear in any order", [T(1, "b", "read", Y), T(0, "a", "ls", X)], [READ, LS]),
    ("interleaved by id only", [T(None, "a", "ls", '{"path"'), T(None, "b", "read", '{"path"'),
                                T(None, "a", None, ':"x"}'), T(None, "b", None, ':"y"}')], [LS, READ]),
]  # fmt: skip


@pytest.mark.parametrize(("deltas", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
async def test_pieces_find_their_call(deltas: list[ModelDelta], expected: list[Any]) -> None:
    turn = await assemble(*deltas, END)
    assert [(call.name, call.arguments) for call in turn.tool_calls] == expected
    assert all(call.invalid is None for call in turn.tool_calls)
    ids = [call.id for call in turn.tool_calls]
    assert len(set(ids)) == len(ids)


async def test_provider_ids_are_kept() -> None:
    turn = await assemble(T(0, "abc", "ls", X), END)
    assert turn.tool_calls[0].id == "abc"


async def test_two_objects_in_one_call_are_not_guessed() -> None:
    turn = await assemble(T(0, "a", "ls", X + Y), END)
    assert turn.tool_calls[0].arguments == {}
    assert "more than one" in (turn.tool_calls[0].invalid or "")


async def test_cut_by_length_says_so_and_only_the_last_call_is_hit() -> None:
    turn = await assemble(T(0, "a", "ls", X), T(1, "b", "read"), StopDelta("length"))
    first, last = turn.tool_calls
    assert first.invalid is None
    assert "cut off" in (last.invalid or "")


async def test_a_disconnected_turn_has_nothing_to_run() -> None:
    turn = await assemble(TextDelta("I "), T(0, "a", "ls", X))
    assert turn.stop_reason == "disconnected"
    assert [call.invalid is None for call in turn.tool_calls] == [False]


async def test_nameless_call_is_answered_not_lost() -> None:
    turn = await assemble(T(0, "a", None, X), END)
    assert turn.tool_calls[0].invalid == "The call names no tool."


async def test_stop_reason_follows_what_came() -> None:
    assert (await assemble(T(0, "a", "ls", X), StopDelta("stop"))).stop_reason == "tool_calls"
    turn = await assemble(TextDelta("hm"), END)
    assert turn.stop_reason == "stop"
    assert turn.notes


async def test_usage_is_merged_field_by_field_and_never_invented() -> None:
    assert (await assemble(TextDelta("a"), StopDelta("stop"))).usage is None
    turn = await assemble(UsageDelta(10, 1), UsageDelta(None, 7, 4), StopDelta("stop"))
    assert turn.usage == UsageDelta(10, 7, 4, None)


async def test_on_delta_sees_whole_characters() -> None:
    seen: list[ModelDelta] = []
    deltas = [TextDelta("a\ud83d"), ReasoningDelta("r"), TextDelta("\ude00b"), StopDelta("stop")]
    turn = await assemble(*deltas, on_delta=seen.append)
    assert turn.text == "a😀b"
    assert seen == [TextDelta("a"), ReasoningDelta("r"), TextDelta("😀b"), StopDelta("stop")]


async def test_on_delta_may_be_a_coroutine_function() -> None:
    seen: list[ModelDelta] = []

    async def take(delta: ModelDelta) -> None:
        seen.append(delta)

    await assemble(TextDelta("a"), StopDelta("stop"), on_delta=take)
    assert seen == [TextDelta("a"), StopDelta("stop")]


@pytest.mark.parametrize(
    ("delta", "limits"),
    [
        (TextDelta("x" * 100), Limits(characters=10_000)),
        (ReasoningDelta("x" * 100), Limits(characters=10_000)),
        (T(0, None, None, "x" * 100), Limits(characters=10_000)),
        (T(name="ls", arguments="{}"), Limits(calls=16)),
        (TextDelta(""), Limits(deltas=1000)),
    ],
)
async def test_an_endless_answer_is_cut_and_its_stream_closed(delta: ModelDelta, limits: Limits) -> None:
    stream = Stream([delta], endless=True)
    with pytest.raises(Failure) as caught:
        await collect(stream(), limits=limits)
    assert caught.value.kind == "model_broken"
    assert not caught.value.retryable
    assert stream.closed
