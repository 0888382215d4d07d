"""Bodies made of what was encoded before are the bodies encoded whole, whatever was asked before."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.images import base64_of, png
from journeyman.adapters.block_calls import LAYOUT as BLOCKS
from journeyman.adapters.body_layout import Layout, body_of, encode
from journeyman.adapters.chat_completions import NATIVE, stream_fields
from journeyman.adapters.request_bodies import OPENINGS_KEPT, RequestBodies
from journeyman.adapters.schema_calls import LAYOUT as SCHEMA
from journeyman.ports.model import ModelRequest, ToolSpec
from journeyman.records import Message, ToolCall
from journeyman.testing.clock import START

TOOL = ToolSpec("ls", "List a folder", {"type": "object", "properties": {"path": {"type": "string"}}})
TEXTS = st.text(max_size=8) | st.sampled_from(["", "süß", "\ud800", '"\\\n'])
CALLS = st.lists(
    st.builds(ToolCall, st.just("c"), st.just("ls"), st.dictionaries(TEXTS, TEXTS | st.floats(), max_size=2)),
    max_size=2,
).map(tuple)


def message(role: Any, text: str, calls: tuple[ToolCall, ...] = (), context: str = "") -> Message:
    return Message("m", "chat", "run", role, text, START, tool_calls=calls, tool_call_id="c", context=context)


MESSAGES = st.builds(message, st.sampled_from(["user", "assistant", "tool"]), TEXTS, CALLS, TEXTS)
REQUESTS = st.builds(
    ModelRequest,
    st.sampled_from(["m", "n"]),
    TEXTS,
    st.lists(MESSAGES, max_size=6).map(tuple),
    st.sampled_from([(), (TOOL,)]),
    st.sampled_from([None, "low"]),
    st.sampled_from([None, 7]),
    st.sampled_from(["auto", "required"]),
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={"cache_control": st.booleans(), "usage_include": st.just(True), "effort": st.just("reasoning")},
)


def whole(layout: Layout, request: ModelRequest, options: dict[str, Any]) -> bytes:
    return encode(body_of(layout, request, options) | stream_fields(options))


@pytest.mark.parametrize("layout", [NATIVE, SCHEMA, BLOCKS], ids=["native", "schema", "blocks"])
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(requests=st.lists(REQUESTS, min_size=1, max_size=3), options=OPTIONS)
def test_the_bytes_are_those_of_the_whole_body(
    layout: Layout, requests: list[ModelRequest], options: dict[str, Any]
) -> None:
    bodies = RequestBodies(layout, options)
    history: tuple[Message, ...] = ()
    for request in requests:
        history += request.messages
        for asked in (request, replace(request, messages=history), replace(request, messages=history[1:])):
            assert bodies.of(asked) == whole(layout, asked, options)


def test_a_message_is_encoded_once_and_forgotten_with_its_history() -> None:
    encoded: list[str] = []

    def watched(each: Message, pictures: Mapping[str, str]) -> dict[str, Any] | None:
        encoded.append(each.text)
        return NATIVE.message(each, pictures)

    bodies = RequestBodies(replace(NATIVE, message=watched), {})
    history = tuple(message("user", f"{number}") for number in range(5))
    for upto in (1, 3, 5, 5):
        bodies.of(ModelRequest("m", "S", history[:upto], (TOOL,)))
    assert encoded == ["0", "1", "2", "3", "4"]
    assert len(bodies._kept) == 5
    del history
    gc.collect()
    assert bodies._kept == {}


@pytest.mark.parametrize("layout", [NATIVE, SCHEMA, BLOCKS], ids=["native", "schema", "blocks"])
@pytest.mark.parametrize("options", [{}, {"cache_control": True}])
def test_images_are_in_the_bytes_of_each_request(layout: Layout, options: dict[str, Any]) -> None:
    bodies, one = RequestBodies(layout, options), png(1)
    history = (
        replace(message("user", "What is on it?"), pictures=(one.picture,)),
        *(message("user", f"{number}") for number in range(4)),
    )
    for upto in (1, 2, 5):
        request = ModelRequest("m", "S", history[:upto], (TOOL,), pictures={one.picture.id: base64_of(one)})
        body = bodies.of(request)
        assert body == whole(layout, request, options)
        assert body.count(f"base64,{base64_of(one)}".encode()) == 1


def test_a_message_at_the_place_of_one_that_is_gone_is_not_taken_for_it() -> None:
    bodies = RequestBodies(NATIVE, {})
    for number in range(100):  # each most likely where the one before was
        request = ModelRequest("m", "S", (message("user", f"{number}"),))
        assert bodies.of(request) == whole(NATIVE, request, {})


def test_only_so_many_openings_are_kept() -> None:
    bodies = RequestBodies(NATIVE, {})
    for number in range(2 * OPENINGS_KEPT):
        request = ModelRequest("m", f"{number}", ())
        assert bodies.of(request) == whole(NATIVE, request, {})
    assert len(bodies._openings) == OPENINGS_KEPT
