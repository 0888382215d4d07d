"""What goes into an archive comes out again: content, modes, times, links, names, attributes."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from components import s3_server as _s3
from components.archive_kit import PROJECT, Kit, fill, snapshot
from components.missing import unavailable
from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.s3_objects import S3Objects
from journeyman.workspace.archive.outcomes import ArchiveProgress
from journeyman.workspace.archive.restore import NO_XATTRS

s3_server = _s3.s3_server  # the fixture


@pytest.fixture(params=["memory", "local", pytest.param("s3", marks=pytest.mark.s3)])
async def kit(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Kit]:
    if request.param == "memory":
        yield Kit(tmp_path)
    elif request.param == "local":
        yield Kit(tmp_path, LocalObjects(tmp_path / "objects"))
    else:
        server: _s3.S3Server = request.getfixturevalue("s3_server")
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        prefix = tmp_path.name.replace("_", "-")
        store = S3Objects(server.bucket, f"round-trip/{prefix}", endpoint=server.endpoint)
        yield Kit(tmp_path, store)
        await store.close()


async def test_one_of_everything(kit: Kit) -> None:
    fill(kit.source)
    made = await kit.archive()
    assert (made.seq, made.files, made.skipped) == (1, 5, ())
    assert made.bytes == sum(
        p.stat().st_size for p in kit.source.rglob("*") if p.is_file() and not p.is_symlink()
    ) - (2 * (kit.source / "zz-same").stat().st_size - (kit.source / "same-content").stat().st_size)
    outcome, folder = await kit.restore()
    assert snapshot(folder) == snapshot(kit.source)
    assert (outcome.archive_id, outcome.digest, outcome.files) == (made.archive_id, made.digest, made.files)
    report = await kit.engine.verify(PROJECT, read_data=True)
    assert report.ok
    assert report.bytes_read == made.new_bytes


async def test_the_steps_are_journalled_in_order(kit: Kit) -> None:
    fill(kit.source)
    await kit.archive()
    assert kit.journal == [
        "packs_uploaded",
        "packs_verified",
        "tree_unmoved",
        "manifest_verified",
        "pointer_moved",
    ]


async def test_an_empty_workspace(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    made = await kit.archive()
    assert (made.files, made.bytes, made.new_bytes) == (0, 0, 0)
    _, folder = await kit.restore()
    assert snapshot(folder) == {}


async def test_names_that_are_no_text(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    names = [b"\xff\xfe", b"new\nline", b" ", b"-rf", b"...", b"a" * 255, "ünï".encode(), b"\x01", b'q"\\uot']
    for number, name in enumerate(names):
        with open(os.path.join(os.fsencode(kit.source), name), "wb") as file:
            file.write(b"%d" % number)
        os.symlink(name, os.path.join(os.fsencode(kit.source), b"l%d" % number))
    await kit.archive()
    _, folder = await kit.restore()
    assert snapshot(folder) == snapshot(kit.source)


@pytest.mark.parametrize("size", [1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20, 9 * 2**20 + 17])
async def test_sizes_around_the_chunk(tmp_path: Path, size: int) -> None:
    kit = Kit(tmp_path)
    (kit.source / "f").write_bytes(random.Random(size).randbytes(size))
    await kit.archive()
    _, folder = await kit.restore()
    assert snapshot(folder) == snapshot(kit.source)


async def test_several_packs(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    for number in range(5):
        (kit.source / f"f{number}").write_bytes(random.Random(number).randbytes(14_000_000))
    await kit.archive()
    packs = [key for key in kit.memory.objects if "/packs/" in key]
    assert len(packs) >= 2
    assert all(len(kit.memory.objects[key]) < 40 * 2**20 for key in packs)
    _, folder = await kit.restore()
    assert snapshot(folder) == snapshot(kit.source)


async def test_many_tiny_files(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    for number in range(9000):
        (kit.source / f"{number:x}").write_bytes(b"%d" % number)
    await kit.archive()
    _, folder = await kit.restore()
    assert snapshot(folder) == snapshot(kit.source)


async def test_extended_attributes(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    (kit.source / "f").write_text("x")
    (kit.source / "d").mkdir()
    try:
        os.setxattr(kit.source / "f", "user.origin", b"\x00\xff")
    except OSError:
        unavailable("this file system keeps no extended attributes")
    os.setxattr(kit.source / "d", "user.note", b"")
    await kit.archive()
    outcome, folder = await kit.restore()
    assert snapshot(folder) == snapshot(kit.source)
    assert outcome.notes == ()
    bare = kit.target()
    bare.keeps_xattrs = False
    outcome, folder = await kit.restore(into=bare)
    assert outcome.notes == (NO_XATTRS,)
    assert (folder / "f").read_text() == "x"


async def test_what_is_no_file_is_skipped_and_named(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    (kit.source / "file").write_text("x")
    os.mkfifo(kit.source / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(kit.source / "socket"))
        made = await kit.archive()
    assert made.skipped == ("pipe", "socket")
    _, folder = await kit.restore()
    assert sorted(os.listdir(folder)) == ["file"]


async def test_setuid_and_setgid_are_not_kept(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    (kit.source / "f").write_text("x")
    (kit.source / "f").chmod(0o6755)
    await kit.archive()
    _, folder = await kit.restore()
    assert (folder / "f").stat().st_mode & 0o7777 == 0o755


async def test_progress_counts_up_to_its_totals(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    fill(kit.source)
    seen: list[ArchiveProgress] = []
    made = await kit.engine.archive(
        PROJECT, kit.guest().as_guest(), epoch=1, journal=kit.note, on_progress=seen.append
    )
    await kit.engine.restore(PROJECT, kit.target().as_guest(), on_progress=seen.append)
    for phase in ("write", "check"):
        last = [step for step in seen if step.phase == phase][-1]
        assert (last.files_done, last.bytes_done) == (last.files_total, last.bytes_total)
        assert (last.files_total, last.bytes_total) == (made.files, made.bytes)
    assert {step.phase for step in seen} >= {"scan", "upload", "commit", "write", "check"}
