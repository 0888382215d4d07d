"""Archives are dropped, named and thinned out, packs are collected in two cycles, and nothing needed goes."""

from __future__ import annotations

import contextlib
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from components.archive_kit import PROJECT, Kit, fill, snapshot
from journeyman.failures import Failure
from journeyman.testing.objects import MemoryObjects, ObjectCall
from journeyman.workspace.archive.retention import Policy

ONE = Policy(last=1, hourly=0, daily=0)
ALL = Policy(last=1000)
DAY = timedelta(hours=24)
START = datetime.now(UTC)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = Kit(tmp_path)
    fill(made.source)
    return made


def packs(kit: Kit) -> set[str]:
    return {key for key in kit.memory.objects if "/packs/" in key}


async def grown(kit: Kit, *names: str) -> list[str]:
    """An archive per name, each with a file of its own that the next one does not have."""
    made: list[str] = []
    for name in names:
        (kit.source / name).write_bytes(os.urandom(5000))
        made.append((await kit.archive()).archive_id)
        (kit.source / name).unlink()
    return made


async def test_two_cycles_and_a_day_before_anything_goes(kit: Kit) -> None:
    keeping = kit.engine.keeping
    first, second, third = await grown(kit, "a", "b", "c")
    before = packs(kit)
    done = await keeping.thin(PROJECT, ONE, now=START)
    assert (set(done.dropped), done.packs, done.noted, done.stays) == ({first, second}, 0, 1, {third})
    assert packs(kit) == before
    for early in (timedelta(0), DAY - timedelta(seconds=1)):
        done = await keeping.thin(PROJECT, ONE, now=START + early)
        assert (done.dropped, done.packs, done.noted) == ((), 0, 1)
    dry = await keeping.thin(PROJECT, ONE, now=START + DAY, dry_run=True)
    assert packs(kit) == before
    done = await keeping.thin(PROJECT, ONE, now=START + DAY)
    assert (done.packs, done.bytes) == (dry.packs, dry.bytes) == (1, done.bytes)
    assert len(packs(kit)) == len(before) - 1
    (kit.source / "c").write_bytes(b"")
    assert (await kit.engine.verify(PROJECT, third, read_data=True)).ok
    assert [each.archive_id for each in await kit.engine.list(PROJECT)] == [third]


async def test_what_is_needed_again_meanwhile_stays(kit: Kit) -> None:
    keeping = kit.engine.keeping
    (kit.source / "comes-back").write_bytes(content := os.urandom(5000))
    await kit.archive()
    (kit.source / "comes-back").unlink()
    await kit.archive()
    (kit.source / "src" / "main.py").write_text("other\n")
    await kit.archive()
    assert (await keeping.thin(PROJECT, ONE, now=START)).noted >= 0
    (kit.source / "comes-back").write_bytes(content)
    newest = await kit.archive()
    for days in range(1, 4):
        await keeping.thin(PROJECT, ONE, now=START + days * DAY)
        assert (await kit.engine.verify(PROJECT, newest.archive_id, read_data=True)).ok
    _, folder = await kit.restore()
    assert snapshot(folder) == snapshot(kit.source)


async def test_a_name_keeps_an_archive_and_its_packs(kit: Kit) -> None:
    keeping = kit.engine.keeping
    first, second, third = await grown(kit, "a", "b", "c")
    await keeping.name(PROJECT, first, "before the rewrite")
    await keeping.name(PROJECT, first, "before the rewrite, really")
    assert await keeping.names(PROJECT) == {first: "before the rewrite, really"}
    assert (await keeping.thin(PROJECT, ONE, now=START)).dropped == (second,)
    await keeping.thin(PROJECT, ONE, now=START + DAY)
    assert (await kit.engine.verify(PROJECT, first, read_data=True)).ok
    await keeping.name(PROJECT, first, None)
    assert (await keeping.thin(PROJECT, ONE, now=START)).dropped == (first,)
    assert {each.archive_id for each in await kit.engine.list(PROJECT)} == {third}
    for name in ("", "  ", "x" * 101, "a\nb"):
        with pytest.raises(Failure) as refused:
            await keeping.name(PROJECT, third, name)
        assert refused.value.kind == "invalid"
    with pytest.raises(Failure) as refused:
        await keeping.name(PROJECT, first, "x")
    assert refused.value.kind == "not_found"


