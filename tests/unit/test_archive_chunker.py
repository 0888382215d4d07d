"""Where files are cut: within bounds, by content alone, and hardly anywhere else after a small change."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.workspace.archive.chunker import KIB, MIB, MOST_BYTES, Cutter
from journeyman.workspace.archive.packs import Framer, Piece

CONTENT = random.Random(5).randbytes(9 * MIB)
KEY = b"k" * 32


def cut(data: bytes, pieces: list[int]) -> list[bytes]:
    cutter, chunks, at = Cutter(), list[bytes](), 0
    for size in [*pieces, len(data)]:
        chunks += map(bytes, cutter.feed(data[at : at + size]))
        at += size
    return [*chunks, *map(bytes, cutter.end())]


@given(st.lists(st.integers(1, 3 * MIB), max_size=12), st.integers(MIB + 1, len(CONTENT)))
@settings(max_examples=25, deadline=None)
def test_cuts_do_not_depend_on_how_the_content_came(pieces: list[int], size: int) -> None:
    data = CONTENT[:size]
    assert cut(data, pieces) == cut(data, [])


def test_chunks_are_within_bounds_and_make_up_the_file() -> None:
    chunks = cut(CONTENT, [])
    assert b"".join(chunks) == CONTENT
    assert all(256 * KIB <= len(chunk) <= MOST_BYTES for chunk in chunks[:-1])
    assert len(chunks) >= 3
    zeros = cut(bytes(9 * MIB), [])
    assert [len(chunk) for chunk in zeros] == [4 * MIB, 4 * MIB, MIB]


def test_an_insertion_at_the_front_moves_few_cuts() -> None:
    before = set(cut(CONTENT, []))
    after = set(cut(b"one more line\n" + CONTENT, []))
    assert len(after - before) <= 2


@given(st.lists(st.integers(0, 700 * KIB), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_a_file_is_hashed_the_same_in_whatever_pieces_it_comes(sizes: list[int]) -> None:
    data = CONTENT[: sum(sizes)]
    framer = Framer(KEY, {})
    at = 0
    for number, size in enumerate(sizes):
        framer.absorb([Piece(1, data[at : at + size], number == len(sizes) - 1)])
        at += size
    whole = Framer(KEY, {})
    whole.absorb([Piece(1, data, True)])
    assert framer.contents[1] == whole.contents[1]
    assert framer.contents[1].size == len(data)
