"""A bit flips, bytes go missing, objects are swapped: said so, and nothing half-right is handed over."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from components.archive_kit import PROJECT, Kit, fill, snapshot
from journeyman.failures import Failure
from journeyman.ports.guest import RestoreEntry
from journeyman.workspace.archive import layout


async def _made(base: Path) -> tuple[Kit, str]:
    kit = Kit(base)
    fill(kit.source)
    (kit.source / "noise").write_bytes(random.Random(3).randbytes(200_000))
    made = await kit.archive()
    return kit, made.archive_id


def _key(kit: Kit, which: str) -> str:
    parts = {"head": "/HEAD", "manifest": "/m/", "pack": "/packs/"}
    (key,) = [key for key in kit.memory.objects if parts[which] in key]
    return key


async def _refused(kit: Kit, archive_id: str | None) -> None:
    into = kit.target()
    with pytest.raises(Failure) as caught:
        await kit.restore(archive_id, into=into)
    assert caught.value.kind == "archive_corrupt"
    assert caught.value.hint
    assert not into.finished
    assert os.listdir(into.root) == []


@pytest.mark.parametrize("which", ["head", "manifest", "pack"])
async def test_a_flipped_bit_is_seen(tmp_path: Path, which: str) -> None:
    """In every byte of HEAD, and in a hundred places of the others."""
    kit, archive_id = await _made(tmp_path)
    key, chance = _key(kit, which), random.Random(which)
    good = kit.memory.objects[key]
    places = range(len(good)) if which == "head" else sorted(chance.sample(range(len(good)), 100))
    footer = int.from_bytes(good[-12:-8], "little") + 12 if which == "pack" else 0
    for place in places:
        bad = bytearray(good)
        bad[place] ^= 1 << chance.randrange(8)
        kit.memory.objects[key] = bytes(bad)
        report = await kit.engine.verify(PROJECT, read_data=True)
        assert not report.ok
        assert report.problems
        in_frames = 8 <= place < len(good) - footer
        if which != "pack" or in_frames:  # what nothing reads cannot hurt a restore
            await _refused(kit, None)
        if which == "manifest":
            await _refused(kit, archive_id)
            assert not (await kit.engine.verify(PROJECT, archive_id)).ok
    kit.memory.objects[key] = good
    assert snapshot((await kit.restore())[1]) == snapshot(kit.source)


@pytest.mark.parametrize("which", ["head", "manifest", "pack"])
@pytest.mark.parametrize("keep", [0, 1, 7, 40, 0.5, -1])
async def test_cut_objects_are_seen(tmp_path: Path, which: str, keep: float) -> None:
    kit, archive_id = await _made(tmp_path)
    key = _key(kit, which)
    good = kit.memory.objects[key]
    kit.memory.objects[key] = good[: int(len(good) * keep) if keep == 0.5 else int(keep)]
    assert not (await kit.engine.verify(PROJECT)).ok
    if which != "pack" or keep != -1:
        await _refused(kit, None)
    if which == "head":
        assert snapshot((await kit.restore(archive_id))[1]) == snapshot(kit.source)
        with pytest.raises(Failure) as caught:
            await kit.archive()
        assert caught.value.kind == "archive_corrupt"


@pytest.mark.parametrize("which", ["manifest", "pack"])
async def test_missing_objects_are_seen(tmp_path: Path, which: str) -> None:
    kit, _ = await _made(tmp_path)
    del kit.memory.objects[_key(kit, which)]
    assert not (await kit.engine.verify(PROJECT)).ok
    await _refused(kit, None)


async def test_an_archive_of_another_project_is_not_restored(tmp_path: Path) -> None:
    kit, _ = await _made(tmp_path)
    other = PROJECT.replace("1", "8")
    await kit.engine.archive(other, kit.guest().as_guest(), epoch=1, journal=kit.note)
    mine = layout.head_key(PROJECT)
    kit.memory.objects[mine] = kit.memory.objects[layout.head_key(other)]
    await _refused(kit, None)
    manifest = next(key for key in kit.memory.objects if f"{other}/m/" in key)
    kit.memory.objects[layout.manifest_key(PROJECT, 9, "stolen")] = kit.memory.objects[manifest]
    await _refused(kit, "stolen")


async def test_a_manifest_under_another_name_is_not_restored(tmp_path: Path) -> None:
    kit, archive_id = await _made(tmp_path)
    good = kit.memory.objects[_key(kit, "manifest")]
    kit.memory.objects[layout.manifest_key(PROJECT, 7, "renamed")] = good
    await _refused(kit, "renamed")
    assert (await kit.engine.verify(PROJECT, archive_id)).ok


class _Tampering:
    """A guest's restore that does something else than it was told."""

    def __init__(self, inner, how: str, root: Path) -> None:  # type: ignore[no-untyped-def]
        self.inner, self.how, self.root = inner, how, root
        self.abort = inner.abort

    async def add(self, entry: RestoreEntry) -> None:
        await self.inner.add(entry)

    async def data(self, path: bytes, data: bytes | memoryview) -> None:
        if self.how == "content" and path == b"noise":
            data = bytes(data[:-1]) + bytes([data[-1] ^ 1])
        await self.inner.data(path, data)

    async def finish(self) -> int:
        count = await self.inner.finish()
        file, link = self.root / "src" / "tool.sh", self.root / "link"
        match self.how:
            case "mode":
                file.chmod(0o600)
            case "mtime":
                os.utime(file, ns=(5, 5))
            case "missing":
                file.unlink()
            case "added":
                (self.root / "extra").write_text("x")
            case "link":
                link.unlink()
                link.symlink_to("elsewhere")
            case "unlinked":
                data = (self.root / "zz-same").read_bytes()
                (self.root / "zz-same").unlink()
                (self.root / "zz-same").write_bytes(data)
            case "folder mtime":
                os.utime(self.root / "src", ns=(5, 5))
            case "kind":
                (self.root / "nothing").unlink()
                (self.root / "nothing").mkdir()
            case "swapped":
                (self.root / "nothing").unlink()
                os.mkfifo(self.root / "nothing")
            case _:
                pass
        return count


@pytest.mark.parametrize(
    "how",
    ["content", "mode", "mtime", "missing", "added", "link", "unlinked", "folder mtime", "kind", "swapped"],
)
async def test_a_workspace_that_is_not_what_was_archived_is_found_out(tmp_path: Path, how: str) -> None:
    kit, _ = await _made(tmp_path)
    into = kit.target()
    begin = into.begin_restore

    async def tampering(root: str) -> _Tampering:
        return _Tampering(await begin(root), how, Path(os.fsdecode(into.root)))

    into.begin_restore = tampering  # type: ignore[method-assign,assignment]
    with pytest.raises(Failure, match="not what was archived") as caught:
        await kit.restore(into=into)
    assert caught.value.kind == "archive_corrupt"
