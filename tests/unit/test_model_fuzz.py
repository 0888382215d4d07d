"""Whatever a provider sends, the model layer answers with a turn or a `Failure`, never anything else."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.adapters.chat_chunks import deltas_of, stop_reason_of
from journeyman.adapters.provider_failures import error_inside, words_of
from journeyman.adapters.sse import SseParser
from journeyman.failures import Failure
from journeyman.model.assembly import Assembler
from journeyman.model.providers import ProviderConfig
from journeyman.model.recovery import recover
from journeyman.ports.model import StopDelta, TextDelta, ToolCallDelta

# fmt: off
KEYS = st.sampled_from([
    "choices", "delta", "index", "tool_calls", "function", "name", "arguments", "id", "content", "usage",
    "finish_reason", "error", "code", "message", "prompt_tokens", "cost", "reasoning", "thinking", "text",
    "type",
])
# fmt: on
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
CHUNKS = st.dictionaries(KEYS, JSON, max_size=5)
PIECES = st.builds(
    ToolCallDelta,
    index=st.none() | st.integers(0, 2),
    id=st.none() | st.sampled_from(["", "a", "b", "\ud800"]),
    name=st.none() | st.sampled_from(["", "ls", "read", "_file", "\udc00"]),
    arguments=st.sampled_from(["", "{}", '{"a"', ":1}", '{"a":1}', "\ud800", "null", '"']),
)
TAGS = st.lists(
    st.sampled_from(
        ["<tool_call>", "</tool_call>", "<function=ls>", "</function>", "<parameter=a>", "{", "}"]
    )
    | st.sampled_from(["</parameter>", "```", "\n", '{"name": "ls", "arguments": {}}', "x", '"'])
).map("".join)


@settings(deadline=None)
@given(CHUNKS)
def test_any_chunk_gives_deltas(chunk: dict[str, Any]) -> None:
    wrapped = {"choices": [{"index": 0, "delta": chunk, "finish_reason": None}], "usage": chunk}
    for candidate in (chunk, wrapped):
        assembler = Assembler()
        for delta in deltas_of(candidate):
            assembler.feed(delta)
        stop_reason_of(candidate)
        assembler.finish()


@settings(deadline=None)
@given(JSON)
def test_any_error_object_gives_a_failure(error: Any) -> None:
    failure = error_inside(ProviderConfig("p", None), "m", error)
    assert isinstance(failure, Failure)
    assert failure.message
    assert failure.hint


@settings(deadline=None)
@given(st.binary())
def test_any_error_body_gives_words(body: bytes) -> None:
    words_of(body).encode("utf-8", "replace")


@settings(deadline=None)
@given(st.lists(st.binary()))
def test_any_bytes_give_events_that_do_not_depend_on_the_cuts(pieces: list[bytes]) -> None:
    cut, whole = SseParser(), SseParser()
    events = [event for piece in pieces for event in cut.feed(piece)] + cut.close()
    assert events == whole.feed(b"".join(pieces)) + whole.close()


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12), st.sampled_from(["stop", "tool_calls", "length", None]))
def test_any_pieces_give_calls_that_can_be_stored_and_answered(
    pieces: list[ToolCallDelta], stop: Any
) -> None:
    assembler = Assembler(tool_names=["ls", "read", "read_file"])
    for piece in pieces:
        assembler.feed(piece)
    if stop:
        assembler.feed(StopDelta(stop))
    calls = assembler.finish().tool_calls
    assert len({call.id for call in calls}) == len(calls)
    for call in calls:
        assert call.id.encode()
        assert call.name.encode()
        assert str(call.arguments).encode() is not None
        assert stop or call.invalid
    assert len(calls) <= len(pieces)
    assert bool(calls) == bool(pieces)


@settings(deadline=None)
@given(TAGS)
def test_recovered_calls_are_offered_ones_and_the_text_is_not_longer(text: str) -> None:
    found = recover(text, {"ls"})
    if found is not None:
        assert {call.name for call in found.calls} == {"ls"}
        assert len(found.text) < len(text)
    assembler = Assembler(tool_names=["ls"])
    assembler.feed(TextDelta(text))
    assembler.feed(StopDelta("stop"))
    assert len(assembler.finish().tool_calls) == (len(found.calls) if found else 0)
