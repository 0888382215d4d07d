"""Putting thoughts together from the pieces of a stream, and knowing when they cannot be given back.

A provider takes back all of an answer's thoughts where they stood, or none: so where one cannot be sent as it
came, none are kept, and the answer is as one that came without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from journeyman.model.arguments import clean_text
from journeyman.model.details import DetailJoiner
from journeyman.ports.model import ThoughtDelta
from journeyman.records import ToolCall
from journeyman.thoughts import CHARACTERS_MAX, Thought


class ThoughtJoiner:
    """Feed it every `ThoughtDelta` of one answer, then ask for the thoughts."""

    def __init__(self, *, characters_max: int = CHARACTERS_MAX) -> None:
        self._max = characters_max
        self._done: list[Thought] = []
        self._signed_calls: dict[str, str] = {}
        """Call id -> signature."""
        self._pieces: list[str] = []
        """Of the thought that has no signature yet."""
        self._at: int | None = None
        self._told = 0
        """Characters of text before the newest thought."""
        self._details = DetailJoiner()
        self._characters = 0
        self._misplaced = False

    def feed(self, piece: ThoughtDelta, written: Callable[[], str], calls: int) -> None:
        """`written`: the text so far; `calls`: how many have begun."""
        if piece.kind == "detail":
            if self._characters <= self._max:
                self._characters += self._details.feed(piece.text, piece.signature)
            return
        self._characters += len(piece.text) + len(piece.signature)
        if self._characters > self._max:
            self._done, self._signed_calls, self._pieces = [], {}, []
        elif piece.kind == "call":
            self._signed_calls.setdefault(piece.call_id, piece.signature)
        elif piece.kind == "text":
            self._done.append(Thought("text", piece.signature))
        elif piece.kind == "sealed":
            self._place(written, calls)
            self._misplaced = self._misplaced or bool(self._at)  # its place is told by nothing but its rank
            self._close(Thought("sealed", piece.signature, at=self._at or 0))
        else:
            self._place(written, calls)
            self._pieces.append(piece.text)
            if piece.signature:
                text = clean_text("".join(self._pieces))
                self._close(Thought("thought", piece.signature, text, self._at or 0))

    def finish(self, calls: Sequence[ToolCall], *, as_written: bool) -> tuple[Thought, ...]:
        """What is whole. `as_written`: the answer's text is what the stream said."""
        if self._characters > self._max or self._misplaced or not as_written:
            return ()
        ids = {call.id: number for number, call in enumerate(calls)}
        signed = [
            Thought("call", signature, call=ids[ident])
            for ident, signature in self._signed_calls.items()
            if ident in ids
        ]
        return (*self._details.finish(), *self._done, *signed)

    def _place(self, written: Callable[[], str], calls: int) -> None:
        if self._at is not None:
            return
        text = written()
        between, self._at, self._told = text[self._told :], len(text), len(text)
        blank = bool(between) and not between.strip()  # providers refuse blanks, and a gap where they were
        self._misplaced = self._misplaced or blank or calls > 0

    def _close(self, thought: Thought) -> None:
        self._done.append(thought)
        self._pieces, self._at = [], None


def in_order(text: str, thoughts: Sequence[Thought]) -> Iterator[str | ThoughtDelta]:
    """A whole answer's text again as it came, with the thoughts between; those of calls are left out."""
    told = 0
    for each in thoughts:
        if each.kind == "call":
            continue
        if each.at > told:
            yield text[told : each.at]
            told = each.at
        yield ThoughtDelta(each.kind, each.text, each.signature)
    if text[told:]:
        yield text[told:]


def of_calls(thoughts: Sequence[Thought], ids: Sequence[str]) -> Iterator[ThoughtDelta]:
    """The others, once the calls with these ids were told."""
    for each in thoughts:
        if each.kind == "call" and each.call < len(ids):
            yield ThoughtDelta("call", signature=each.signature, call_id=ids[each.call])


def without_calls(thoughts: Sequence[Thought], gone: Sequence[bool]) -> tuple[Thought, ...]:
    """The thoughts once those calls are left out."""
    kept = [number for number, left_out in enumerate(gone) if not left_out]
    return tuple(
        each if each.kind != "call" else replace(each, call=kept.index(each.call))
        for each in thoughts
        if each.kind != "call" or each.call in kept
    )
