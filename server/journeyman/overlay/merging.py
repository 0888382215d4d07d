"""Three-way merge of lines: what two sides made of one text, together. Pure.

Changes that lie side by side are both taken; those that share a line, or insert different lines at the same
place, are a conflict, unless both sides did the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

LINES_MAX = 20_000
"""On both sides of a comparison together; more, and all that differs is one change."""
Side = Literal["ours", "theirs"]


class _Change(NamedTuple):
    start: int
    end: int
    side: Side
    lines: tuple[str, ...]


def merge(base: str, ours: str, theirs: str, *, prefer: Side | None = None) -> str | None:
    """Both sides' changes of `base`; None for a conflict, unless one side is to be preferred there."""
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    lines = _lines(base)
    changes = sorted([*_changes(lines, ours, "ours"), *_changes(lines, theirs, "theirs")], key=_place)
    made: list[str] = []
    at = 0
    for group in _groups(changes):
        start, end = group[0].start, max(change.end for change in group)
        sides = {side: _applied(lines, start, end, group, side) for side in ("ours", "theirs")}
        present = {change.side for change in group}
        if len(present) == 1:
            chosen = sides[group[0].side]
        elif sides["ours"] == sides["theirs"]:
            chosen = sides["ours"]
        elif prefer is not None:
            chosen = sides[prefer]
        else:
            return None
        made += [*lines[at:start], *chosen]
        at = end
    made += lines[at:]
    if any(not line.endswith("\n") for line in made[:-1]):  # lines would be joined that nobody joined
        return None if prefer is None else {"ours": ours, "theirs": theirs}[prefer]
    return "".join(made)


def _lines(text: str) -> list[str]:
    """With their ends; only a line feed ends one."""
    parts = text.split("\n")
    ended = [f"{part}\n" for part in parts[:-1]]
    return [*ended, parts[-1]] if parts[-1] else ended


def _place(change: _Change) -> tuple[int, int]:
    """An insertion comes before what is done to the line it stands at."""
    return change.start, change.end


def _changes(base: Sequence[str], text: str, side: Side) -> list[_Change]:
    new = _lines(text)
    short = min(len(base), len(new))
    begin = next((n for n in range(short) if base[n] != new[n]), short)
    end = next((n for n in range(short - begin) if base[-1 - n] != new[-1 - n]), short - begin)
    old_end, new_end = len(base) - end, len(new) - end
    if old_end + new_end - 2 * begin > LINES_MAX:
        return [_Change(begin, old_end, side, tuple(new[begin:new_end]))]
    codes = SequenceMatcher(None, base[begin:old_end], new[begin:new_end]).get_opcodes()
    return [
        _Change(begin + a, begin + b, side, tuple(new[begin + c : begin + d]))
        for tag, a, b, c, d in codes
        if tag != "equal"
    ]


def _groups(changes: Sequence[_Change]) -> list[list[_Change]]:
    """Changes that have to be looked at together."""
    groups: list[list[_Change]] = []
    for change in changes:
        if groups:
            start, end = groups[-1][0].start, max(each.end for each in groups[-1])
            same_place = start == end == change.start == change.end
            if change.start < end or same_place:
                groups[-1].append(change)
                continue
        groups.append([change])
    return groups


def _applied(base: Sequence[str], start: int, end: int, group: Sequence[_Change], side: Side) -> list[str]:
    made: list[str] = []
    at = start
    for change in group:
        if change.side == side:
            made += [*base[at : change.start], *change.lines]
            at = change.end
    return [*made, *base[at:end]]
