"""The rungs of the edit ladder: each finds the places where a text stands, by its own notion of equal.

A rung answers every match with the text to put there, so that the caller only splices. Line-based rungs
match whole lines; the others match spans of characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import SequenceMatcher

from journeyman.agent.tools.edit_indent import Shift, indent_of, shift_for


@dataclass(frozen=True, slots=True)
class Match:
    start: int
    end: int
    """Half-open span of the file's text."""
    text: str
    """What goes there."""


@dataclass(frozen=True, slots=True)
class Rung:
    name: str
    find: Callable[[str, str, str], list[Match]]
    repeatable: bool = False
    """Whether replace_all may change several places at this rung."""


def exact(text: str, old: str, new: str) -> list[Match]:
    return [
        Match(
            start,
            start + len(old),
            _endings_like(text, start, start + len(old), new, literal="\r" in old and "\r" in new),
        )
        for start in _occurrences(text, old)
    ]


def line_endings(text: str, old: str, new: str) -> list[Match]:
    if "\r" not in text and "\r" not in old:
        return []
    flat = _Flat.of(text, _CRLF)
    wanted = _lf(old)
    found = [flat.span(start, len(wanted)) for start in _occurrences(flat.text, wanted)]
    return [Match(start, end, _endings_like(text, start, end, new)) for start, end in found]


def trailing_space(text: str, old: str, new: str) -> list[Match]:
    return _by_lines(text, old, new, _no_shift)


def indent(text: str, old: str, new: str) -> list[Match]:
    added = [indent_of(line) for line in _lf(new).split("\n") if line.strip()]
    return _by_lines(text, old, new, lambda theirs, ours: _shifted(theirs, ours, added))


def punctuation(text: str, old: str, new: str) -> list[Match]:
    wanted = _Flat.of(old, _TYPOGRAPHY).text
    flat = _Flat.of(text, _TYPOGRAPHY)
    matches: list[Match] = []
    for at in _occurrences(flat.text, wanted):
        start, end = flat.span(at, len(wanted))
        kept = _keep_typography(flat, at, wanted, new)
        matches.append(Match(start, end, _endings_like(text, start, end, kept)))
    return matches


def escapes(text: str, old: str, new: str) -> list[Match]:
    """Text that was escaped once too often (`\\n`, `\\"`). Only where old and new were clearly escaped in
    the same way: otherwise an escape that belongs into the file would be lost."""
    kinds, more = set(_ESCAPE.findall(old)), set(_ESCAPE.findall(new))
    if (
        not kinds
        or not more <= kinds
        or _BARE.search(_ESCAPE.sub("", old))
        or _BARE.search(_ESCAPE.sub("", new))
    ):
        return []
    plain_old, plain_new = _unescape(old), _unescape(new)
    return exact(text, plain_old, plain_new) or line_endings(text, plain_old, plain_new)


def plain_punctuation(text: str) -> str:
    """`text` with typographic characters as one types them."""
    return _Flat.of(text, _TYPOGRAPHY).text


RUNGS = (
    Rung("exact", exact, repeatable=True),
    Rung("line-endings", line_endings, repeatable=True),
    Rung("trailing-space", trailing_space),
    Rung("indent", indent),
    Rung("punctuation", punctuation),
    Rung("escapes", escapes),
)

_ESCAPE = re.compile(r'\\([nrt"\'\\])')
_BARE = re.compile(r'["\n\r\t]')
_PLAIN = {"n": "\n", "r": "\r", "t": "\t"}
_CRLF = {"\r\n": "\n"}
_TYPOGRAPHY = {
    **_CRLF,
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " "),
    "\u2026": "...",
}


@dataclass(frozen=True, slots=True)
class _Flat:
    """A text with some characters made plain, and where each of its characters came from."""

    text: str
    source: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @staticmethod
    def of(source: str, plain: dict[str, str]) -> _Flat:
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        while at < len(source):
            piece = "\r\n" if source.startswith("\r\n", at) else source[at]
            made = plain.get(piece, piece)
            pieces.append(made)
            starts += [at] * len(made)
            ends += [at + len(piece)] * len(made)
            at += len(piece)
        return _Flat("".join(pieces), source, tuple(starts), tuple(ends))

    def span(self, at: int, length: int) -> tuple[int, int]:
        return self.starts[at], self.ends[at + length - 1]


