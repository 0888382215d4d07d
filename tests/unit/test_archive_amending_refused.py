"""Where nothing can be carried over, or moves or breaks off meanwhile, the whole tree is taken apart."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from components.archive_guest import FolderGuest
from components.archive_kit import fill, snapshot
from components.archive_twice import LATER, BrokenOffError, Twice, twice_of_many
from components.missing import unavailable
from journeyman.failures import Failure
from journeyman.ports.guest import FileData, TreeEntry
from journeyman.testing.clock import FakeClock
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.outcomes import JournalStep


@pytest.fixture
def twice(tmp_path: Path) -> Twice:
    return twice_of_many(tmp_path)


def _hard_linked(source: Path) -> None:
    os.link(source / "lib" / "a", source / "lib" / "z")


def _unlinked(source: Path) -> None:
    (source / "zz-same").unlink()


def _moved_in(source: Path) -> None:
    (source / "lib" / "deep").rename(source / "lib" / "shallow")


def _pipe(source: Path) -> None:
    os.mkfifo(source / "pipe")


@pytest.mark.parametrize(
    "change", [_hard_linked, _unlinked, _moved_in, _pipe], ids=lambda change: change.__name__
)
async def test_where_it_cannot_be_promised_nothing_is_carried_over(twice: Twice, change: Any) -> None:
    await twice.archive()
    (twice.source / "latest").write_text("x")
    await twice.archive()
    twice.carried.clear()
    change(twice.source)
    await twice.archive()
    assert twice.carried == [None]
    await twice.same_again()
    assert set(await twice.restored(1)) | {b"pipe"} == {*snapshot(twice.source), b"pipe"}


async def test_attributes_are_not_carried_over(twice: Twice) -> None:
    try:
        os.setxattr(twice.source / "nothing", "user.colour", b"red")
    except OSError:
        unavailable("this file system keeps no extended attributes")
    await twice.archive()
    (twice.source / "lib" / "b").write_text("another")
    await twice.archive()
    assert twice.carried == [None]


async def test_what_is_only_racy_by_now_is_looked_at_as_a_whole(twice: Twice) -> None:
    """The clock was put back since."""
    await twice.archive()
    twice.clock = FakeClock(datetime.now(UTC) - LATER)
    (twice.source / "lib" / "b").write_text("another")
    await twice.archive()
    assert twice.carried == [None]


class Lying(FolderGuest):
    """Tells of a tree that cannot be: after the first archive, entries as `lie` has them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.lie: Any = None

    def _below(self, prefix: bytes) -> list[TreeEntry]:
        found = super()._below(prefix)
        return self.lie(found) if self.lie is not None and not prefix else found


def _file_for(path: bytes) -> Any:
    def lie(entries: Sequence[TreeEntry]) -> list[TreeEntry]:
        return [
            e._replace(kind="file", size=0, ctime_ns=2**61, nlink=1) if e.path == path else e for e in entries
        ]

    return lie


LIES = {
    "a file with entries below": _file_for(b"lib"),
    "a folder left out": lambda entries: [e for e in entries if e.path != b"lib"],
    "out of order": lambda entries: [*entries[5:], *entries[:5]],
    "twice": lambda entries: [*entries, entries[-1]],
    "nowhere": lambda entries: [*entries, entries[-1]._replace(path=b"zzzz/below", ctime_ns=2**61)],
    "below a link": lambda entries: [
        each
        for e in entries
        for each in (
            [e, e._replace(path=b"link/x", kind="file", size=0, ctime_ns=2**61)] if e.path == b"link" else [e]
        )
    ],
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_a_tree_that_cannot_be_is_not_carried_over(tmp_path: Path, lie: Any) -> None:
    twice = Twice(tmp_path, Lying)
    fill(twice.source)
    (twice.source / "lib").mkdir()
    (twice.source / "lib" / "b").write_text("b")
    await twice.archive()
    for guest in twice.guests.values():
        assert isinstance(guest, Lying)
        guest.lie = lie
    with contextlib.suppress(Failure):  # some can be made sense of as a whole
        await twice.archive()
    assert twice.carried == [None]


@pytest.mark.parametrize("step", get_args(JournalStep))
async def test_where_one_broke_off_the_next_is_whole(twice: Twice, step: JournalStep) -> None:
    await twice.archive()
    (twice.source / "lib" / "b").write_text("another")
    (twice.source / "lib" / "new").write_text("new")
    twice.breaks_at = step
    with pytest.raises(BrokenOffError):
        await twice.archive()
    assert twice.carried.pop() is not None
    twice.breaks_at = None
    await twice.archive(alike=False)
    moved = step == "pointer_moved"
    assert bool(twice.carried) != moved, "what is remembered is of the archive before HEAD's"
    assert await twice.restored(1) == snapshot(twice.source)
    await twice.archive(alike=False)
    assert await twice.restored(2) == snapshot(twice.source)


class Meddling(FolderGuest):
    """Does something once, after it was read from."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.meddle: Any = None

    async def read_many(self, paths: Sequence[bytes], root: str = "/workspace") -> AsyncIterator[FileData]:
        async for piece in super().read_many(paths, root):
            yield piece
        if self.meddle is not None:
            meddle, self.meddle = self.meddle, None
            meddle()


async def test_what_moves_meanwhile_is_found_though_it_was_not_read(tmp_path: Path) -> None:
    made = Twice(tmp_path, Meddling)
    fill(made.source)
    await made.archive()
    (made.source / "new").write_text("new")
    guest = made.guests["new"]
    assert isinstance(guest, Meddling)
    guest.meddle = lambda: (made.source / "big.bin").write_bytes(b"quite another")
    made.journal.clear()
    await made.archive(alike=False)
    assert made.carried.pop() is not None
    assert made.journal.count("packs_uploaded") == 3, "twice, and once by the one that was told nothing"
    assert await made.restored(1) == snapshot(made.source)


async def test_a_pack_that_is_gone_meanwhile_is_made_again(tmp_path: Path) -> None:
    made = Twice(tmp_path, Meddling)
    fill(made.source)
    await made.archive()
    (made.source / "new").write_text("new")
    for kind, guest in made.guests.items():
        assert isinstance(guest, Meddling)
        objects = made.sides[kind][0].objects
        guest.meddle = lambda objects=objects: [objects.pop(key) for key in list(objects) if "/packs/" in key]
    await made.archive()
    assert made.carried.pop() is not None
    assert await made.restored(1) == snapshot(made.source)


async def test_more_than_may_be_archived_is_refused(twice: Twice) -> None:
    await twice.archive()
    before = dict(twice.objects)
    there = len(snapshot(twice.source))
    twice.limits = Limits(entries=there)
    (twice.source / "new").write_text("new")
    with pytest.raises(Failure, match=f"more than {there} entries") as caught:
        await twice.archive()
    assert caught.value.kind == "archive_failed"
    twice.limits = Limits(bytes=1000)
    with pytest.raises(Failure, match="more than 1000 bytes"):
        await twice.archive()
    twice.limits = Limits(name_bytes=100)
    (twice.source / ("n" * 101)).write_text("new")
    with pytest.raises(Failure, match="is not a plain one"):
        await twice.archive()
    assert {key for key in twice.objects if "/m/" in key} == {key for key in before if "/m/" in key}
