"""Later archives store only what is new, stand alone, and get over what was lost."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from components.archive_kit import PROJECT, Kit, fill, snapshot
from journeyman.failures import Failure
from journeyman.workspace.archive import codec, layout
from journeyman.workspace.archive.limits import LIMITS
from journeyman.workspace.archive.load import parse_manifest
from journeyman.workspace.archive.packs import read_index


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = Kit(tmp_path)
    fill(made.source)
    return made


def _packs(kit: Kit) -> set[str]:
    return {key for key in kit.memory.objects if "/packs/" in key}


async def test_an_unchanged_tree_stores_no_pack(kit: Kit) -> None:
    one = await kit.archive()
    packs = _packs(kit)
    two = await kit.archive()
    assert two.new_bytes == 0
    assert _packs(kit) == packs
    assert (two.seq, two.digest) == (2, one.digest)
    assert two.archive_id != one.archive_id


async def test_the_same_content_is_stored_once(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    data = random.Random(1).randbytes(300_000)
    for number in range(10):
        (kit.source / f"f{number}").write_bytes(data)
    made = await kit.archive()
    assert made.bytes == 3_000_000
    assert made.new_bytes < 310_000


async def test_a_change_stores_the_change(kit: Kit) -> None:
    (kit.source / "large").write_bytes(random.Random(1).randbytes(5_000_000))
    await kit.archive()
    (kit.source / "small").write_text("new")
    assert (await kit.archive()).new_bytes < 1000


async def test_every_archive_stands_alone(kit: Kit) -> None:
    one = await kit.archive()
    (kit.source / "more").write_text("more")
    await kit.archive()
    tree = snapshot(kit.source)
    del kit.memory.objects[one.manifest_key]
    _, folder = await kit.restore()
    assert snapshot(folder) == tree


async def test_any_archive_is_restored_by_its_id(kit: Kit) -> None:
    trees = {(await kit.archive()).archive_id: snapshot(kit.source)}
    for number in range(3):
        (kit.source / "src" / "main.py").write_text(f"version {number}")
        trees[(await kit.archive()).archive_id] = snapshot(kit.source)
    for archive_id, tree in trees.items():
        outcome, folder = await kit.restore(archive_id)
        assert outcome.archive_id == archive_id
        assert snapshot(folder) == tree


async def test_archiving_what_was_restored_stores_nothing(kit: Kit) -> None:
    one = await kit.archive()
    into = kit.target()
    await kit.restore(into=into)
    two = await kit.archive(into)
    assert (two.new_bytes, two.digest) == (0, one.digest)


async def test_newest_and_list(kit: Kit) -> None:
    assert await kit.engine.newest(PROJECT) is None
    assert await kit.engine.list(PROJECT) == ()
    made = [await kit.archive(), await kit.archive(epoch=4)]
    newest = await kit.engine.newest(PROJECT)
    listed = await kit.engine.list(PROJECT)
    assert newest is not None
    assert newest == listed[0]
    assert [row.archive_id for row in listed] == [made[1].archive_id, made[0].archive_id]
    assert [row.epoch for row in listed] == [4, 1]
    assert [row.manifest_key for row in listed] == [made[1].manifest_key, made[0].manifest_key]
    assert listed[0].created_at == made[1].created_at == kit.clock.now()


async def test_an_attempt_that_never_moved_the_pointer_is_not_listed(kit: Kit) -> None:
    made = [await kit.archive()]
    data = kit.memory.objects[made[0].manifest_key]
    manifest = parse_manifest(data, PROJECT, LIMITS)
    for seq, ident in ((1, "orphan-1"), (2, "orphan-2"), (7, "orphan-7")):
        summary = replace(manifest.summary, seq=seq, archive_id=ident)
        orphan = codec.encode(replace(manifest, summary=summary), layout.content_key(PROJECT))
        kit.memory.objects[layout.manifest_key(PROJECT, seq, ident)] = orphan
    made.append(await kit.archive())
    made.append(await kit.archive())
    assert [row.archive_id for row in await kit.engine.list(PROJECT)] == [
        outcome.archive_id for outcome in reversed(made)
    ]


async def test_unknown_archives(kit: Kit) -> None:
    for archive_id in (None, "no-such"):
        with pytest.raises(Failure) as caught:
            await kit.engine.restore(PROJECT, kit.target().as_guest(), archive_id=archive_id)
        assert caught.value.kind == "not_found"
        with pytest.raises(Failure) as caught:
            await kit.engine.verify(PROJECT, archive_id)
        assert caught.value.kind == "not_found"


@pytest.mark.parametrize("project_id", ["", "..", "a/b", "a\n", "p" * 65, "-a"])
async def test_strange_project_ids_are_refused(kit: Kit, project_id: str) -> None:
    with pytest.raises(Failure) as caught:
        await kit.engine.archive(project_id, kit.guest().as_guest(), epoch=1, journal=kit.note)
    assert caught.value.kind == "invalid"
    with pytest.raises(Failure, match="not a project id"):
        await kit.engine.forget(project_id)


async def test_projects_do_not_share(kit: Kit) -> None:
    other = PROJECT.replace("1", "9")
    await kit.archive()
    await kit.engine.archive(other, kit.guest().as_guest(), epoch=1, journal=kit.note)
    mine = {key.rpartition("/")[2] for key in _packs(kit) if PROJECT in key}
    theirs = {key.rpartition("/")[2] for key in _packs(kit) if other in key}
    assert mine.isdisjoint(theirs)
    await kit.engine.forget(PROJECT)
    assert {key.split("/")[1] for key in kit.memory.objects} == {other}
    assert (await kit.engine.verify(other, read_data=True)).ok
    assert await kit.engine.newest(PROJECT) is None


async def test_the_index_can_be_rebuilt_from_packs_alone(kit: Kit) -> None:
    (kit.source / "large").write_bytes(random.Random(1).randbytes(9_000_000))
    made = await kit.archive()
    manifest = parse_manifest(kit.memory.objects[made.manifest_key], PROJECT, LIMITS)
    rebuilt: dict[bytes, tuple[str, int, int, int, int, int]] = {}
    for key in _packs(kit):
        for frame, chunks in read_index(kit.memory.objects[key]):
            for ident, spot in chunks:
                rebuilt[ident] = (
                    frame.pack.name, frame.offset, frame.stored, frame.raw, spot.offset, spot.length
                )  # fmt: skip
    wanted: dict[bytes, tuple[str, int, int, int, int, int]] = {}
    for chunk in manifest.chunks:
        frame = manifest.frames[chunk.frame]
        pack = manifest.packs[frame.pack]
        place = (frame.offset, frame.stored, frame.raw, chunk.offset, chunk.length)
        wanted[chunk.id] = (pack.name, *place)
    assert rebuilt == wanted


@pytest.mark.parametrize("damage", ["gone", "cut"])
async def test_a_lost_pack_is_stored_anew(kit: Kit, damage: str) -> None:
    await kit.archive()
    (pack,) = _packs(kit)
    if damage == "gone":
        del kit.memory.objects[pack]
    else:
        kit.memory.objects[pack] = kit.memory.objects[pack][:-1]
    assert not (await kit.engine.verify(PROJECT)).ok
    made = await kit.archive()
    assert made.new_bytes > 0
    assert (await kit.engine.verify(PROJECT, read_data=True)).ok
    assert snapshot((await kit.restore())[1]) == snapshot(kit.source)


async def test_without_a_readable_manifest_everything_is_stored_anew(kit: Kit) -> None:
    one = await kit.archive()
    kit.memory.objects[one.manifest_key] = b"garbage"
    two = await kit.archive()
    assert two.seq == 2
    assert snapshot((await kit.restore())[1]) == snapshot(kit.source)


async def test_a_damaged_pack_in_the_way_is_left_and_another_name_taken(kit: Kit) -> None:
    await kit.archive()
    (pack,) = _packs(kit)
    kit.memory.objects = {pack: b"something else"}
    await kit.archive()
    assert kit.memory.objects[pack] == b"something else"
    assert _packs(kit) == {pack, f"{pack}-1"}
    assert (await kit.engine.verify(PROJECT, read_data=True)).ok
    assert snapshot((await kit.restore())[1]) == snapshot(kit.source)


async def test_what_an_interrupted_attempt_left_is_used(kit: Kit) -> None:
    one = await kit.archive()
    packs = _packs(kit)
    del kit.memory.objects[layout.head_key(PROJECT)]
    kit.memory.calls.clear()
    await kit.archive()
    assert _packs(kit) == packs
    read = {call.key for call in kit.memory.calls if call.name == "read"}
    assert packs <= read, "a pack that was there already is read back like a new one"
    assert one.manifest_key in kit.memory.objects
