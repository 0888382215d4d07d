"""Where files are cut: within bounds, by content alone, and hardly anywhere else after a small change."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pyfastcdc
import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.workspace.archive.chunker import KIB, MIB, MOST_BYTES, Cut
from journeyman.workspace.archive.framing import Framer
from journeyman.workspace.archive.packs import Content, FullFrame, Spot

CONTENT = random.Random(5).randbytes(9 * MIB)
KEY = b"k" * 32


def ident_of(data: bytes | memoryview) -> bytes:
    return blake3(data, key=KEY).digest()


def cut(data: bytes, pieces: list[int], before: list[Cut] | None = None) -> list[bytes]:
    """The chunks of one file, as the frames hold them; every second piece is read to where there is room."""
    catalog: dict[bytes, Spot] = {}
    framer, frames, at = Framer(KEY, catalog), list[FullFrame](), 0
    framer.expect(before or [])
    content: Content | None = None
    for number, size in enumerate([*pieces, len(data)]):
        for piece in _fitting(data[at : at + size], framer) if number % 2 else [data[at : at + size]]:
            content = framer.take(piece, last=False)
        at += size
        frames += framer.full()
    content = framer.take(b"", last=True)
    frames += [*framer.full(), *framer.rest()]
    assert content is not None
    assert content == Content(content.ids, len(data), ident_of(data))
    raw = {id(frame.spot): bytes(frame.raw) for frame in frames}
    spots = [catalog[ident] for ident in content.ids]
    return [raw[id(spot.frame)][spot.offset : spot.offset + spot.length] for spot in spots]


def _fitting(data: bytes, framer: Framer) -> Iterator[memoryview]:
    while data:
        room = framer.room()
        assert len(room) > MIB
        piece, data = data[: len(room)], data[len(room) :]
        room[: len(piece)] = piece
        yield room[: len(piece)]


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


BLOCKS = [CONTENT[at : at + 3 * MIB] for at in range(0, len(CONTENT), 3 * MIB)]


@given(
    st.lists(st.integers(0, len(BLOCKS) - 1), min_size=1, max_size=7),
    st.lists(st.integers(1, 3 * MIB), max_size=8),
)
@settings(max_examples=25, deadline=None)
def test_what_comes_again_is_kept_once_and_the_rest_is_whole(order: list[int], pieces: list[int]) -> None:
    data = b"".join(BLOCKS[number] for number in order)
    chunks = cut(data, pieces)
    assert b"".join(chunks) == data


def test_a_frame_holds_each_chunk_once() -> None:
    catalog: dict[bytes, Spot] = {}
    framer = Framer(KEY, catalog)
    for _ in range(2):
        framer.take(CONTENT, last=True)
        framer.take(b"small", last=True)
        framer.take(BLOCKS[0] * 2, last=True)
    frames = [*framer.full(), *framer.rest()]
    assert sum(len(frame.raw) for frame in frames) == sum(spot.length for spot in catalog.values())
    assert sum(len(frame.index) for frame in frames) == len(catalog)


def test_a_file_that_breaks_off_leaves_nothing_in_the_way() -> None:
    """Nor do its chunks that were complete: they are good for another file."""
    catalog: dict[bytes, Spot] = {}
    framer = Framer(KEY, catalog)
    framer.take(b"begins", last=False)
    framer.forget_file()
    framer.take(CONTENT[: 7 * MIB], last=False)
    framer.forget_file()
    known = set(catalog)
    whole = framer.take(CONTENT, last=True)
    small = framer.take(b"small", last=True)
    assert whole is not None
    assert small is not None
    assert known < set(whole.ids)
    raw = {id(frame.spot): bytes(frame.raw) for frame in [*framer.full(), *framer.rest()]}
    for ident in (*whole.ids, *small.ids):
        frame, offset, length = catalog[ident]
        assert ident_of(raw[id(frame)][offset : offset + length]) == ident


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
        [(MOST_BYTES + 1, b"too large"), (MIB, b"")],
        [(0, b""), (0, b"")],
        [(len(CONTENT), ident_of(CONTENT))],
    ],
    ids=["lies", "of a fixed size", "too large", "empty", "ended there"],
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
    assert Counting.looked <= 2, "the last chunk: whether the file still ends there is known at its end"
