"""A rewind that breaks off anywhere is finished before anybody gets the workspace; what others did stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from journeyman import failpoints
from journeyman.failures import Failure
from unit.checkpoint.scene import Scene

POINTS = ["rewind.decided", "rewind.removed", "rewind.files_done", "rewind.concluded"]


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


async def broken_off(stage: Scene, point: str, scope: str = "both") -> tuple[object, object]:
    """A rewind to the start that breaks off at `point`; answers the tree before the run and after it."""
    stage.write("was", "before")
    stage.write("gone", "before")
    before = stage.tree()
    run = await stage.run()
    await run.step("echo agent > was; rm gone; mkdir d; echo x > d/x; ln -s d l")
    await run.end()
    there = stage.tree()
    checkpoint = (await stage.list())[0]
    failpoints.arm(f"{point}=raise")
    with pytest.raises(Failure) as raised:
        await stage.checkpoints.restore(stage.chat.id, checkpoint.id, scope=scope, conflicts="keep")  # type: ignore[arg-type]
    assert "armed" in raised.value.message
    failpoints.arm("")
    return before, there


@pytest.mark.parametrize("point", POINTS)
async def test_the_next_daemon_finishes_it(stage: Scene, point: str) -> None:
    before, there = await broken_off(stage, point)
    await stage.again().recover()
    await stage.manager.acquire(stage.chat.project_id, holder="client")
    assert stage.tree() == before
    assert await stage.texts() == []
    assert await stage.store.checkpoints.open_rewinds() == ()
    await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
    assert stage.tree() == there
    assert len(await stage.texts()) == 3


@pytest.mark.parametrize("point", POINTS)
async def test_the_same_daemon_finishes_it(stage: Scene, point: str) -> None:
    before, there = await broken_off(stage, point)
    await stage.manager.acquire(stage.chat.project_id, holder="client")
    assert stage.tree() == before
    await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
    assert stage.tree() == there


async def test_what_somebody_changed_before_it_was_finished_stays(stage: Scene) -> None:
    await broken_off(stage, "rewind.decided")
    stage.write("was", "mine now")
    stage.write("d/mine", "mine")
    await stage.again().recover()
    await stage.manager.acquire(stage.chat.project_id, holder="client")
    files = {path: content for path, (kind, _, content) in stage.tree().items() if kind == "file"}
    assert files == {"was": b"mine now", "gone": b"before", "d/mine": b"mine"}
    told = [e.data for e in await stage.store.events.read(stage.chat.id, after=0)][-1]
    assert {each["path"]: each["why"] for each in told["kept"]} == {"d": "not_empty", "was": "changed"}


async def test_a_conversation_alone_needs_no_workspace(stage: Scene) -> None:
    await broken_off(stage, "rewind.decided", "conversation")
    await stage.again().recover()
    assert await stage.texts() == []
    assert await stage.store.checkpoints.open_rewinds() == ()


async def test_a_chat_that_was_deleted_meanwhile_is_no_hindrance(stage: Scene) -> None:
    _, there = await broken_off(stage, "rewind.decided")
    checkpoints = stage.again()
    await checkpoints.recover()
    await stage.store.chats.delete(stage.chat.id)
    await stage.manager.acquire(stage.chat.project_id, holder="client")
    assert stage.tree() == there


async def test_content_that_is_lost_is_named_and_the_rest_is_done(stage: Scene) -> None:
    _, there = await broken_off(stage, "rewind.decided")
    for pack in (stage.root / "checkpoints" / "p" / stage.chat.project_id / "packs").iterdir():
        pack.write_bytes(pack.read_bytes()[:-1])
    await stage.again().recover()
    await stage.manager.acquire(stage.chat.project_id, holder="client")
    assert "d" not in stage.tree()
    assert stage.tree()["was"] == there["was"]  # type: ignore[index]
    told = [e.data for e in await stage.store.events.read(stage.chat.id, after=0)][-1]
    assert {each["path"]: each["why"] for each in told["kept"]} == {"gone": "failed", "was": "failed"}
