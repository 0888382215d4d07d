"""A fork is one manifest; what it needs of others stays while it is needed, whatever happens to them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components import independent_reader
from components.archive_kit import PROJECT, Kit, fill, snapshot
from components.forks_by_chance import by_chance, whole
from journeyman import failpoints
from journeyman.failures import Failure
from journeyman.testing.objects import MemoryObjects, ObjectCall
from journeyman.workspace.archive.retention import Policy

FORK = "22222222-2222-4333-8444-555555555555"
SECOND = "33333333-2222-4333-8444-555555555555"
ONE = Policy(last=1, hourly=0, daily=0)
ALL = Policy(last=1000)
DAY = timedelta(hours=24)
START = datetime.now(UTC)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = Kit(tmp_path)
    fill(made.source)
    return made


def keys(kit: Kit, project: str, part: str = "") -> set[str]:
    return {key for key in kit.memory.objects if key.startswith(f"p/{project}/{part}")}


async def fork(kit: Kit, source: str = PROJECT, to: str = FORK, archive: str | None = None) -> str:
    return (await kit.engine.fork(source, archive, project_id=to, epoch=1)).archive_id


async def test_a_fork_is_one_manifest_and_restores_to_the_same(kit: Kit) -> None:
    await kit.archive()
    before, size = keys(kit, PROJECT), sum(map(len, kit.memory.objects.values()))
    made = await kit.engine.fork(PROJECT, None, project_id=FORK, epoch=1)
    assert made.new_bytes == 0
    assert keys(kit, FORK, "packs/") == set()
    assert keys(kit, FORK) == {
        f"p/{FORK}/HEAD",
        f"p/{FORK}/m/000000000001-{made.archive_id}",
        f"p/{FORK}/from/{PROJECT}",
    }
    assert keys(kit, PROJECT) == before | {f"p/{PROJECT}/pins/{FORK}"}
    assert sum(map(len, kit.memory.objects.values())) < size + 5000
    outcome, folder = await kit.restore(project=FORK)
    assert outcome.digest == made.digest
    assert snapshot(folder) == snapshot(kit.source)
    await whole(kit, PROJECT, FORK)


async def test_a_fork_goes_on_deduplicating_against_what_it_came_from(kit: Kit) -> None:
    await kit.archive()
    await fork(kit)
    (kit.source / "only-here").write_bytes(os.urandom(3000))
    again = await kit.archive(project=FORK)
    assert 3000 < again.new_bytes < 8000
    assert len(keys(kit, FORK, "packs/")) == 1
    manifest = await kit.engine.manifest(FORK, None)
    assert manifest.summary.version == 2
    assert {pack.owner for pack in manifest.packs} == {None, PROJECT}
    assert manifest.content_project == PROJECT
    _, folder = await kit.restore(project=FORK)
    assert snapshot(folder) == snapshot(kit.source)
    found = await kit.engine.compare(FORK, before=(await kit.engine.list(FORK))[1].archive_id)
    assert [each.path for each in found.differences] == [b"only-here"]


async def test_two_projects_of_one_fork_each_have_what_they_need(kit: Kit) -> None:
    await kit.archive()
    await fork(kit)
    (kit.source / "of-the-fork").write_bytes(os.urandom(3000))
    await kit.archive(project=FORK)
    await fork(kit, FORK, SECOND)
    assert keys(kit, SECOND, "from/") == {f"p/{SECOND}/from/{PROJECT}", f"p/{SECOND}/from/{FORK}"}
    for gone in (PROJECT, FORK):
        await kit.engine.forget(gone)
        await whole(kit, SECOND)
        _, folder = await kit.restore(project=SECOND)
        assert snapshot(folder) == snapshot(kit.source)
    assert keys(kit, PROJECT) >= {f"p/{PROJECT}/gone", f"p/{PROJECT}/pins/{SECOND}"}
    assert keys(kit, PROJECT, "m/") == keys(kit, PROJECT, "HEAD") == set()
    await kit.engine.forget(SECOND)
    assert kit.memory.objects == {}


async def test_the_owner_keeps_what_a_fork_needs_until_it_does_not(kit: Kit) -> None:
    keeping = kit.engine.keeping
    await kit.archive()
    (kit.source / "needed").write_bytes(os.urandom(5000))
    first = await kit.archive()
    await fork(kit, archive=first.archive_id)
    (kit.source / "needed").unlink()
    await kit.archive()
    packs = keys(kit, PROJECT, "packs/")
    for days in range(4):
        await keeping.thin(PROJECT, ONE, now=START + days * DAY)
        await whole(kit, PROJECT, FORK)
    assert keys(kit, PROJECT, "packs/") == packs
    for each in kit.source.iterdir():
        if not each.is_dir():
            each.unlink()
    (kit.source / "src" / "tool.sh").write_bytes(os.urandom(4000))
    (kit.source / "src" / "main.py").write_bytes(os.urandom(4000))
    await kit.archive(project=FORK)
    assert (await keeping.thin(FORK, ONE, now=START)).problems == ()
    assert keys(kit, PROJECT, "pins/")
    await keeping.thin(FORK, ONE, now=START + DAY)
    assert keys(kit, PROJECT, "pins/") == keys(kit, FORK, "from/") == set()
    await keeping.thin(PROJECT, ONE, now=START + 5 * DAY)
    assert (await keeping.thin(PROJECT, ONE, now=START + 6 * DAY)).packs == 1
    await whole(kit, PROJECT, FORK)


async def test_content_nobody_keeps_any_more_is_stored_again(kit: Kit) -> None:
    """A stat cache may remember packs that were given back."""
    await kit.archive()
    await fork(kit)
    del kit.memory.objects[f"p/{PROJECT}/pins/{FORK}"]
    report = await kit.engine.verify(FORK)
    assert "Nothing keeps the pack" in report.problems[0]
    await kit.archive(project=FORK)
    newest = await kit.engine.manifest(FORK, None)
    assert {pack.owner for pack in newest.packs} == {None}
    assert (await kit.engine.verify(FORK, read_data=True)).ok


async def test_a_pin_that_cannot_be_read_stops_the_collection(kit: Kit) -> None:
    await kit.archive()
    (kit.source / "big.bin").write_bytes(os.urandom(4000))
    await kit.archive()
    await fork(kit)
    kit.memory.objects[f"p/{PROJECT}/pins/{FORK}"] += b"?"
    packs = keys(kit, PROJECT, "packs/")
    for days in range(3):
        assert (await kit.engine.keeping.thin(PROJECT, ONE, now=START + days * DAY)).problems
    await kit.engine.forget(PROJECT)
    assert keys(kit, PROJECT, "packs/") == packs


async def test_a_pin_left_behind_goes_after_a_day(kit: Kit) -> None:
    await kit.archive()
    await kit.engine.archive(FORK, kit.guest().as_guest(), epoch=1, journal=kit.note)
    pins = {name: f"p/{PROJECT}/pins/{name}" for name in (FORK, SECOND)}
    for name, key in pins.items():
        body = {"fork": name, "packs": [], "version": 1}
        await kit.memory.create(key, json.dumps(body, sort_keys=True, separators=(",", ":")).encode())
    now = datetime.now(UTC)
    await kit.engine.keeping.thin(PROJECT, ALL, now=now + DAY / 2)
    assert keys(kit, PROJECT, "pins/") == set(pins.values())
    await kit.engine.keeping.thin(PROJECT, ALL, now=now + DAY, dry_run=True)
    assert keys(kit, PROJECT, "pins/") == set(pins.values())
    await kit.engine.keeping.thin(PROJECT, ALL, now=now + DAY)
    assert keys(kit, PROJECT, "pins/") == {pins[FORK]}


async def test_the_source_goes_at_any_moment_of_a_fork(tmp_path: Path) -> None:
    """Deleted, or its archive dropped and collected, between any two calls: whole, or not there."""
    made = failed = 0
    for number in range(1, 22):
        for delete in (True, False):
            (tmp_path / f"{number}-{delete}").mkdir()
            kit = Kit(tmp_path / f"{number}-{delete}")
            (kit.source / "file").write_bytes(b"before")
            first = (await kit.archive()).archive_id
            (kit.source / "file").write_bytes(b"after")
            await kit.archive()
            count = len(kit.memory.calls)

            async def meanwhile(
                call: ObjectCall, kit: Kit = kit, at: int = count + number, delete: bool = delete
            ) -> None:
                if (call.number, call.stage) != (at, "before"):
                    return
                kit.memory.hook = None
                if delete:
                    await kit.engine.forget(PROJECT)
                    return
                for days in range(3):
                    await kit.engine.keeping.thin(PROJECT, ONE, now=START + days * DAY)

            kit.memory.hook = meanwhile
            problem: Failure | None = None
            try:
                await fork(kit, archive=first)
            except Failure as failure:
                problem = failure
            kit.memory.hook = None
            if problem is None:
                made += 1
                _, folder = await kit.restore(project=FORK)
                assert (folder / "file").read_bytes() == b"before"
            else:
                assert problem.kind in ("not_found", "archive_corrupt"), problem
                failed += 1
            await whole(kit, PROJECT, FORK)
            await kit.engine.forget(FORK)
            await kit.engine.forget(PROJECT)
            assert kit.memory.objects == {}
    assert made > 5
    assert failed > 5


@pytest.mark.parametrize(
    "point", [name for name in failpoints.POINTS if name.startswith("fork.") and "recorded" not in name]
)
async def test_what_an_end_in_the_middle_leaves_is_taken_away(kit: Kit, point: str) -> None:
    await kit.archive()
    before = dict(kit.memory.objects)

    async def made_and_deleted() -> None:
        await fork(kit)
        await kit.engine.forget(FORK)

    failpoints.arm(f"{point}=raise")
    try:
        with pytest.raises(Failure):
            await made_and_deleted()
    finally:
        failpoints.arm("")
    await whole(kit, PROJECT)
    await kit.engine.forget(FORK)
    assert kit.memory.objects == before


async def test_a_deletion_that_was_interrupted_is_finished(kit: Kit) -> None:
    """At every call: the owner's deletion, then the fork's, each begun again."""
    for gone, rest in ((PROJECT, FORK), (FORK, PROJECT)):
        number = 0
        while True:
            number += 1
            objects = MemoryObjects()
            kit.memory.objects.clear()
            await kit.archive()
            await fork(kit)
            objects.objects.update(kit.memory.objects)
            kit.memory.heal()
            kit.memory.fail(number, Failure("store_unavailable", "Away.", retryable=True))
            try:
                await kit.engine.forget(gone)
                kit.memory.heal()
                break
            except Failure:
                kit.memory.heal()
            await kit.engine.forget(gone)
            await whole(kit, rest)
            assert (await kit.engine.verify(rest, read_data=True)).ok
            await kit.engine.forget(rest)
            assert kit.memory.objects == {}
        assert number > 8


async def test_a_deleted_owner_that_is_archived_again_is_left_alone(kit: Kit) -> None:
    await kit.archive()
    await fork(kit)
    await kit.engine.forget(PROJECT)
    await kit.archive()
    await kit.engine.forget(FORK)
    assert (await kit.engine.verify(PROJECT, read_data=True)).ok


async def test_an_independent_reader_recovers_a_fork(kit: Kit, tmp_path: Path) -> None:
    await kit.archive()
    await fork(kit)
    (kit.source / "more").write_bytes(os.urandom(5000))
    await kit.archive(project=FORK)
    await kit.engine.forget(PROJECT)
    (tmp_path / "by-hand").mkdir()
    store = kit.memory.objects
    independent_reader.recover(store.__getitem__, list(store), FORK, tmp_path / "by-hand")
    assert snapshot(tmp_path / "by-hand") == snapshot(kit.source)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_listed_is_whole(tmp_path: Path, seed: int) -> None:
    await by_chance(tmp_path, seed, steps=40)