async def test_a_damaged_name_keeps_too(kit: Kit) -> None:
    first, _ = await grown(kit, "a", "b")
    kit.memory.objects[f"p/{PROJECT}/n/{first}"] = b"?"
    assert (await kit.engine.keeping.thin(PROJECT, ONE, now=START)).dropped == ()


async def test_the_newest_is_never_dropped(kit: Kit) -> None:
    first, newest = await grown(kit, "a", "b")
    with pytest.raises(Failure) as refused:
        await kit.engine.keeping.drop(PROJECT, newest)
    assert refused.value.kind == "conflict"
    await kit.engine.keeping.drop(PROJECT, first)
    with pytest.raises(Failure) as refused:
        await kit.engine.keeping.drop(PROJECT, first)
    assert refused.value.kind == "not_found"
    assert (await kit.engine.verify(PROJECT, newest, read_data=True)).ok


async def test_a_manifest_that_cannot_be_read_stops_the_collection(kit: Kit) -> None:
    first, second, _ = await grown(kit, "a", "b", "c")
    await kit.engine.keeping.thin(PROJECT, ALL, now=START)
    [key] = [key for key in kit.memory.objects if key.endswith(first)]
    whole = kit.memory.objects[key]
    await kit.engine.keeping.drop(PROJECT, second)
    kit.memory.objects[key] = whole[:-30] + bytes(30)
    before = packs(kit)
    for days in range(3):
        done = await kit.engine.keeping.thin(PROJECT, ALL, now=START + days * DAY)
        assert (done.packs, done.noted) == (0, 0)
        assert done.problems
    assert packs(kit) == before


async def test_a_pointer_that_cannot_be_read_or_names_nothing_stops_everything(kit: Kit) -> None:
    await grown(kit, "a", "b")
    head = f"p/{PROJECT}/HEAD"
    whole = dict(kit.memory.objects)
    kit.memory.objects[head] = b"?"
    with pytest.raises(Failure) as refused:
        await kit.engine.keeping.thin(PROJECT, ONE, now=START)
    assert refused.value.kind == "archive_corrupt"
    del kit.memory.objects[head]
    assert (await kit.engine.keeping.thin(PROJECT, ONE, now=START)).stays == frozenset()
    kit.memory.objects[head] = whole[head]
    newest = max(key for key in whole if "/m/" in key)
    del kit.memory.objects[newest]
    assert (await kit.engine.keeping.thin(PROJECT, ONE, now=START)).problems
    assert packs(kit) == {key for key in whole if "/packs/" in key}


async def test_an_attempt_that_was_given_up_goes_after_a_day(kit: Kit) -> None:
    [made] = await grown(kit, "a")
    kit.memory.fail(10_000, Failure("internal", "never"))
    (kit.source / "more").write_bytes(os.urandom(5000))
    at_pointer = len(kit.memory.calls)

    async def stop(call: ObjectCall) -> None:
        if call.name == "replace" and call.key.endswith("HEAD") and call.stage == "before":
            raise Failure("store_refused", "No.", hint="No.")

    kit.memory.hook = stop
    with pytest.raises(Failure):
        await kit.archive()
    kit.memory.hook = None
    assert len(kit.memory.calls) > at_pointer
    assert len([key for key in kit.memory.objects if "/m/" in key]) == 2
    assert (await kit.engine.keeping.thin(PROJECT, ONE, now=START)).dropped == ()
    later = datetime.now(UTC) + DAY + timedelta(minutes=5)
    assert len((await kit.engine.keeping.thin(PROJECT, ONE, now=later)).dropped) == 1
    done = await kit.engine.keeping.thin(PROJECT, ONE, now=later + DAY)
    assert done.packs == 1
    assert (await kit.engine.verify(PROJECT, made, read_data=True)).ok


