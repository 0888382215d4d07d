"""Checkpoints keep within their room: the oldest go, content nobody needs goes, the rest comes back whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from journeyman.checkpoint import thinning
from journeyman.checkpoint.differing import Against, page
from journeyman.failures import Failure
from journeyman.records import Checkpoint
from unit.checkpoint.scene import MIB, Scene, scene


def used(stage: Scene) -> int:
    packs = stage.root / "checkpoints" / "p" / stage.chat.project_id / "packs"
    return sum(each.stat().st_size for each in packs.iterdir()) if packs.is_dir() else 0


async def rounds(stage: Scene, count: int, size: int) -> None:
    for number in range(count):
        run = await stage.run()
        await run.step(lambda number=number: stage.write("big", os.urandom(size) + b"%d" % number))
        await run.step(f"echo {number} >> small")
        await run.end()


async def test_the_oldest_go_first_and_the_newest_can_be_gone_back_to(tmp_path: Path) -> None:
    async with scene(tmp_path, project_bytes=3 * MIB) as stage:
        await rounds(stage, 8, 700_000)
        assert used(stage) <= 3 * MIB
        kept = await stage.list()
        assert 0 < len(kept) < 24
        assert kept[-1].title == "step 16"
        before = stage.tree()
        oldest = next(each for each in kept if each.kind == "start")
        report = await stage.checkpoints.restore(stage.chat.id, oldest.id, scope="files", conflicts="keep")
        assert report.kept == ()
        assert stage.tree() != before
        await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
        assert stage.tree() == before


async def test_present_files_beyond_the_room_are_named_and_left(tmp_path: Path) -> None:
    async with scene(tmp_path, project_bytes=MIB) as stage:
        for number in range(5):
            stage.write(f"large{number}", os.urandom(400_000))
        stage.write("small", "before")
        run = await stage.run()
        await run.step("echo after > small; for i in 0 1 2 3 4; do echo x > large$i; done")
        await run.end()
        start = (await stage.list())[0]
        report = await stage.checkpoints.restore(stage.chat.id, start.id, scope="files", conflicts="keep")
        assert stage.tree()["small"][2] == b"before"
        assert {each.why for each in report.kept} == {"too_large"}
        assert len(report.kept) == 3


async def test_all_projects_together(tmp_path: Path) -> None:
    async with scene(tmp_path, total_bytes=2 * MIB) as stage:
        await rounds(stage, 6, 500_000)
        assert used(stage) <= 2 * MIB
        assert await stage.list() != []


async def test_what_a_deleted_chat_alone_needed_goes(stage: Scene) -> None:
    await rounds(stage, 3, 300_000)
    (stage.files / "big").unlink()
    run = await stage.run()
    await run.step("true")
    await run.end()
    before = used(stage)
    await stage.store.chats.delete(stage.chat.id)
    await stage.checkpoints.forget_chat(stage.chat.project_id)
    await stage.idle()
    assert before > 900_000
    assert used(stage) < 10_000
    await stage.checkpoints.forget_project(stage.chat.project_id)
    assert used(stage) == 0


async def test_packs_of_projects_that_are_no_more_go_at_start(stage: Scene) -> None:
    await rounds(stage, 1, 1000)
    assert used(stage) > 0
    await stage.store.projects.delete(stage.chat.project_id)
    await stage.again().recover()
    assert used(stage) == 0


async def test_a_folder_that_cannot_be_used_keeps_nobody_from_working(stage: Scene) -> None:
    (stage.root / "checkpoints").write_text("no folder")
    await stage.again().recover()
    run = await stage.run()
    await run.step("echo 1 > a")
    await run.end()
    assert stage.warnings != []
    assert "a" in stage.tree()


async def test_small_packs_are_put_together_and_hold_what_they_held(stage: Scene) -> None:
    run = await stage.run()
    for number in range(40):
        await run.step(f"echo {number} > f{number % 5}; head -c {number * 300} /dev/urandom > g{number % 3}")
        await stage.idle()
    await run.end()
    there = stage.tree()
    packs = stage.root / "checkpoints" / "p" / stage.chat.project_id / "packs"
    assert len(list(packs.iterdir())) > 32
    await thinning.collect(stage.parts, stage.chat.project_id)
    assert len(list(packs.iterdir())) == 1
    for checkpoint in (await stage.list())[::7]:
        report = await stage.checkpoints.restore(
            stage.chat.id, checkpoint.id, scope="files", conflicts="keep"
        )
        assert report.kept == ()
    for _ in range(6):
        await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
    assert stage.tree() == there


async def test_diffs_come_from_what_is_kept(stage: Scene) -> None:
    stage.write("text", "one\ntwo\n")
    stage.write("binary", b"\0\1")
    run = await stage.run()
    await run.step("echo three >> text; printf '\\0\\2' > binary; echo x > new; mkdir d; ln -s new l")
    await run.step("echo four >> text; rm new; head -c 2000000 /dev/zero > large")
    await run.end()
    start, first, _ = await stage.list()

    async def diffs(checkpoint: Checkpoint, against: Against) -> dict[str, tuple[object, str | None]]:
        found = await page(stage.parts, checkpoint, against, cursor=None, limit=50, context=0)
        return {
            item.change.path.decode(): (
                item.diff.verdict if item.diff else None,
                item.diff.text if item.diff else None,
            )
            for item in found.items
        }

    step = await diffs(first, "before")
    assert step["text"] == ("changed", "--- a/text\n+++ b/text\n@@ -2,0 +3 @@\n+three\n")
    assert step["new"] == ("added", "--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+x\n")
    assert step["binary"] == ("changed", "")
    assert step["d"] == step["l"] == (None, None)
    since = await diffs(start, "now")
    assert since["text"][1] == "--- a/text\n+++ b/text\n@@ -2,0 +3,2 @@\n+three\n+four\n"
    assert "new" not in since
    assert since["large"] == (None, None)
    assert await diffs(start, "before") == {}
    one = await page(stage.parts, start, "now", cursor=None, limit=2, context=0)
    rest = await page(stage.parts, start, "now", cursor=one.next_cursor, limit=50, context=0)
    assert [item.change.path.decode() for item in (*one.items, *rest.items)] == sorted(since)
    with pytest.raises(Failure, match="no cursor"):
        await page(stage.parts, start, "now", cursor="€", limit=2, context=0)
