"""What is carried over from one archive to the next makes the very bytes that the whole tree would make."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.archive_kit import PROJECT, snapshot
from components.archive_twice import LATER, Twice, twice_of_many
from journeyman.testing.clock import FakeClock
from journeyman.workspace.archive import layout
from journeyman.workspace.archive.limits import LIMITS
from journeyman.workspace.archive.load import parse_manifest
from journeyman.workspace.archive.workers import Workers


async def _at_once(_: Workers, work: Any) -> Any:
    return work()


@pytest.fixture
def twice(tmp_path: Path) -> Twice:
    return twice_of_many(tmp_path)


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
