from __future__ import annotations

import pytest

from journeyman.adapters.sse import EventTooLargeError, ServerEvent, SseParser

STREAM = (
    "\ufeff: comment\n\ndata: a\r\n\r\ndata:b\rdata: ü€😀\r\revent: error\ndata: {}\nid: 3\n\n\n\ndata\n\n"
).encode()
EVENTS = [
    ServerEvent("a"),
    ServerEvent("b\nü€😀"),
    ServerEvent("{}", "error"),
    ServerEvent(""),
]


@pytest.mark.parametrize("position", range(len(STREAM) + 1))
def test_split_anywhere_gives_the_same_events(position: int) -> None:
    parser = SseParser()
    events = parser.feed(STREAM[:position]) + parser.feed(STREAM[position:])
    assert events == EVENTS
    assert parser.close() == []


def test_byte_by_byte() -> None:
    parser = SseParser()
    assert [event for byte in STREAM for event in parser.feed(bytes([byte]))] == EVENTS


@pytest.mark.parametrize("tail", ["data: [DONE]", "data: [DONE]\n"])
def test_close_gives_an_event_without_its_last_empty_line(tail: str) -> None:
    parser = SseParser()
    assert parser.feed(tail.encode()) == []
    assert parser.close() == [ServerEvent("[DONE]")]


def test_a_comment_or_another_field_dispatches_nothing() -> None:
    assert SseParser().feed(b": ping\n\nretry: 5\n\nevent: x\n\n") == []


@pytest.mark.parametrize("data", [b"data: " + b"x" * 200, b"data: 0123456789\n" * 20])
def test_endless_lines_and_events_are_refused(data: bytes) -> None:
    parser = SseParser(event_bytes_max=100)
    with pytest.raises(EventTooLargeError):
        parser.feed(data)
