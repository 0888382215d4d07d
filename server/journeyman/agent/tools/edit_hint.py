"""The place in a file that is most like a text that was not found, shown with its differences marked."""

from __future__ import annotations

from difflib import SequenceMatcher

LINES_SEARCHED_MAX = 5_000
LINES_SHOWN_MAX = 40
LIKE_AT_LEAST = 0.5


def closest(text: str, old: str) -> str | None:
    """Numbered lines of the closest window; `!` marks a line that differs, `?` what was asked for there.
    None when nothing is like it."""
    lines = text.split("\n")[:LINES_SEARCHED_MAX]
    wanted = old.strip("\n").replace("\r\n", "\n").split("\n")[:LINES_SHOWN_MAX]
    at = _best(lines, wanted)
    if at is None:
        return None
    shown: list[str] = []
    for offset, ours in enumerate(wanted):
        number = at + offset
        theirs = lines[number].rstrip("\r") if number < len(lines) else None
        if theirs == ours:
            shown.append(f"  {number + 1:>5}|{ours}")
            continue
        if theirs is not None:
            shown.append(f"! {number + 1:>5}|{theirs}")
        shown.append(f"?      |{ours}")
    return "\n".join(shown)


def _best(lines: list[str], wanted: list[str]) -> int | None:
    stripped = [line.strip() for line in lines]
    asked = [line.strip() for line in wanted]
    anchor = max(range(len(asked)), key=lambda index: len(asked[index]))
    places = {index - offset for offset, line in enumerate(asked) if line for index in _equal(stripped, line)}
    if not places:
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(asked[anchor])
        scored: list[tuple[float, int]] = []
        for index, line in enumerate(stripped):
            matcher.set_seq1(line)
            if line and matcher.real_quick_ratio() > LIKE_AT_LEAST and matcher.quick_ratio() > LIKE_AT_LEAST:
                scored.append((matcher.ratio(), index))
        best = max(scored, default=(0.0, 0))
        return max(best[1] - anchor, 0) if best[0] > LIKE_AT_LEAST else None
    return max(
        sorted(place for place in places if place >= 0) or [0], key=lambda p: _score(stripped, asked, p)
    )


def _equal(lines: list[str], wanted: str) -> list[int]:
    return [index for index, line in enumerate(lines) if line == wanted][:50]


def _score(lines: list[str], asked: list[str], at: int) -> int:
    return sum(len(b) for a, b in zip(lines[at : at + len(asked)], asked, strict=False) if a == b)