async def test_somebody_who_moves_the_pointer_meanwhile_stops_the_sweep(kit: Kit) -> None:
    await grown(kit, "a", "b", "c")
    await kit.engine.keeping.thin(PROJECT, ONE, now=START)
    reads = 0

    async def between(call: ObjectCall) -> None:
        nonlocal reads
        if call.name == "read_with_info" and call.key.endswith("HEAD") and call.stage == "before":
            reads += 1
            if reads == 2:
                kit.memory.hook = None
                await kit.archive()

    kit.memory.hook = between
    done = await kit.engine.keeping.thin(PROJECT, ONE, now=START + DAY)
    assert done.problems
    assert done.packs == 0


@pytest.mark.parametrize("seed", range(12))
async def test_by_chance_what_is_listed_is_always_whole(tmp_path: Path, seed: int) -> None:
    """Archives, drops, names and cycles in any order, each cycle broken off anywhere or not."""
    chance = random.Random(seed)
    kit = Kit(tmp_path, MemoryObjects())
    memory = kit.objects
    assert isinstance(memory, MemoryObjects)
    (kit.source / "base").write_bytes(chance.randbytes(3000))
    now = START
    for step in range(25):
        choice = chance.randrange(5)
        listed = [each.archive_id for each in await kit.engine.list(PROJECT)]
        if choice <= 1 or not listed:
            for name in chance.sample("abcdef", 3):
                (kit.source / name).write_bytes(chance.randbytes(2000))
            for name in chance.sample("abcdef", 2):
                (kit.source / name).unlink(missing_ok=True)
            await kit.archive()
        elif choice == 2 and len(listed) > 1:
            await kit.engine.keeping.drop(PROJECT, chance.choice(listed[1:]))
        elif choice == 3:
            await kit.engine.keeping.name(PROJECT, chance.choice(listed), chance.choice(["n", None]))
        else:
            now += chance.choice([timedelta(hours=1), DAY, 2 * DAY])
            if chance.random() < 0.4:
                fault = Failure("store_unavailable", "Gone.", hint="Later.")
                memory.fail(len(memory.calls) + chance.randrange(1, 40), fault, lost_reply=step % 2 == 0)
            with contextlib.suppress(Failure):
                await kit.engine.keeping.thin(PROJECT, Policy(2, 1, 1), now=now)
            memory.heal()
        for each in await kit.engine.list(PROJECT):
            report = await kit.engine.verify(PROJECT, each.archive_id, read_data=True)
            assert report.ok, report.problems
    await kit.archive()
    _, folder = await kit.restore()
    assert snapshot(folder) == snapshot(kit.source)


async def test_beyond_the_quota_of_stored_bytes_the_oldest_go_first(kit: Kit) -> None:
    keeping = kit.engine.keeping
    base = (await kit.archive()).archive_id
    first, second, third, newest = await grown(kit, "a", "b", "c", "d")
    sizes = {key: len(data) for key, data in kit.memory.objects.items() if "/packs/" in key}
    total = sum(sizes.values())
    await keeping.name(PROJECT, second, "kept")
    assert (await keeping.thin(PROJECT, ALL, now=START, bytes_max=total)).dropped == ()
    dry = await keeping.thin(PROJECT, ALL, now=START, bytes_max=total - 1, dry_run=True)
    assert (dry.dropped, len(await kit.engine.list(PROJECT))) == ((base, first), 5)
    done = await keeping.thin(PROJECT, ALL, now=START, bytes_max=total - 6000)
    assert done.dropped == (base, first, third)
    assert done.stays == {second, newest}
    assert done.problems == ()
    assert done.noted == 2
    short = await keeping.thin(PROJECT, ALL, now=START, bytes_max=1)
    assert short.dropped == ()
    assert "those with a name are not removed" in short.problems[0]
    await keeping.name(PROJECT, second, None)
    last = await keeping.thin(PROJECT, ALL, now=START, bytes_max=1)
    assert (last.dropped, last.stays) == ((second,), {newest})
    assert last.problems
    assert (await kit.engine.verify(PROJECT, newest, read_data=True)).ok
