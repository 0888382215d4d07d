"""How one indentation turns into another, the same way for every line of a passage.

A shift is found from the lines that match and then applied to the new text. Where it cannot be applied to
every line, there is no shift: a miss is better than code at the wrong depth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import gcd

Shift = Callable[[str], str | None]
"""New text in the file's indentation, or None where it does not fit."""
_One = Callable[[str], str | None]
UNITS = (2, 3, 4, 8)


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def shift_for(pairs: Sequence[tuple[str, str]], added: Sequence[str]) -> Shift | None:
    """The shift that takes every first indent of `pairs` to its second, and fits all of `added`
    (the indents of the new text)."""
    if not pairs:
        return None
    for one in _candidates(pairs, added):
        if all(one(ours) == theirs for ours, theirs in pairs) and all(one(i) is not None for i in added):
            return _whole_text(one)
    return None


def _whole_text(one: _One) -> Shift:
    def shift(new: str) -> str | None:
        made: list[str] = []
        for line in new.split("\n"):
            if not line.strip():
                made.append(line)
                continue
            indent = one(indent_of(line))
            if indent is None:
                return None
            made.append(indent + line.lstrip(" \t"))
        return "\n".join(made)

    return shift


def _candidates(pairs: Sequence[tuple[str, str]], added: Sequence[str]) -> list[_One]:
    ours, theirs = pairs[0]
    found: list[_One] = []
    if theirs.endswith(ours):
        found.append(_prepend(theirs[: len(theirs) - len(ours)]))
    if ours.endswith(theirs):
        found.append(_take_away(ours[: len(ours) - len(theirs)]))
    old_indents = [pair[0] for pair in pairs]
    file_indents = [pair[1] for pair in pairs]
    spaces = [len(i) for i in [*old_indents, *added] if i and "\t" not in i]
    if spaces and not any("\t" in i for i in [*old_indents, *added]):
        unit = reduce(gcd, spaces)
        if unit in UNITS and theirs.strip("\t") == "":
            found.append(_to_tabs(unit, len(theirs) - len(ours) // unit))
    if any("\t" in i for i in old_indents) and not any("\t" in i for i in file_indents):
        for unit in _space_units(pairs):
            tabs = ours.count("\t")
            rest = len(ours) - tabs
            depth, over = divmod(len(theirs) - rest, unit)
            if over == 0:
                found.append(_to_spaces(unit, depth - tabs))
    return found


def _space_units(pairs: Sequence[tuple[str, str]]) -> list[int]:
    """Widths a tab may stand for; more than one fits only where depth is unknown, and then none is taken."""
    exact = {u for u in UNITS if all(i.replace("\t", " " * u) == t for i, t in pairs)}
    if exact:
        return sorted(exact)[:1]
    tabs = {ours.count("\t") for ours, _ in pairs}
    widths = {len(theirs) for _, theirs in pairs}
    if len(tabs) < 2:
        return []
    low, high = min(tabs), max(tabs)
    unit, over = divmod(max(widths) - min(widths), high - low)
    return [unit] if over == 0 and unit in UNITS else []


def _prepend(prefix: str) -> _One:
    return lambda indent: prefix + indent


def _take_away(prefix: str) -> _One:
    return lambda indent: indent[len(prefix) :] if indent.startswith(prefix) else None


def _to_tabs(unit: int, deeper: int) -> _One:
    def one(indent: str) -> str | None:
        depth, rest = divmod(len(indent), unit)
        depth += deeper
        return None if "\t" in indent or rest or depth < 0 else "\t" * depth

    return one


def _to_spaces(unit: int, deeper: int) -> _One:
    def one(indent: str) -> str | None:
        tabs = len(indent) - len(indent.lstrip("\t"))
        rest = indent[tabs:]
        depth = tabs + deeper
        return None if "\t" in rest or depth < 0 else " " * (unit * depth) + rest

    return one
