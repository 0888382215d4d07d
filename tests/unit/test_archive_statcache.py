"""What is remembered of a workspace saves reading, and never costs a byte."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.archive_guest import FolderGuest
from components.archive_kit import PROJECT, fill, snapshot
from components.missing import unavailable
from journeyman.ports.guest import TreeEntry
from journeyman.testing.clock import CountingIds, FakeClock
from journeyman.testing.objects import MemoryObjects
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.outcomes import ArchiveOutcome
from journeyman.workspace.archive.settling import racy

TICK_S = 0.012
"""Longer than the tick of the file system's clock: what is changed after it gets another time."""


class Bench:
    def __init__(self, base: Path) -> None:
        self.base = base
        self.source = base / "source"
        self.source.mkdir()
        self.objects = MemoryObjects()
        # A little ahead, so that what the tests write is old enough to be remembered.
        self.clock = FakeClock(datetime.now(UTC) + timedelta(seconds=60))
        self.cache = base / "cache"
        self.ids = CountingIds()
        self.restored = 0

    @property
    def engine(self) -> ArchiveEngine:
        """A new one each time, as after a restart."""
        return ArchiveEngine(self.objects, clock=self.clock, ids=self.ids, cache=self.cache)

    async def archive(self, folder: Path | None = None, generation: int = 1) -> tuple[ArchiveOutcome, int]:
        """The outcome, and how many files were read for it."""
        guest = FolderGuest(folder or self.source)
        read = 0

        async def count(call: str) -> None:
            nonlocal read
            read += call == "read"

        guest.hook = count

        async def journal(_: str) -> None: ...

        made = await self.engine.archive(
            PROJECT, guest.as_guest(), epoch=1, journal=journal, generation=generation
        )
        return made, read

    async def restore(self, generation: int = 9) -> Path:
        self.restored += 1
        folder = self.base / f"restored-{self.restored}"
        folder.mkdir()
        await self.engine.restore(PROJECT, FolderGuest(folder).as_guest(), generation=generation)
        return folder


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    fill(made.source)
    return made


async def test_nothing_is_read_where_nothing_changed(bench: Bench) -> None:
    first, read = await bench.archive()
    assert read > 0
    again, read = await bench.archive()
    assert read == 0
    assert (again.digest, again.files, again.bytes) == (first.digest, first.files, first.bytes)
    assert (again.seq, again.new_bytes) == (2, 0)
    assert (await bench.archive())[1] == 0
    assert snapshot(await bench.restore()) == snapshot(bench.source)
    assert (await bench.engine.verify(PROJECT, again.archive_id, read_data=True)).ok


async def test_only_what_changed_is_read(bench: Bench) -> None:
    await bench.archive()
    time.sleep(TICK_S)
    (bench.source / "src" / "tool.sh").write_text("#!/bin/zs\n")  # of the same size
    (bench.source / "new").write_text("new")
    made, read = await bench.archive()
    assert read == 2
    assert made.new_bytes > 0
    assert snapshot(await bench.restore()) == snapshot(bench.source)


async def test_the_first_archive_after_a_restore_reads_nothing(bench: Bench) -> None:
    await bench.archive()
    folder = await bench.restore(generation=2)
    made, read = await bench.archive(folder, generation=2)
    assert read == 0
    assert made.seq == 2
    assert snapshot(await bench.restore()) == snapshot(bench.source)


async def test_after_an_older_archive_was_restored_its_files_are_known_too(bench: Bench) -> None:
    first, _ = await bench.archive()
    time.sleep(TICK_S)
    (bench.source / "big.bin").write_bytes(b"quite another content" * 1000)
    await bench.archive()
    folder = bench.base / "older"
    folder.mkdir()
    await bench.engine.restore(
        PROJECT, FolderGuest(folder).as_guest(), archive_id=first.archive_id, generation=3
    )
    made, read = await bench.archive(folder, generation=3)
    assert read == 0
    assert made.digest == first.digest
    assert snapshot(await bench.restore()) == snapshot(folder)


async def test_another_generation_is_another_tree(bench: Bench) -> None:
    _, read = await bench.archive(generation=1)
    assert (await bench.archive(generation=2))[1] == read


async def test_a_file_written_a_moment_ago_is_read_again(bench: Bench) -> None:
    bench.clock = FakeClock(datetime.now(UTC))
    await bench.archive()
    _, read = await bench.archive()
    assert read > 0


async def test_where_processes_run_a_moment_is_longer(bench: Bench) -> None:
    bench.clock = FakeClock(datetime.now(UTC) + timedelta(seconds=20))

    async def journal(_: str) -> None: ...

    guest = FolderGuest(bench.source).as_guest()
    await bench.engine.archive(PROJECT, guest, epoch=1, journal=journal, generation=1, live=True)
    assert (await bench.archive())[1] > 0


