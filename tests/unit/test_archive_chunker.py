"""Where files are cut: within bounds, by content alone, and hardly anywhere else after a small change."""

from __future__ import annotations

import random

import pyfastcdc
import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.workspace.archive.chunker import KIB, MIB, MOST_BYTES, WINDOW_BYTES, Cut, Cutter, by_offset
from journeyman.workspace.archive.packs import Content, Framer

CONTENT = random.Random(5).randbytes(9 * MIB)
KEY = b"k" * 32


def ident_of(data: bytes | memoryview) -> bytes:
    return blake3(data).digest()


def cut(data: bytes, pieces: list[int], before: list[Cut] | None = None) -> list[bytes]:
    cutter, chunks, at = Cutter(None, by_offset(before or []), ident_of), list[bytes](), 0
    for size in [*pieces, len(data)]:
        chunks += [_known(chunk, ident) for chunk, ident in cutter.feed(data[at : at + size])]
        at += size
    return [*chunks, *[_known(chunk, ident) for chunk, ident in cutter.end()]]


def _known(chunk: memoryview, ident: bytes | None) -> bytes:
    assert ident in (None, ident_of(chunk))
    return bytes(chunk)


def listed(chunks: list[bytes]) -> list[Cut]:
    return [(len(chunk), ident_of(chunk)) for chunk in chunks]


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
    content: Content | None = None
    at = 0
    for number, size in enumerate(sizes):
        content = framer.take(memoryview(data)[at : at + size], last=number == len(sizes) - 1)
        at += size
    assert content == Framer(KEY, {}).take(data, last=True)
    assert content is not None
    assert content.size == len(data)


EDITS = st.lists(
    st.tuples(st.integers(0, len(CONTENT)), st.integers(0, 900 * KIB), st.binary(max_size=40)), max_size=4
)


@given(EDITS, st.lists(st.integers(1, 3 * MIB), max_size=6), st.integers(MIB + 1, len(CONTENT)))
@settings(max_examples=20, deadline=None)
def test_an_earlier_version_never_moves_a_cut(
    edits: list[tuple[int, int, bytes]], pieces: list[int], size: int
) -> None:
    data = CONTENT
    for at, removed, added in edits:
        data = data[:at] + added + data[at + removed :]
    assert cut(data, pieces, listed(cut(CONTENT[:size], []))) == cut(data, [])


@pytest.mark.parametrize(
    "before",
    [
        [(300 * KIB, b"wrong"), (2 * MIB, b"wrong")] * 9,
        [(MIB, ident_of(CONTENT[:MIB])), (MIB, ident_of(CONTENT[MIB : 2 * MIB])), (5, b"")],
        [(WINDOW_BYTES + 1, b"too large"), (MIB, b"")],
        [(0, b""), (0, b"")],
        [(len(CONTENT), ident_of(CONTENT))],
    ],
    ids=["lies", "of a fixed size", "beyond a window", "empty", "ended there"],
)
def test_what_content_did_not_cut_is_not_believed(before: list[Cut]) -> None:
    assert cut(CONTENT + b"and more", [], before) == cut(CONTENT + b"and more", [])


FastCDC = pyfastcdc.FastCDC


class Counting:
    looked = 0

    def __init__(self, average: int, *, min_size: int, max_size: int) -> None:
        self._real = FastCDC(average, min_size=min_size, max_size=max_size)

    def cut_buf(self, data: memoryview) -> object:
        Counting.looked += 1
        return self._real.cut_buf(data)


def test_where_nothing_changed_no_cut_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    before = listed(cut(CONTENT, []))
    monkeypatch.setattr("journeyman.workspace.archive.chunker.pyfastcdc.FastCDC", Counting)
    Counting.looked = 0
    cut(CONTENT, [], before)
    assert Counting.looked == 1, "the last chunk: the file ended there, and may not any more"
