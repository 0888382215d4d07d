"""What differs between archives and trees: by content, whatever the times say."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from components.archive_kit import PROJECT, Kit, fill
from journeyman.failures import Failure
from journeyman.testing.clock import FakeClock
from journeyman.workspace.archive.compare import Comparison
from journeyman.workspace.archive.engine import ArchiveEngine


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = Kit(tmp_path)
    fill(made.source)
    return made


async def now(kit: Kit) -> Comparison:
    return await kit.engine.compare(PROJECT, guest=kit.guest().as_guest())


def told(found: Comparison) -> list[tuple[str, str, bool]]:
    return [(each.path.decode(), each.verdict, each.content) for each in found.differences]


async def test_nothing_differs_from_what_was_archived_whatever_the_times_say(kit: Kit) -> None:
    made = await kit.archive()
    for path in kit.source.rglob("*"):
        os.utime(path, follow_symlinks=False)
    found = await now(kit)
    assert (told(found), found.before, found.after) == ([], made.archive_id, None)


async def test_every_kind_of_difference_once(kit: Kit) -> None:
    await kit.archive()
    source = kit.source
    before = (source / "same-content").stat()
    (source / "same-content").write_bytes(b"x" * before.st_size)
    os.utime(source / "same-content", ns=(before.st_atime_ns, before.st_mtime_ns))
    (source / "nothing").write_bytes(b"something")
    (source / "src" / "tool.sh").chmod(0o600)
    (source / "empty").rmdir()
    (source / "link").unlink()
    (source / "link").symlink_to("src")
    (source / "dangling").unlink()
    (source / "dangling").mkdir()
    (source / "dangling" / "new").write_bytes(b"")
    assert told(await now(kit)) == [
        ("dangling", "changed", True),
        ("dangling/new", "added", True),
        ("empty", "removed", True),
        ("link", "changed", True),
        ("nothing", "changed", True),
        ("same-content", "changed", True),
        ("src/tool.sh", "changed", False),
    ]


async def test_a_hard_link_counts_as_the_file_it_joins(kit: Kit) -> None:
    await kit.archive()
    content = (kit.source / "zz-same").read_bytes()
    (kit.source / "zz-same").unlink()
    (kit.source / "zz-same").write_bytes(content)
    assert told(await now(kit)) == []
    (kit.source / "zz-same").write_bytes(content[::-1])
    assert told(await now(kit)) == [("zz-same", "changed", True)]


async def test_archive_against_archive(kit: Kit) -> None:
    one = await kit.archive()
    (kit.source / "more").write_text("more")
    two = await kit.archive()
    found = await kit.engine.compare(PROJECT, before=one.archive_id, after=two.archive_id)
    assert (told(found), found.after) == ([("more", "added", True)], two.archive_id)
    back = await kit.engine.compare(PROJECT, before=two.archive_id, after=one.archive_id)
    assert told(back) == [("more", "removed", True)]


async def test_a_file_of_an_archive_is_its_bytes(kit: Kit) -> None:
    one = await kit.archive()
    (kit.source / "big.bin").write_bytes(b"")

    async def content(path: bytes, limit: int = 10_000_000) -> bytes | None:
        return await kit.engine.content(PROJECT, one.archive_id, path, limit=limit)

    assert await content(b"big.bin") == bytes(range(256)) * 9000
    assert await content(b"zz-same") == (kit.source / "zz-same").read_bytes()
    assert await content(b"nothing") == b""
    assert await content(b"src") is None
    assert await content(b"no") is None
    with pytest.raises(Failure) as refused:
        await content(b"big.bin", limit=100)
    assert refused.value.kind == "invalid"


async def test_what_is_known_not_to_have_moved_is_not_read(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    fill(kit.source)
    later = FakeClock(datetime(2100, 1, 1, tzinfo=UTC))  # nothing here was written just now
    engine = ArchiveEngine(kit.objects, clock=later, ids=kit.ids, cache=tmp_path / "cache")
    guest = kit.guest()
    await engine.archive(PROJECT, guest.as_guest(), epoch=1, journal=kit.note, generation=1)
    calls: list[str] = []

    async def note(name: str) -> None:
        calls.append(name)

    guest.hook = note
    assert told(await engine.compare(PROJECT, guest=guest.as_guest(), generation=1)) == []
    assert "read" not in calls
    assert told(await engine.compare(PROJECT, guest=guest.as_guest(), generation=2)) == []
    assert "read" in calls
