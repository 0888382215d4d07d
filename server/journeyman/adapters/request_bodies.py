"""Request after request as bytes: each message is encoded once, however often it is sent.

A request is nearly always the one before and a little more. What was encoded lives as long as its message,
so nothing has to be thrown away. The bytes are those of `body_of`, encoded whole. Knows no HTTP.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, call, is_
from typing import Any, cast

from journeyman.adapters.body_layout import Layout, as_parts, encode, has_text, marked, marks, to_mark
from journeyman.adapters.chat_completions import stream_fields
from journeyman.ports.model import ModelRequest
from journeyman.records import Message

OPENINGS_KEPT = 8
"""Runs at the same time differ in their tools at most by what they are for."""


@dataclass(frozen=True, slots=True)
class _Opening:
    of: tuple[object, ...]
    data: bytes
    """Up to the messages."""
    system: bytes
    """And the examples behind it."""


class _Encoded(weakref.ref[Message]):
    __slots__ = ("data", "has_text", "ident")

    data: bytes
    """Empty where nothing of the message is sent."""
    has_text: bool
    ident: int


_DATA = attrgetter("data")


class RequestBodies:
    def __init__(self, layout: Layout, options: Mapping[str, Any]) -> None:
        self._layout = layout
        self._options = options
        self._marks = marks(options)
        self._openings: deque[_Opening] = deque(maxlen=OPENINGS_KEPT)
        self._kept: dict[int, _Encoded] = {}
        """By the address of the message, while that lives."""

    def of(self, request: ModelRequest) -> bytes:
        """The whole body, which asks for a stream."""
        opening = self._opening(request)
        messages = request.messages
        encoded = self._all(messages, request.pictures)
        data = [opening.system, *map(_DATA, encoded)]
        if self._marks:
            for place in to_mark([bool(opening.system), *(each.has_text for each in encoded)]) - {0}:
                data[place] = encode(marked(self._wire(request.messages[place - 1], request.pictures)))
        closing = encode(self._layout.closing(request, self._options) | stream_fields(self._options))
        return b"".join((opening.data, b",".join(filter(None, data)), b"],", closing[1:]))

    def _all(self, messages: Sequence[Message], pictures: Mapping[str, str]) -> list[_Encoded]:
        known = list(map(self._kept.get, map(id, messages)))
        for place, found in enumerate(known):
            if found is None:
                known[place] = self._encoded(messages[place], pictures)
        encoded = cast("list[_Encoded]", known)
        assert all(map(is_, map(call, encoded), messages))  # who is gone was forgotten at once
        return encoded

    def _opening(self, request: ModelRequest) -> _Opening:
        of = (request.model, request.system, request.tools)
        for opening in self._openings:
            if opening.of == of:
                return opening
        data = encode(self._layout.opening(request))[:-1] + b',"messages":['
        system = self._layout.system(request)
        if system is not None and self._marks:
            system = marked(as_parts(system))
        first = [each for each in (system, *self._layout.examples()) if each is not None]
        fresh = _Opening(of, data, b",".join(map(encode, first)))
        self._openings.appendleft(fresh)
        return fresh

    def _encoded(self, message: Message, pictures: Mapping[str, str]) -> _Encoded:
        wire = self._wire(message, pictures)
        fresh = _Encoded(message, self._forget)
        fresh.ident = id(message)
        fresh.data = encode(wire) if wire else b""
        fresh.has_text = has_text(wire)
        self._kept[fresh.ident] = fresh
        return fresh

    def _forget(self, gone: weakref.ref[Message]) -> None:
        assert isinstance(gone, _Encoded)
        if self._kept.get(gone.ident) is gone:
            del self._kept[gone.ident]

    def _wire(self, message: Message, pictures: Mapping[str, str]) -> dict[str, Any]:
        wire = self._layout.message(message, pictures) or {}
        return as_parts(wire) if self._marks else wire
