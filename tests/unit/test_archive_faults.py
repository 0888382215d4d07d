"""Every call to the store fails, one after the other, in every way: nothing is lost, a retry succeeds."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from components.archive_kit import PROJECT, Kit, fill, full, refused, short, snapshot, unavailable
from journeyman.failures import Failure
from journeyman.ports.objects import Data, Made, whole
from journeyman.workspace.archive import layout, pointer

KINDS = {"unavailable": unavailable, "refused": refused, "full": full, "short": short}


def _kit(base: Path) -> Kit:
    base.mkdir()
    kit = Kit(base)
    fill(kit.source)
    return kit


def _change(kit: Kit) -> None:
    (kit.source / "src" / "main.py").write_text("print('changed')\n")
    (kit.source / "added").write_bytes(random.Random(5).randbytes(1_500_000))


async def _calls(base: Path, work: str) -> int:
    """How many calls to the store the second archive (or a restore) makes without faults."""
    kit = _kit(base)
    await kit.archive()
    _change(kit)
    kit.memory.heal()
    if work == "archive":
        await kit.archive()
    else:
        await kit.restore()
    return len(kit.memory.calls)


async def _whole(kit: Kit, tree: object, archive_id: str) -> None:
    """HEAD names something that verifies and restores, and the archive `archive_id` is still there."""
    kit.memory.heal()
    report = await kit.engine.verify(PROJECT, read_data=True)
    assert report.ok, report.problems
    assert snapshot((await kit.restore(archive_id))[1]) == tree


@pytest.mark.parametrize("lost_reply", [False, True], ids=["before", "lost-reply"])
@pytest.mark.parametrize("kind", list(KINDS))
async def test_a_fault_at_every_call_of_an_archive(tmp_path: Path, kind: str, lost_reply: bool) -> None:
    total = await _calls(tmp_path / "count", "archive")
    assert total >= 8, "reading HEAD and manifest, creating, looking, reading back, manifest twice, HEAD"
    outcomes: list[str] = []
    for number in range(1, total + 1):
        kit = _kit(tmp_path / f"{number}")
        first, old = await kit.archive(), snapshot(kit.source)
        _change(kit)
        new, stored = snapshot(kit.source), dict(kit.memory.objects)
        kit.memory.heal()
        kit.memory.fail(number, KINDS[kind](), lost_reply=lost_reply)
        try:
            await kit.archive()
            outcomes.append("archived")
        except Failure as failure:
            outcomes.append(failure.kind)
        gone = [key for key in stored if key not in kit.memory.objects]
        changed = [key for key in stored if kit.memory.objects.get(key) != stored[key]]
        assert gone == []
        assert changed in ([], [layout.head_key(PROJECT)])
        await _whole(kit, old, first.archive_id)
        again = await kit.archive()
        await _whole(kit, new, again.archive_id)
        assert len([key for key in kit.memory.objects if "/packs/" in key]) == 2, "no pack was stored twice"
    assert set(outcomes) - {"archived"} == {KINDS[kind]().kind}


@pytest.mark.parametrize("kind", list(KINDS))
async def test_a_fault_at_every_call_of_a_restore(tmp_path: Path, kind: str) -> None:
    total = await _calls(tmp_path / "count", "restore")
    for number in range(1, total + 1):
        kit = _kit(tmp_path / f"{number}")
        made, tree = await kit.archive(), snapshot(kit.source)
        stored = dict(kit.memory.objects)
        kit.memory.heal()
        kit.memory.fail(number, KINDS[kind]())
        into = kit.target()
        with pytest.raises(Failure) as caught:
            await kit.restore(into=into)
        assert caught.value.kind == KINDS[kind]().kind
        assert not into.finished
        assert into.aborted or into.writes == 0
        assert kit.memory.objects == stored
        await _whole(kit, tree, made.archive_id)


async def test_a_pointer_that_moved_without_a_reply_counts_as_moved(tmp_path: Path) -> None:
    kit = _kit(tmp_path / "k")
    total = await _calls(tmp_path / "count", "archive")
    await kit.archive()
    _change(kit)
    kit.memory.heal()
    kit.memory.fail(total, unavailable(), lost_reply=True)
    made = await kit.archive()
    assert kit.memory.calls[total - 1].name == "replace"
    newest = await kit.engine.newest(PROJECT)
    assert newest is not None
    assert newest.archive_id == made.archive_id
    assert kit.journal[-1] == "pointer_moved"


@pytest.mark.parametrize("failing", ["packs_uploaded", "packs_verified", "tree_unmoved", "manifest_verified"])
async def test_a_journal_that_cannot_be_written_stops_before_the_next_step(
    tmp_path: Path, failing: str
) -> None:
    kit = _kit(tmp_path / "k")
    first, tree = await kit.archive(), snapshot(kit.source)
    _change(kit)

    async def journal(step: str) -> None:
        if step == failing:
            raise Failure("storage_failed", "The database is away.", hint="Wait.")

    with pytest.raises(Failure) as caught:
        await kit.engine.archive(PROJECT, kit.guest().as_guest(), epoch=1, journal=journal)
    assert caught.value.kind == "storage_failed"
    newest = await kit.engine.newest(PROJECT)
    assert newest is not None
    assert newest.archive_id == first.archive_id
    await _whole(kit, tree, first.archive_id)


async def test_an_older_epoch_may_not_move_the_pointer(tmp_path: Path) -> None:
    kit = _kit(tmp_path / "k")
    first = await kit.archive(epoch=5)
    objects = dict(kit.memory.objects)
    with pytest.raises(Failure) as caught:
        await kit.archive(epoch=4)
    assert caught.value.kind == "conflict"
    assert kit.memory.objects == objects
    assert (await kit.archive(epoch=5)).seq == first.seq + 1
    assert (await kit.archive(epoch=6)).seq == first.seq + 2


async def test_of_two_archives_at_once_one_moves_the_pointer(tmp_path: Path) -> None:
    kit = _kit(tmp_path / "k")
    await kit.archive()
    rival: list[str] = []

    async def journal(step: str) -> None:
        if step == "manifest_verified" and not rival:
            rival.append((await kit.archive(epoch=2)).archive_id)

    with pytest.raises(Failure) as caught:
        await kit.engine.archive(PROJECT, kit.guest().as_guest(), epoch=1, journal=journal)
    assert caught.value.kind == "conflict"
    newest = await kit.engine.newest(PROJECT)
    assert newest is not None
    assert newest.archive_id == rival[0]
    assert (await kit.engine.list(PROJECT))[0].archive_id == rival[0]


@pytest.mark.parametrize("what", ["pack", "manifest"])
async def test_what_is_not_read_back_as_it_was_put_is_not_named(tmp_path: Path, what: str) -> None:
    """A store that loses a bit on the way in."""
    kit = _kit(tmp_path / "k")
    first, tree = await kit.archive(), snapshot(kit.source)
    _change(kit)
    inner: Callable[..., object] = kit.memory.create

    async def create(key: str, given: Data | Made) -> object:
        data = bytes(whole(given))
        if ("/packs/" if what == "pack" else "/m/") in key:
            data = data[:50] + bytes([data[50] ^ 1]) + data[51:]
        return await inner(key, data)  # type: ignore[misc]

    kit.memory.create = create  # type: ignore[method-assign,assignment]
    with pytest.raises(Failure) as caught:
        await kit.archive()
    assert caught.value.kind == "archive_corrupt"
    newest = await kit.engine.newest(PROJECT)
    assert newest is not None
    assert newest.archive_id == first.archive_id
    await _whole(kit, tree, first.archive_id)


async def test_a_project_is_forgotten_pointer_first(tmp_path: Path) -> None:
    kit = _kit(tmp_path / "k")
    await kit.archive()
    count = len(kit.memory.objects)
    for number in range(1, count + 3):
        kit = _kit(tmp_path / f"{number}")
        await kit.archive()
        kit.memory.heal()
        kit.memory.fail(number, unavailable())
        with pytest.raises(Failure):
            await kit.engine.forget(PROJECT)
        kit.memory.heal()
        if await pointer.read(kit.memory, PROJECT) is not None:
            assert (await kit.engine.verify(PROJECT, read_data=True)).ok
        await kit.engine.forget(PROJECT)
        assert kit.memory.objects == {}
