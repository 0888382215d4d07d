"""Archive and restore through the real guest: its scan, its streams, its restore."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from components.archive_kit import PROJECT, Kit, fill, snapshot
from journeyman.failures import Failure
from journeyman.ports.guest import Guest, TreeRecords
from journeyman.ports.sandbox import InstanceSpec, Limits
from journeyman.testing.sandbox import DirectSandbox


class Workspaces:
    def __init__(self, base: Path, sandbox: DirectSandbox) -> None:
        self.base, self.sandbox, self.count = base, sandbox, 0

    async def open(self, files: Path) -> Guest:
        self.count += 1
        files.mkdir(exist_ok=True)
        spec = InstanceSpec(
            project_id=PROJECT,
            name=f"{PROJECT}-{self.count}",
            generation=self.count,
            epoch=1,
            files=files,
            image="",
            limits=Limits(memory_mb=256, cpus=1.0, pids=64),
        )
        instance = await self.sandbox.create(spec)
        await self.sandbox.start(instance.id)
        return await self.sandbox.attach(instance.id)


@pytest.fixture
async def workspaces(tmp_path: Path) -> AsyncIterator[Workspaces]:
    sandbox = DirectSandbox(tmp_path / "runtime")
    try:
        yield Workspaces(tmp_path, sandbox)
    finally:
        await sandbox.close()


async def test_round_trip(tmp_path: Path, workspaces: Workspaces) -> None:
    kit = Kit(tmp_path)
    fill(kit.source)
    for number, name in enumerate([b"\xff\xfe", b"new\nline", b"a" * 255]):
        with open(os.path.join(os.fsencode(kit.source), name), "wb") as file:
            file.write(b"%d" % number)
    for number in range(3000):
        (kit.source / "empty" / f"{number}").write_text(f"{number}")
    (kit.source / "src" / "tool.sh").chmod(0o4755)
    os.mkfifo(kit.source / "pipe")
    with contextlib.suppress(OSError):  # where the file system keeps none
        os.setxattr(kit.source / "nothing", "user.note", b"\x00\xff")
    source = await workspaces.open(kit.source)
    made = await kit.engine.archive(PROJECT, source, epoch=1, journal=kit.note)
    assert made.skipped == ("pipe",)
    again = await kit.engine.archive(PROJECT, source, epoch=1, journal=kit.note)
    assert (again.new_bytes, again.digest) == (0, made.digest)
    target = await workspaces.open(tmp_path / "target")
    outcome = await kit.engine.restore(PROJECT, target)
    assert (outcome.digest, outcome.notes) == (made.digest, ())
    (kit.source / "pipe").unlink()
    wanted = snapshot(kit.source)
    tool = wanted[b"src/tool.sh"]
    wanted[b"src/tool.sh"] = (tool[0], 0o755, *tool[2:])
    assert snapshot(tmp_path / "target") == wanted


async def test_a_restore_that_breaks_off_leaves_nothing(tmp_path: Path, workspaces: Workspaces) -> None:
    kit = Kit(tmp_path)
    fill(kit.source)
    await kit.archive()
    (pack,) = [key for key in kit.memory.objects if "/packs/" in key]
    good = kit.memory.objects[pack]
    kit.memory.objects[pack] = good[:100] + bytes([good[100] ^ 1]) + good[101:]
    target = await workspaces.open(tmp_path / "target")
    with pytest.raises(Failure) as caught:
        await kit.engine.restore(PROJECT, target)
    assert caught.value.kind == "archive_corrupt"
    assert os.listdir(tmp_path / "target") == []
    kit.memory.objects[pack] = good
    await kit.engine.restore(PROJECT, target)
    assert snapshot(tmp_path / "target") == snapshot(kit.source)


@pytest.mark.parametrize("how", ["another file", "the same file"])
async def test_what_was_read_back_is_believed_of_that_very_file(
    tmp_path: Path, workspaces: Workspaces, how: str
) -> None:
    """Once all is written a file is put in another's place, as long and as old as that; or written to."""
    kit = Kit(tmp_path)
    fill(kit.source)
    os.utime(kit.source / "big.bin", ns=(5, 5))
    await kit.archive()
    files = tmp_path / "target"
    target = await workspaces.open(files)
    look = target.look

    async def changed(*arguments: Any, **options: Any) -> TreeRecords:
        file, other = files / "big.bin", tmp_path / "other"
        info = file.stat()
        if how == "another file":
            other.write_bytes(b"x" * info.st_size)
            other.chmod(info.st_mode)
            os.utime(other, ns=(info.st_atime_ns, info.st_mtime_ns))
            other.rename(file)
        else:
            file.write_bytes(b"x" * info.st_size)
        return await look(*arguments, **options)

    target.look = changed  # type: ignore[method-assign]
    with pytest.raises(Failure, match=r"big.bin (reads back as something else|has another mtime)") as caught:
        await kit.engine.restore(PROJECT, target)
    assert caught.value.kind == "archive_corrupt"


async def test_a_workspace_that_is_not_empty_is_not_restored_into(
    tmp_path: Path, workspaces: Workspaces
) -> None:
    kit = Kit(tmp_path)
    fill(kit.source)
    await kit.archive()
    target = await workspaces.open(tmp_path / "target")
    (tmp_path / "target" / "mine").write_text("precious")
    with pytest.raises(Failure):
        await kit.engine.restore(PROJECT, target)
    assert (tmp_path / "target" / "mine").read_text() == "precious"
