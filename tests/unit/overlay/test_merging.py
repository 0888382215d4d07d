"""Three-way merge: both sides' lines are there, and what they share is a conflict and never a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.overlay.merging import merge

BASE = "a\nb\nc\nd\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        ("A\nb\nc\nd\n", "a\nb\nc\nD\n", "A\nb\nc\nD\n"),
        ("A\nb\nc\nd\n", "a\nB\nc\nd\n", "A\nB\nc\nd\n"),
        ("a\nb\nx\nc\nd\n", "a\nB\nc\nd\n", "a\nB\nx\nc\nd\n"),
        ("a\nb\nx\nc\nd\n", "a\nb\nC\nd\n", "a\nb\nx\nC\nd\n"),
        ("b\nc\nd\n", "a\nb\nc\nd\ne\n", "b\nc\nd\ne\n"),
        ("a\nB\nc\nd\n", "a\nB\nc\nD\n", "a\nB\nc\nD\n"),
        ("a\nB\nc\nd\n", "a\nX\nc\nd\n", None),
        ("a\nb\nx\nc\nd\n", "a\nb\ny\nc\nd\n", None),
        ("a\nd\n", "a\nb\nC\nd\n", None),
        ("", "a\nb\nc\nD\n", None),
        ("a\nb\nc\nd\ne\n", "a\nb\nc\nd", None),
        ("a\r\nb\r\nc\r\nd\r\n", "a\nb\nc\nD\n", None),
    ],
)
def test_side_by_side_is_both_and_shared_is_a_conflict(ours: str, theirs: str, merged: str | None) -> None:
    assert merge(BASE, ours, theirs) == merged
    assert merge(BASE, theirs, ours) == merged
    if merged is not None:
        assert merge(BASE, ours, theirs, prefer="ours") == merged


def test_a_preferred_side_wins_where_they_share_lines_and_nowhere_else() -> None:
    ours, theirs = "O\nb\nO\nd\n", "a\nT\nT\nT\n"
    assert merge(BASE, ours, theirs) is None
    assert merge(BASE, ours, theirs, prefer="ours") == "O\nb\nO\nd\n"
    assert merge(BASE, ours, theirs, prefer="theirs") == "O\nT\nT\nT\n"
    assert merge(BASE, "a\nb\nc\nd\ne\n", "a\nb\nc\nd", prefer="theirs") == "a\nb\nc\nd"


TEXT = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\r\n", "\n"]), max_size=12).map("".join)
ANY = st.tuples(TEXT, st.sampled_from(["", "end", "a"])).map("".join)


@given(ANY, ANY, ANY)
def test_what_is_always_so(base: str, ours: str, theirs: str) -> None:
    assert merge(base, base, theirs) == theirs
    assert merge(base, ours, base) == ours
    assert merge(base, ours, ours) == ours
    merged = merge(base, ours, theirs)
    assert merge(base, theirs, ours) == merged
    lines = {*ours.split("\n"), *theirs.split("\n")}
    for side in ("ours", "theirs"):
        preferred = merge(base, ours, theirs, prefer=side)
        assert preferred is not None
        assert set(preferred.split("\n")) <= lines, "no line is made up"
        assert merged in (None, preferred)


@given(st.lists(st.integers(0, 9), max_size=5), st.lists(st.integers(0, 9), max_size=5))
def test_lines_inserted_by_either_side_are_all_there(ours: list[int], theirs: list[int]) -> None:
    base = [f"{n}\n" for n in range(10)]

    def inserted(places: list[int], who: str) -> str:
        lines = list(base)
        for number, place in enumerate(sorted(places, reverse=True)):
            lines.insert(place, f"{who}{number}\n")
        return "".join(lines)

    merged = merge("".join(base), inserted(ours, "o"), inserted(theirs, "t"))
    if set(ours) & set(theirs):
        assert merged is None
    else:
        assert merged is not None
        expected = [*base, *(f"o{n}\n" for n in range(len(ours))), *(f"t{n}\n" for n in range(len(theirs)))]
        assert sorted(merged.splitlines(keepends=True)) == sorted(expected)