def _occurrences(text: str, wanted: str) -> list[int]:
    """Every place, overlapping ones too: an overlap is an ambiguity."""
    found: list[int] = []
    at = text.find(wanted)
    while at >= 0:
        found.append(at)
        at = text.find(wanted, at + 1)
    return found


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n")


def _endings_like(text: str, start: int, end: int, new: str, *, literal: bool = False) -> str:
    """`new` with the line endings of the span it replaces, or of the file where the span has none."""
    if literal or "\n" not in new:
        return new
    span = text[start:end]
    sample = span if "\n" in span else text
    crlf = sample.count("\r\n")
    windows = crlf > 0 and crlf * 2 > sample.count("\n")
    return _lf(new).replace("\n", "\r\n") if windows else _lf(new)


def _by_lines(
    text: str, old: str, new: str, fit: Callable[[list[str], list[str]], Shift | None]
) -> list[Match]:
    wanted = _lf(old).split("\n")
    closed = len(wanted) > 1 and wanted[-1] == ""
    if closed:
        wanted.pop()
    if not any(line.strip() for line in wanted):
        return []
    lines = text.split("\n")
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    matches: list[Match] = []
    for at in range(len(lines) - len(wanted) + 1):
        window = [line.rstrip(" \t\r") for line in lines[at : at + len(wanted)]]
        if any(a.strip(" \t") != b.strip(" \t") for a, b in zip(window, wanted, strict=True)):
            continue
        shift = fit(window, wanted)
        replacement = None if shift is None else shift(_lf(new))
        if replacement is None:
            continue
        last = at + len(wanted)
        at_end = last == len(lines)
        start, end = offsets[at], len(text) if at_end else offsets[last]
        if closed and at_end:  # the file has no final newline; it gets none
            replacement = replacement.removesuffix("\n")
        elif not closed and not at_end:
            end -= 2 if lines[last - 1].endswith("\r") else 1
        matches.append(Match(start, end, _endings_like(text, start, end, replacement)))
    return matches


def _no_shift(theirs: list[str], ours: list[str]) -> Shift | None:
    same = all(a == b.rstrip(" \t") for a, b in zip(theirs, ours, strict=True))
    return (lambda new: new) if same else None


def _shifted(theirs: list[str], ours: list[str], added: list[str]) -> Shift | None:
    pairs = [(indent_of(b), indent_of(a)) for a, b in zip(theirs, ours, strict=True) if a.strip()]
    return shift_for(pairs, added)


def _keep_typography(flat: _Flat, at: int, wanted: str, new: str) -> str:
    """`new`, keeping the file's own characters wherever new says the same as old."""
    plain = _Flat.of(new, _TYPOGRAPHY).text
    if plain != _lf(new) or plain == wanted:
        return new  # new is typographic itself: taken at its word
    kept: list[str] = []
    blocks = SequenceMatcher(None, wanted, plain, autojunk=False).get_opcodes()
    for kind, old_from, old_to, new_from, new_to in blocks:
        if kind == "equal" and _whole(flat, at + old_from, at + old_to):
            start, end = flat.span(at + old_from, old_to - old_from)
            kept.append(flat.source[start:end])
        else:
            kept.append(plain[new_from:new_to])
    return "".join(kept)


def _whole(flat: _Flat, start: int, end: int) -> bool:
    """Whether the piece does not cut through one source character (an ellipsis is three dots)."""
    cut_before = start > 0 and flat.starts[start] == flat.starts[start - 1]
    cut_after = end < len(flat.starts) and flat.starts[end] == flat.starts[end - 1]
    return not (cut_before or cut_after)


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: _PLAIN.get(match.group(1), match.group(1)), text)
