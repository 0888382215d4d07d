"""Hunks: whatever is taken and left is made of exactly that, and what is decided renames nothing else."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.changes import hunks
from journeyman.changes.hunks import Block

LINE = st.sampled_from(
    [b"a\n", b"b\n", b"c\n", b"\n", b"}\n", b"a\r\n", b"\r\n", "ä\u2028ö\n".encode(), b"  x\n", b"\ttab\n"]
)
TEXT = st.builds(
    lambda body, tail: b"".join(body) + tail,
    st.lists(LINE, max_size=30),
    st.sampled_from([b"", b"a", b"\r", b"end"]),
)
NUMBERED = st.lists(st.integers(0, 40), max_size=40).map(lambda ns: b"".join(b"line %d\n" % n for n in ns))


def sides(old: bytes, new: bytes) -> tuple[list[bytes], list[bytes], list[Block]]:
    was, now = hunks.lines(old), hunks.lines(new)
    assert was is not None
    assert now is not None
    return was, now, hunks.blocks(was, now)


@given(st.one_of(TEXT, NUMBERED), st.one_of(TEXT, NUMBERED), st.data())
def test_any_choice_is_exactly_what_was_chosen(old: bytes, new: bytes, data: st.DataObject) -> None:
    was, now, found = sides(old, new)
    assert b"".join(was) == old
    assert hunks.take(was, found) == new
    assert hunks.take(was, []) == old
    assert hunks.leave(now, found) == old
    assert hunks.leave(now, []) == new
    chosen = [block for block in found if data.draw(st.booleans())]
    others = [block for block in found if block not in chosen]
    made = hunks.take(was, chosen)
    assert made == hunks.leave(now, others)
    # What lies between the blocks is from both sides, what is in them from one.
    expected: list[bytes] = []
    at = 0
    for block in found:
        expected += was[at : block.old_at]
        expected += block.new if block in chosen else block.old
        at = block.old_end
    assert made == b"".join([*expected, *was[at:]])
    # A line without an end is the last one, whatever was chosen.
    assert hunks.lines(made) == [*expected, *was[at:]]


@given(st.one_of(TEXT, NUMBERED), st.one_of(TEXT, NUMBERED))
def test_compared_in_parts_both_sides_are_made_of_the_blocks_as_well(old: bytes, new: bytes) -> None:
    with patch.object(hunks, "WHOLE_LINES_MAX", 0):
        was, now, found = sides(old, new)
    assert hunks.take(was, found) == new
    assert hunks.leave(now, found) == old
    for one, other in pairwise(found):
        assert other.old_at - one.old_end > hunks.JOIN


def test_a_long_text_is_cut_at_lines_that_stayed() -> None:
    old = [b"line %d\n" % number for number in range(10_000)]
    new = [b"line %d, now\n" % at if at // 10 % 2 else line for at, line in enumerate(old)]
    found = hunks.blocks(old, new)
    assert [(block.old_at, len(block.old), block.new_at, len(block.new)) for block in found] == [
        (at, 10, at, 10) for at in range(10, 10_000, 20)
    ]


def test_what_was_moved_is_cut_at_the_longest_row_that_stayed() -> None:
    old = [b"line %d\n" % number for number in range(600)]
    new = [*old[500:], *old[:500]]
    found = hunks.blocks(old, new)
    assert [(block.old_at, len(block.old), block.new_at, len(block.new)) for block in found] == [
        (0, 0, 0, 100),
        (500, 100, 600, 0),
    ]


@given(st.one_of(TEXT, NUMBERED), st.one_of(TEXT, NUMBERED))
def test_blocks_are_apart_and_have_names_of_their_own(old: bytes, new: bytes) -> None:
    was, now, found = sides(old, new)
    assert (found == []) == (old == new)
    for one, other in pairwise(found):
        assert other.old_at - one.old_end > hunks.JOIN
        assert other.old_at - one.old_end == other.new_at - one.new_end
    idents = hunks.names(b"p", was, now, found)
    assert len(set(idents)) == len(found)
    assert all(ident.startswith(hunks.place(b"p")) for ident in idents)
    assert not set(idents) & set(hunks.names(b"q", was, now, found))


@given(st.sets(st.integers(0, 99), min_size=1, max_size=8), st.data())
def test_deciding_one_does_not_rename_the_others(at: set[int], data: st.DataObject) -> None:
    """Lines of a file are mostly different from each other; then names last."""
    was = [b"line %d\n" % n for n in range(100)]
    now = [b"changed %d\n" % n if n in at else line for n, line in enumerate(was)]
    found = hunks.blocks(was, now)
    names = dict(zip(hunks.names(b"p", was, now, found), found, strict=True))
    ident = data.draw(st.sampled_from(sorted(names)))
    accepted = hunks.lines(hunks.take(was, [names[ident]]))
    rejected = hunks.lines(hunks.leave(now, [names[ident]]))
    assert accepted is not None
    assert rejected is not None
    left = set(names) - {ident}
    assert set(hunks.names(b"p", accepted, now, hunks.blocks(accepted, now))) == left
    assert set(hunks.names(b"p", was, rejected, hunks.blocks(was, rejected))) == left


def test_changes_that_look_alike_are_named_for_the_pair() -> None:
    was = [*[b"same\n"] * 8, b"x\n", *[b"same\n"] * 8, b"x\n", *[b"same\n"] * 8]
    now = [b"y\n" if line == b"x\n" else line for line in was]
    found = hunks.blocks(was, now)
    first, second = hunks.names(b"p", was, now, found)
    assert first != second
    accepted = hunks.lines(hunks.take(was, found[:1]))
    assert accepted is not None
    rest = hunks.names(b"p", accepted, now, hunks.blocks(accepted, now))
    assert len(rest) == 1
    assert not {first, second} & set(rest), "a second answer to the first must not decide the other"


@given(st.one_of(TEXT, NUMBERED), st.one_of(TEXT, NUMBERED), st.one_of(TEXT, NUMBERED), st.data())
def test_taking_back_in_what_somebody_changed_touches_nothing_of_theirs(
    old: bytes, new: bytes, theirs: bytes, data: st.DataObject
) -> None:
    _, now, found = sides(old, new)
    present = hunks.lines(theirs)
    assert present is not None
    chosen = [block for block in found if data.draw(st.booleans())]
    there = hunks.moved(present, now, chosen)
    if there is None:
        return
    assert [(b.old, b.new) for b in there] == [(b.old, b.new) for b in chosen]
    for block in there:
        assert tuple(present[block.new_at : block.new_end]) == block.new
    if theirs == new:
        assert there == chosen
        assert hunks.leave(present, there) == hunks.leave(now, chosen)


def test_where_somebody_changed_the_file_elsewhere_it_is_found_again() -> None:
    was = [b"%d\n" % n for n in range(20)]
    now = [*was[:10], b"agent\n", *was[11:]]
    present = [b"mine\n", *now[:5], *now[6:]]
    found = hunks.blocks(was, now)
    there = hunks.moved(present, now, found)
    assert there is not None
    assert hunks.leave(present, there) == b"".join([b"mine\n", *was[:5], *was[6:]])
    assert hunks.moved([*now[:10], b"agent and I\n", *now[11:]], now, found) is None
    assert hunks.moved([*now[:9], b"beside\n", *now[10:]], now, found) is None
    end = [*was, b"more\n"]
    assert hunks.moved([*end, b"mine\n"], end, hunks.blocks(was, end)) is None


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (b"a\nb\n", b"a\nc\n", "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"),
        (b"", b"x", "@@ -0,0 +1,1 @@\n+x\n\\ No newline at end of file\n"),
        (b"x\r\n", b"", "@@ -1,1 +0,0 @@\n-x\r\n"),
    ],
)
def test_shown_as_a_unified_diff(old: bytes, new: bytes, text: str) -> None:
    was, _, found = sides(old, new)
    assert [hunks.shown(was, block) for block in found] == [text]


@pytest.mark.parametrize("content", [b"a\0b", b"\xff\xfe", b"x" * (hunks.BYTES_MAX + 1)])
def test_what_is_no_text(content: bytes) -> None:
    assert hunks.lines(content) is None