async def test_a_pack_that_is_gone_is_made_again(bench: Bench) -> None:
    await bench.archive()
    packs = [key for key in bench.objects.objects if "/packs/" in key]
    for key in packs:
        await bench.objects.delete(key)
    made, read = await bench.archive()
    assert read > 0
    assert (await bench.engine.verify(PROJECT, made.archive_id, read_data=True)).ok


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
        lambda data: data[:-9] + b"\0" * 9,
        lambda data: b"",
        lambda data: b"JMSTAT01" + b"\0" * 500,
    ],
    ids=["cut", "header", "body", "empty", "zeros"],
)
async def test_what_is_damaged_is_not_believed(bench: Bench, spoil: Callable[[bytes], bytes]) -> None:
    _, read = await bench.archive()
    path = next(bench.cache.iterdir())
    path.write_bytes(spoil(path.read_bytes()))
    made, again = await bench.archive()
    assert again == read
    assert made.seq == 2


async def test_attributes_are_kept_where_nothing_else_changed(bench: Bench) -> None:
    path = bench.source / "nothing"
    try:
        os.setxattr(path, "user.colour", b"red")
    except OSError:
        unavailable("this file system keeps no extended attributes")
    await bench.archive()
    time.sleep(TICK_S)
    os.setxattr(path, "user.colour", b"blue")
    await bench.archive()
    assert os.getxattr(await bench.restore() / "nothing", "user.colour") == b"blue"


NAMES = st.sampled_from(["a", "b", "c/d", "c/e", "big"])
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["write", "same size", "remove", "chmod", "old time", "swap", "link", "archive"]),
        NAMES,
        NAMES,
    ),
    min_size=1,
    max_size=12,
)


def edit(root: Path, what: str, name: str, other: str, number: int) -> None:
    path, second = root / name, root / other
    path.parent.mkdir(exist_ok=True)
    second.parent.mkdir(exist_ok=True)
    if what == "write" or not path.exists():
        path.unlink(missing_ok=True)
        path.write_bytes(b"%d " % number * (600_000 if name == "big" else 3))
    elif what == "same size":
        path.write_bytes(bytes((byte + 1) % 256 for byte in path.read_bytes()[:50]) + path.read_bytes()[50:])
    elif what == "remove":
        path.unlink()
    elif what == "chmod":
        path.chmod(0o600 + number % 8)
    elif what == "old time":
        before = path.stat()
        path.write_bytes(b"!" * before.st_size)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif what == "swap" and second.exists():
        path.rename(root / "swap")
        if second.exists():
            second.rename(path)
        (root / "swap").rename(second)
    elif what == "link" and not second.exists():
        os.link(path, second)


@given(EDITS)
@settings(max_examples=40, deadline=None)
def test_whatever_is_done_in_between_the_newest_tree_comes_back(edits: list[tuple[str, str, str]]) -> None:
    import asyncio

    async def story(base: Path) -> None:
        bench = Bench(base)
        await bench.archive()
        for number, (what, name, other) in enumerate([*edits, ("archive", "", "")]):
            if what == "archive":
                await bench.archive()
                time.sleep(TICK_S)
            else:
                edit(bench.source, what, name, other, number)
        assert snapshot(await bench.restore()) == snapshot(bench.source)

    base = Path(tempfile.mkdtemp())
    try:
        asyncio.run(story(base))
    finally:
        shutil.rmtree(base)


async def test_attributes_of_what_did_not_change_are_kept_and_others_are_seen(bench: Bench) -> None:
    inside = bench.source / "moved-from"
    inside.mkdir()
    (inside / "deep").write_text("x")
    try:
        os.setxattr(bench.source / "nothing", "user.kept", b"1")
    except OSError:
        unavailable("this file system keeps no extended attributes")
    outside = bench.base / "outside"
    outside.mkdir()
    (outside / "old").write_text("moved in, with a ctime from before")
    os.setxattr(outside / "old", "user.old", b"2")
    time.sleep(TICK_S)
    (bench.source / "latest").write_text("x")
    await bench.archive()
    time.sleep(TICK_S)
    os.setxattr(bench.source / "src", "user.new", b"3")
    await bench.archive()
    assert snapshot(await bench.restore()) == snapshot(bench.source)
    outside.rename(bench.source / "inside")
    inside.rename(bench.source / "moved-to")
    await bench.archive()
    restored = await bench.restore()
    assert snapshot(restored) == snapshot(bench.source)
    assert os.getxattr(restored / "inside" / "old", "user.old") == b"2"


@pytest.mark.parametrize(
    ("ctime_ns", "racy_until_s"),
    [(1_700_000_000_123_456_789, 0.1), (1_700_000_000_123_000_000, 2.0), (1_700_000_000_000_000_000, 2.0)],
    ids=["fine", "milliseconds", "seconds"],
)
def test_how_long_a_file_is_racy_depends_on_how_finely_its_times_are_told(
    ctime_ns: int, racy_until_s: float
) -> None:
    entry = TreeEntry(b"f", "file", 1, 0o644, 0, ctime_ns, 1, 1, b"", {})
    later = ctime_ns + int(racy_until_s * 1e9)
    assert racy(entry, later)
    assert not racy(entry, later + 1)
    assert racy(entry._replace(mtime_ns=later), later + 1)
