"""Joining the pieces of tool calls, from providers that disagree on how a piece names its call.

A piece belongs to a call by its id; without an id by its index; without both to the newest call. Indexes
are not trusted to be different (some providers send 0 for every call) and a name that comes again starts
a new call. Knows nothing of text, usage or wire formats.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from journeyman.model.arguments import UndecodableError, clean_text, decode_arguments, is_complete
from journeyman.ports.model import StopReason, ToolCallDelta
from journeyman.records import ToolCall

NAME_CHARACTERS_MAX = 256
UNNAMED = "unnamed"


@dataclass(slots=True)
class _Open:
    id: str | None
    index: int | None
    name: str
    pieces: list[str] = field(default_factory=list[str])
    invalid: str | None = None

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)

    @property
    def bare(self) -> bool:
        return not any(piece.strip() for piece in self.pieces)


class CallJoiner:
    """Feed it every `ToolCallDelta` of one answer, then ask for the calls."""

    def __init__(self, tool_names: Collection[str], new_id: Callable[[], str]) -> None:
        self._tool_names = tool_names
        self._new_id = new_id
        self._open: list[_Open] = []

    def __len__(self) -> int:
        return len(self._open)

    def feed(self, piece: ToolCallDelta) -> None:
        name = (piece.name or "")[:NAME_CHARACTERS_MAX].strip()
        call = self._by_id(piece, name) if piece.id else self._by_place(piece, name)
        if call is None:
            call = _Open(piece.id or None, piece.index, name)
            self._open.append(call)
        else:
            call.id = call.id or piece.id or None
            if not call.name:
                call.name = name
            elif name and name != call.name:
                call.name += name  # a fragment: `_starts_anew` said that it is not another call
        call.invalid = call.invalid or piece.invalid
        if piece.arguments:
            call.pieces.append(piece.arguments)

    def _by_id(self, piece: ToolCallDelta, name: str) -> _Open | None:
        for call in reversed(self._open):
            if call.id == piece.id:
                moved = None not in (piece.index, call.index) and piece.index != call.index
                other = name and call.name and name != call.name and self._starts_anew(call, name)
                return None if (name and moved) or other else call
        place = self._at(piece.index)
        if place is None or name:
            # A new id with a name is a new call, unless a call has begun here with neither.
            return place if place is not None and not place.name and place.id is None else None
        if place.id is None:
            return place  # an id that comes after the name
        # A fresh id on every piece of one call is a known fault: without a name it is no new call,
        # as long as the call it would end is still unfinished.
        return place if piece.arguments and not is_complete(place.arguments) else None

    def _by_place(self, piece: ToolCallDelta, name: str) -> _Open | None:
        place = self._at(piece.index)
        if place is None or (name and place.name and self._starts_anew(place, name)):
            return None
        return place

    def _at(self, index: int | None) -> _Open | None:
        if index is None:
            return self._open[-1] if self._open else None
        return next((call for call in reversed(self._open) if call.index in (index, None)), None)

    def _starts_anew(self, call: _Open, name: str) -> bool:
        if name == call.name:
            return self._restarts(call, name)
        joined = call.name + name
        fragment = name not in self._tool_names and any(t.startswith(joined) for t in self._tool_names)
        return not (fragment and call.bare)

    @staticmethod
    def _restarts(call: _Open, name: str) -> bool:
        """A repeated name is a new call once the old one is whole; before that it is mere repetition."""
        return bool(call.name) and (name != call.name or is_complete(call.arguments))

    def finish(self, stop_reason: StopReason) -> tuple[ToolCall, ...]:
        """The calls in the order they began, ids unique; what cannot be run says why in `invalid`."""
        used: set[str] = set()
        calls: list[ToolCall] = []
        for position, call in enumerate(self._open):
            ident = call.id if call.id and call.id not in used else self._new_id()
            used.add(ident)
            last = position == len(self._open) - 1
            calls.append(_closed(call, clean_text(ident), stop_reason, last=last))
        return tuple(calls)


def _closed(call: _Open, ident: str, stop_reason: StopReason, *, last: bool) -> ToolCall:
    name = clean_text(call.name)
    if not name:
        return ToolCall(ident, UNNAMED, {}, invalid="The call names no tool.")
    if stop_reason == "disconnected":
        return ToolCall(ident, name, {}, invalid="The connection broke before the answer ended.")
    if call.invalid is not None:
        return ToolCall(ident, name, {}, invalid=call.invalid)
    cut = stop_reason == "length" and last
    try:
        arguments = decode_arguments(call.arguments)
    except UndecodableError as error:
        why = _CUT if cut else str(error)
        return ToolCall(ident, name, {}, invalid=why)
    if cut and call.bare:
        return ToolCall(ident, name, {}, invalid=_CUT)
    return ToolCall(ident, name, arguments)


_CUT = (
    "The arguments were cut off because the answer reached its length limit; nothing was run. "
    "Make the call again with less in it, or in several smaller calls."
)
