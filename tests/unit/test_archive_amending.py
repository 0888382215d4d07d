"""What is carried over from one archive to the next makes the very bytes that the whole tree would make."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.archive_guest import FolderGuest
from components.archive_kit import PROJECT, fill, snapshot
from components.missing import unavailable
from journeyman.failures import Failure
from journeyman.ports.guest import FileData, TreeEntry
from journeyman.testing.clock import CountingIds, FakeClock
from journeyman.testing.objects import MemoryObjects
from journeyman.workspace.archive import amending, commit, layout, remembered
from journeyman.workspace.archive.amending import Amendment
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.limits import LIMITS, Limits
from journeyman.workspace.archive.load import parse_manifest
from journeyman.workspace.archive.outcomes import ArchiveOutcome
from journeyman.workspace.archive.workers import Workers

LATER = timedelta(seconds=120)


async def _at_once(_: Workers, work: Any) -> Any:
    return work()


class Twice:
    """One workspace, archived as it is done, and from the same beginnings with nothing carried over."""

    def __init__(self, base: Path, guest: type[FolderGuest] = FolderGuest, limits: Limits = LIMITS) -> None:
        self.base, self.source, self.limits = base, base / "source", limits
        self.source.mkdir()
        self.clock = FakeClock(datetime.now(UTC) + LATER)
        self.sides = {
            kind: (MemoryObjects(), base / f"cache-{kind}", CountingIds()) for kind in ("new", "old")
        }
        self.guests = {kind: guest(self.source) for kind in self.sides}
        self.journal: list[str] = []
        self.carried: list[Amendment | None] = []
        """Of each archive after the first, what was carried over."""

    async def archive(self, *, alike: bool = True) -> ArchiveOutcome:
        outcomes: list[ArchiveOutcome] = []
        for kind, (objects, cache, ids) in self.sides.items():
            engine = ArchiveEngine(objects, clock=self.clock, ids=ids, cache=cache, limits=self.limits)
            with patch.object(commit, "amendment", self._ask if kind == "new" else lambda *_: None):
                outcomes.append(
                    await engine.archive(
                        PROJECT,
                        self.guests[kind].as_guest(),
                        epoch=1,
                        journal=self._note,
                        generation=1,
                    )
                )
        new, old = outcomes
        assert new.digest == old.digest
        if alike:
            assert self.objects == self.sides["old"][0].objects
            assert new == old
        return new

    async def _note(self, step: str) -> None:
        self.journal.append(step)

    def _ask(self, *args: Any) -> Amendment | None:
        self.carried.append(amending.amendment(*args))
        return self.carried[-1]

    @property
    def objects(self) -> dict[str, bytes]:
        return self.sides["new"][0].objects

    def cache(self, kind: str) -> remembered.Remembered:
        found = remembered.decode((self.sides[kind][1] / f"{PROJECT}.stat").read_bytes(), PROJECT, 1)
        assert found is not None
        return found

    async def same_again(self) -> None:
        """What is remembered is as good."""
        new, old = self.cache("new"), self.cache("old")
        assert new.known() == old.known()
        assert (new.whole(), new.note.skipped) == (old.whole(), old.note.skipped)
        assert new.note.newest_ns >= old.note.newest_ns

    async def restored(self, seq: int) -> dict[bytes, tuple[object, ...]]:
        folder = self.base / f"restored-{seq}"
        folder.mkdir()
        engine = ArchiveEngine(self.sides["new"][0], clock=self.clock, ids=CountingIds())
        await engine.restore(PROJECT, FolderGuest(folder).as_guest())
        return snapshot(folder)


@pytest.fixture
def twice(tmp_path: Path) -> Twice:
    made = Twice(tmp_path)
    fill(made.source)
    for folder in ("lib", "lib/deep", "lib-2"):
        (made.source / folder).mkdir()
        for name in ("a", "b.c", "b", "\N{SNOWMAN}", 'q"],["f","x'):
            (made.source / folder / name).write_text(folder + name)
    return made


def _large(source: Path) -> None:
    (source / "a-large").write_bytes(random.Random(3).randbytes(3_000_000))


def _inserted(source: Path) -> None:
    data = (source / "a-large").read_bytes()
    (source / "a-large").write_bytes(data[:100] + b"something more" + data[100:1_500_000])


def _retyped(source: Path) -> None:
    shutil.rmtree(source / "lib" / "deep")
    (source / "lib" / "deep").write_text("a file now")
    (source / "lib" / "a").unlink()
    (source / "lib" / "a").symlink_to("b")
    (source / "lib" / "b").unlink()
    (source / "lib" / "b").mkdir()
    (source / "lib" / "b" / "inside").write_text("new")


CHANGES = {
    "content": lambda source: (source / "lib" / "b").write_text("another"),
    "large": _large,
    "insertion": _inserted,
    "first": lambda source: (source / "A").write_text("before all"),
    "last": lambda source: (source / "zzz").write_text("after all"),
    "same as another": lambda source: (source / "lib" / "b").write_text("liba"),
    "empty": lambda source: (source / "lib" / "b").write_text(""),
    "mode": lambda source: (source / "lib" / "a").chmod(0o700),
    "folder's mode": lambda source: (source / "lib").chmod(0o700),
    "removed": lambda source: (source / "lib" / "deep" / "b").unlink(),
    "tree removed": lambda source: shutil.rmtree(source / "lib-2"),
    "tree made": lambda source: shutil.copytree(source / "lib", source / "lib" / "again" / "and again"),
    "retyped": _retyped,
    "link": lambda source: (source / "new-link").symlink_to("lib"),
    "largest": lambda source: (source / "big.bin").write_bytes(b"small now"),
}


async def test_whatever_changed_the_same_manifest_comes_out(twice: Twice) -> None:
    await twice.archive()
    for number, (what, change) in enumerate(CHANGES.items()):
        before = snapshot(twice.source)
        change(twice.source)
        assert snapshot(twice.source) != before, what
        await twice.clock.advance(3600)
        await twice.archive()
        assert twice.carried.pop() is not None, what
        await twice.same_again()
        if number % 5 == 4:
            assert await twice.restored(number) == snapshot(twice.source)
    manifest = parse_manifest(twice.objects[_newest(twice)], PROJECT, LIMITS)
    assert len(manifest.nodes) == len(snapshot(twice.source))


def _newest(twice: Twice) -> str:
    return max(key for key in twice.objects if key.startswith(layout.manifests_prefix(PROJECT)))


async def test_only_what_changed_is_read(twice: Twice) -> None:
    await twice.archive()
    read = 0

    async def count(call: str) -> None:
        nonlocal read
        read += call == "read"

    (twice.source / "lib" / "b").write_text("another")
    twice.guests["new"].hook = count
    await twice.archive()
    assert read == 1


async def test_what_was_written_a_moment_before_is_read_again(twice: Twice) -> None:
    (twice.source / "zz-same").unlink()  # a hard link
    twice.clock = FakeClock(datetime.now(UTC) - LATER)
    await twice.archive()
    assert len(twice.cache("new").columns.racy) > 10
    twice.clock = FakeClock(datetime.now(UTC) + LATER)
    await twice.archive()
    assert twice.carried.pop() is not None
    await twice.same_again()
    assert not twice.cache("new").racy


async def test_what_is_fresh_is_remembered_as_racy(twice: Twice) -> None:
    await twice.archive()
    (twice.source / "lib" / "b").write_text("another")
    os.utime(twice.source / "lib" / "b", ns=(2**62, 2**62))
    await twice.archive()
    assert twice.carried.pop() is not None
    await twice.same_again()
    new = twice.cache("new")
    assert [new.columns.entry(number).path for number in new.columns.racy] == [b"lib/b"]


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


NAMES = st.sampled_from(["a", "b", "a.b", "c", "c/d", "c/e", "c/f/g", "h"])
EDITS = st.lists(
    st.tuples(st.sampled_from(["write", "write", "large", "remove", "folder", "link", "mode"]), NAMES),
    min_size=1,
    max_size=6,
)


def _edit(root: Path, what: str, name: str, number: int) -> None:
    path = root / name
    if any(os.path.lexists(above) and not above.is_dir() for above in path.parents if above != root):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if what == "mode" and path.exists():
        path.chmod(0o700 + number % 8)
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if what in ("write", "large"):
        path.write_bytes(b"%d " % (number % 5) * (500_000 if what == "large" else 3))
    elif what == "folder":
        path.mkdir()
    elif what == "link":
        path.symlink_to("somewhere")


@settings(max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EDITS, min_size=2, max_size=4))
def test_whatever_is_done_in_between_the_same_manifest_comes_out(
    stories: list[list[tuple[str, str]]],
) -> None:
    async def tell(base: Path) -> None:
        twice = Twice(base)
        for number, edits in enumerate(stories):
            for at, (what, name) in enumerate(edits):
                _edit(twice.source, what, name, number * 7 + at)
            await twice.archive()
            await twice.same_again()

    base = Path(tempfile.mkdtemp())
    try:
        with patch.object(Workers, "run", _at_once):
            asyncio.run(tell(base))
    finally:
        shutil.rmtree(base)
