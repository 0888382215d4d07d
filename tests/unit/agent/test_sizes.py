"""Counting what a request holds: only what is new is counted, and the sum is that of all."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.agent.sizes import Sizes, characters
from journeyman.records import Message, ToolCall
from journeyman.testing.clock import START

CALL = ToolCall("c", "ls", {"path": "é" * 3})
POOL = tuple(
    Message(f"m{n}", "chat", "run", "assistant", "x" * n, START, tool_calls=(CALL,) * (n % 3), context="y")
    for n in range(8)
)


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(POOL), max_size=6), max_size=6))
def test_whatever_is_asked_one_after_the_other(requests: list[list[Message]]) -> None:
    sizes = Sizes()
    for request in requests:
        assert sizes.of(tuple(request)) == sum(map(characters, request))


def test_a_message_that_was_replaced_is_counted_anew() -> None:
    sizes = Sizes()
    before = sizes.of(POOL)
    assert sizes.of((*POOL[:-1], replace(POOL[-1], text="[cleared]"))) == before - len(POOL[-1].text) + 9
    assert sizes.of(POOL) == before
