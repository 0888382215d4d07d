"""What a guest sends is untrusted: anything but whole, safe records is a failure, never a crash."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.failures import Failure
from journeyman.guest import frames
from journeyman.guest.inside import wire
from journeyman.guest.processes import Clipped
from journeyman.ports.guest import RestoreEntry

NAMES = st.binary(min_size=1, max_size=20).filter(lambda n: n not in (b".", b"..") and not set(n) & {0, 47})
PATHS = st.lists(NAMES, min_size=1, max_size=5).map(b"/".join)
ENTRIES = st.tuples(
    st.integers(0, 3), st.integers(0, 2**63), st.integers(0, 0o7777), st.integers(-(2**62), 2**62),
    st.integers(-(2**62), 2**62), st.integers(0, 2**63), st.integers(0, 2**31), PATHS, st.binary(max_size=50),
    st.dictionaries(st.text("abc.é", min_size=1), st.binary(max_size=30), max_size=3),
)  # fmt: skip


@given(st.lists(ENTRIES, max_size=5))
def test_entries_round_trip(entries: list[wire.RawEntry]) -> None:
    packed = b"".join(map(wire.pack_entry, entries))
    assert list(wire.unpack_entries(packed)) == entries
    assert [entry.path for entry in frames.tree_entries(packed)] == [entry[7] for entry in entries]


@given(ENTRIES, st.data())
def test_a_cut_entry_is_a_failure(entry: wire.RawEntry, data: st.DataObject) -> None:
    packed = wire.pack_entry(entry)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(Failure) as refused:
        list(frames.tree_entries(packed[:cut]))
    assert refused.value.kind == "workspace_failed"


@pytest.mark.parametrize("path", [b"/etc", b"..", b"a/../b", b"", b".", b"a//b", b"n\0", b"x" * 256])
def test_an_unsafe_path_in_a_scan_is_a_failure(path: bytes) -> None:
    with pytest.raises(Failure):
        list(frames.tree_entries(wire.pack_entry((0, 0, 0, 0, 0, 0, 1, path, b"", {}))))


def test_bytes_at_random_never_crash() -> None:
    seed = 20260101
    chance = random.Random(seed)
    for _ in range(3000):
        data = chance.randbytes(chance.randrange(1, 200))
        for read in (frames.tree_entries, frames.file_pieces):
            kind = "workspace_failed"
            try:
                list(read(data))
            except Failure as failure:
                kind = failure.kind
            assert kind == "workspace_failed"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"kind": "not_found", "message": "no"}, "not_found"),
        ({"kind": "nonsense", "message": "no"}, "workspace_failed"),
        ({"kind": ["x"], "message": "no"}, "workspace_failed"),
        ({"kind": "not_found", "message": 3}, "workspace_failed"),
        ({}, "workspace_failed"),
    ],
)
def test_a_guests_refusal_is_read_with_care(answer: dict[str, object], kind: str) -> None:
    assert frames.failure_of(answer).kind == kind


def test_restore_records_say_what_they_hold() -> None:
    record = frames.pack_restore_entry(RestoreEntry(b"a/l", "symlink", 0o777, 5, 99, b"target"))
    what, length = wire.RESTORE_HEAD.unpack_from(record)
    assert (what, length) == (wire.ADD, len(record) - wire.RESTORE_HEAD.size)
    (entry,) = wire.unpack_entries(record[wire.RESTORE_HEAD.size :])
    assert (wire.KINDS[entry[0]], entry[1], entry[7], entry[8]) == ("symlink", 0, b"a/l", b"target")


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(0, 200))
def test_clipping_keeps_both_ends_and_counts_the_rest(pieces: list[bytes], limit: int) -> None:
    whole, clipped = b"".join(pieces), Clipped(limit)
    for piece in pieces:
        clipped.add(piece)
    value = clipped.value()
    assert len(value) + clipped.dropped == len(whole)
    if len(whole) <= limit:
        assert value == whole
    else:
        head = limit - limit // 2
        assert value == whole[:head] + whole[len(whole) - limit // 2 :]
