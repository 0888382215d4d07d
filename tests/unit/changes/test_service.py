"""Deciding on changes: the workspace and the baseline are what was decided, and nothing else is touched."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeyman import failpoints
from journeyman.changed import HunkDecision
from journeyman.checkpoint import thinning
from journeyman.failures import Failure
from journeyman.records import Run as StoredRun
from unit.changes.review import Review
from unit.checkpoint.scene import MIB, Scene, scene

LONG = [f"line {n}\n" for n in range(60)]


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


def numbered(**at: str) -> str:
    lines = dict(enumerate(LONG))
    lines.update({int(number[1:]): text for number, text in at.items()})
    return "".join(lines.values())


def stored_run(stage: Scene, ident: str = "r", chat_id: str | None = None) -> StoredRun:
    return StoredRun(
        ident, chat_id or stage.chat.id, stage.chat.project_id, None, "x", "execute", None, "running",
        stage.parts.clock.now(),
    )  # fmt: skip


async def test_what_commands_changed_is_one_diff_against_what_was_there_before(review: Review) -> None:
    stage = review.stage
    stage.write("long", numbered())
    stage.write("gone", "bye\n")
    stage.write("mine", "mine\n")
    await review.did("sed -i 's/line 5$/five/' long; rm gone; echo new > new; mkdir -p d; chmod 755 mine")
    stage.write("mine", "mine, and more\n")  # not the agent's
    await review.did(
        "sed -i 's/^five/FIVE/; s/line 40$/forty/' long; rm new; echo x > d/x; printf '\\0' > bin"
    )
    shown = [(each.hunk.path.decode(), each.hunk.kind, each.text) for each in await review.items()]
    context = "".join(f" line {n}\n" for n in (2, 3, 4))
    assert shown[2:] == [
        ("gone", "deleted", "@@ -1,1 +0,0 @@\n-bye\n"),
        (
            "long",
            "edit",
            f"@@ -3,7 +3,7 @@\n{context}-line 5\n+FIVE\n line 6\n line 7\n line 8\n",
        ),
        (
            "long",
            "edit",
            "@@ -38,7 +38,7 @@\n line 37\n line 38\n line 39\n"
            "-line 40\n+forty\n line 41\n line 42\n line 43\n",
        ),
        ("mine", "mode", None),
    ]
    assert shown[:2] == [("bin", "created", None), ("d/x", "created", "@@ -0,0 +1,1 @@\n+x\n")]


async def test_accepting_moves_the_baseline_and_touches_no_file(review: Review) -> None:
    stage = review.stage
    stage.write("long", numbered())
    await review.did(lambda: stage.write("long", numbered(_5="five\n", _40="forty\n")))
    there = stage.tree()
    first, second = await review.ids()
    assert await review.accept(first) == ["accepted"]
    assert await review.ids() == [second]
    await review.did(lambda: stage.write("long", numbered(_5="FIVE\n", _40="forty\n")))
    after = await review.items()
    assert after[0].text is not None
    assert "-five\n+FIVE\n" in after[0].text
    assert [each.hunk.id for each in after[1:]] == [second]
    assert stage.tree() == {**there, "long": stage.tree()["long"]}
    assert await review.reject(after[0].hunk.id, second) == ["rejected", "rejected"]
    assert review.text("long") == numbered(_5="five\n")
    assert await review.ids() == []


async def test_rejecting_takes_back_exactly_the_chosen(review: Review) -> None:
    stage = review.stage
    stage.write("long", numbered())
    stage.write("crlf", b"a\r\nb\r\nc")
    stage.write("run.sh", "#!/bin/sh\n")
    stage.write("old/name", "the same content\n")
    stage.write("bin", b"\0before")
    os.symlink("bin", stage.files / "link")
    before = stage.tree()
    await review.did(
        "sed -i 's/line 5$/five/; s/line 30$/thirty/' long; printf 'a\\r\\nB\\r\\nc' > crlf;"
        "chmod 755 run.sh; mkdir new; mv old/name new/name; rmdir old; printf '\\0after' > bin;"
        "ln -sfn crlf link; mkdir -p x/y; echo z > x/y/z"
    )
    there = stage.tree()
    assert await review.kinds() == [
        ("bin", "replaced"),
        ("crlf", "edit"),
        ("link", "replaced"),
        ("long", "edit"),
        ("long", "edit"),
        ("new/name", "renamed"),
        ("run.sh", "mode"),
        ("x/y/z", "created"),
    ]
    ids = await review.ids()
    assert await review.reject(ids[3], ids[5]) == ["rejected", "rejected"]
    kept = {path: state for path, state in there.items() if not path.startswith("new") and path != "long"}
    assert stage.tree() == {
        **kept,
        "old": before["old"],
        "old/name": before["old/name"],
        "long": ("file", 0o644, numbered(_30="thirty\n").encode()),
    }
    assert await review.ids() == [ident for ident in ids if ident not in (ids[3], ids[5])]
    rest = await review.ids()
    assert set(await review.reject(*rest)) == {"rejected"}
    assert stage.tree() == before
    assert await review.ids() == []
    undone = await stage.checkpoints.undo(review.chat.id, conflicts="keep")
    assert undone.kept == ()
    assert await review.ids() == rest


async def test_what_somebody_changed_since_stays(review: Review) -> None:
    stage = review.stage
    stage.write("long", numbered())
    stage.write("short", "a\n")
    stage.write("gone", "g\n")
    await review.did(lambda: stage.write("long", numbered(_5="five\n", _40="forty\n")))
    await review.did("echo b > short; rm gone; echo n > new")
    stage.write("long", numbered(_5="five\n", _20="mine\n", _40="forty, and mine\n"))
    stage.write("short", "mine\n")
    stage.write("gone", "mine\n")
    stage.write("new", "mine\n")
    there = stage.tree()
    ids = dict(
        zip([f"{p}{n}" for n, (p, _) in enumerate(await review.kinds())], await review.ids(), strict=True)
    )
    answers = await review.changes.reject(review.chat.id, list(ids.values()))
    assert [each.outcome for each in answers] == ["conflict", "rejected", "conflict", "conflict", "conflict"]
    assert {each.message for each in answers if each.outcome == "conflict"} == {
        "it is not as the agent left it any more"
    }
    expected = numbered(_20="mine\n", _40="forty, and mine\n").encode()
    assert stage.tree() == {**there, "long": ("file", 0o644, expected)}


async def test_the_first_decision_counts_and_a_later_one_is_told(review: Review) -> None:
    stage = review.stage
    stage.write("a", "1\n")
    await review.did("echo 2 > a; echo b > b")
    first, second = await review.ids()
    assert await review.accept(first) == ["accepted"]
    late = await review.changes.reject(review.chat.id, [first, second, "0.0"])
    assert [(each.outcome, each.earlier) for each in late] == [
        ("accepted", True),
        ("rejected", False),
        ("unknown", False),
    ]
    assert review.text("a") == "2\n"
    again = await review.changes.reject(review.chat.id, [second])
    assert [(each.outcome, each.earlier) for each in again] == [("rejected", True)]


async def test_the_same_change_made_again_is_asked_about_again(review: Review) -> None:
    review.stage.write("a", "1\n")
    await review.did("echo 2 > a")
    (ident,) = await review.ids()
    assert await review.reject(ident) == ["rejected"]
    await review.did("echo 2 > a")
    assert await review.ids() == [ident]
    assert await review.reject(ident) == ["rejected"]
    assert review.text("a") == "1\n"


async def test_of_a_run_there_is_what_it_had_a_part_in(review: Review) -> None:
    stage = review.stage
    stage.write("long", numbered())
    first = await review.did(lambda: stage.write("long", numbered(_5="five\n")))
    second = await review.did("sed -i 's/line 40$/forty/' long; echo n > new")
    for ident in (first, second):
        await stage.store.runs.add(stored_run(stage, ident))
    ids = await review.ids()
    assert [each.hunk.id for each in await review.items(run_id=first)] == ids[:1]
    assert [each.hunk.id for each in await review.items(run_id=second)] == ids[1:]
    with pytest.raises(Failure, match="no cursor"):
        await review.changes.list(review.chat.id, cursor="€", limit=2)


async def test_a_rewind_takes_its_changes_off_the_list(review: Review) -> None:
    review.stage.write("a", "1\n")
    await review.did("echo 2 > a; echo x > .git-is-no-directory; mkdir .git; echo hook > .git/HEAD")
    assert [path for path, _ in await review.kinds()] == [".git-is-no-directory", "a"]
    start = (await review.stage.list())[0]
    await review.stage.checkpoints.restore(review.chat.id, start.id, scope="both", conflicts="keep")
    assert await review.ids() == []
    await review.stage.checkpoints.undo(review.chat.id, conflicts="keep")
    assert len(await review.ids()) == 2


async def test_feedback_waits_for_the_model_until_it_was_told(review: Review) -> None:
    review.stage.write("a", "1\n")
    await review.did("echo 2 > a; echo b > b; echo c > c")
    a, b, c = await review.ids()
    await review.accept(c)
    assert await review.notes() == []
    await review.accept(b, feedback="Good, but tell me why.")
    await review.reject(a, feedback="One is enough.")
    review.again()
    assert await review.notes() == [
        "The user accepted your change to b (created).\nThe user says: Good, but tell me why.",
        "The user took back your change to a.\n```diff\n@@ -1,1 +1,1 @@\n-1\n+2\n```\n"
        "The user says: One is enough.",
    ]
    await review.changes.told(review.chat.id, await review.changes.waiting(review.chat.id))
    assert await review.notes() == []


async def test_under_a_run_a_rejection_waits_for_the_end_of_the_step(review: Review) -> None:
    stage = review.stage
    stage.write("a", "1\n")
    run = await stage.run()
    await run.step("echo 2 > a; echo b > b")
    await run.recorder.settled()
    review.running = stored_run(stage, run.id)
    a, b = await review.ids()
    assert await review.reject(a, feedback="No.") == ["rejecting"]
    assert review.text("a") == "2\n"
    assert [each.rejecting for each in await review.items()] == [True, False]
    late = await review.changes.accept(review.chat.id, [a, b])
    assert [(each.outcome, each.earlier) for each in late] == [("rejecting", True), ("accepted", False)]
    await run.recorder.settled()
    await review.changes.settle(review.chat.id, stage.guest)
    assert review.text("a") == "1\n"
    assert await review.ids() == []
    await run.step("echo c > c")
    review.over.set()
    await run.end()
    assert [path for path, _ in await review.kinds()] == ["c"]
    assert len(await review.notes()) == 1
    start = (await stage.list())[0]
    report = await stage.checkpoints.restore(review.chat.id, start.id, scope="files", conflicts="keep")
    assert report.kept == ()
    assert review.text("a") == "1\n"


async def test_what_the_run_changed_before_its_step_ended_is_told_to_it(review: Review) -> None:
    stage = review.stage
    stage.write("a", "1\n")
    run = await stage.run()
    await run.step("echo 2 > a")
    await run.recorder.settled()
    review.running = stored_run(stage, run.id)
    (a,) = await review.ids()
    await review.reject(a, feedback="No.")
    await run.step("echo 3 > a")
    await run.recorder.settled()
    await review.changes.settle(review.chat.id, stage.guest)
    assert review.text("a") == "3\n"
    (note,) = await review.notes()
    assert "wanted to take back, but it was changed since and stays" in note
    assert note.endswith("The user says: No.")
    review.over.set()
    await run.end()


async def test_what_the_last_step_left_waiting_is_done_after_the_run(review: Review) -> None:
    stage = review.stage
    stage.write("a", "1\n")
    run = await stage.run()
    await run.step("echo 2 > a")
    await run.recorder.settled()
    review.running = stored_run(stage, run.id)
    (a,) = await review.ids()
    assert await review.reject(a) == ["rejecting"]
    await run.recorder.close()
    stage.manager.users["run"] -= 1
    review.over.set()
    await stage.idle()
    assert review.text("a") == "1\n"
    assert await review.ids() == []


async def test_under_another_chats_run_nothing_is_taken_back(review: Review) -> None:
    await review.did("echo a > a")
    other = await review.stage.parts.store.chats.get(review.chat.id)
    review.running = stored_run(review.stage, chat_id="another")
    with pytest.raises(Failure) as raised:
        await review.reject(*await review.ids())
    assert raised.value.kind == "busy"
    assert review.text("a") == "a\n"
    assert await review.accept(*await review.ids()) == ["accepted"]
    assert other.id == review.chat.id


@pytest.mark.parametrize(
    "point", ["rewind.decided", "rewind.removed", "rewind.files_done", "rewind.concluded"]
)
async def test_a_rejection_that_breaks_off_is_finished_by_the_next_daemon(review: Review, point: str) -> None:
    stage = review.stage
    stage.write("long", numbered())
    stage.write("gone", "g\n")
    before = stage.tree()
    await review.did("sed -i 's/line 5$/five/; s/line 40$/forty/' long; rm gone; mkdir d; echo n > d/n")
    ids = await review.ids()
    failpoints.arm(f"{point}=raise")
    with pytest.raises(Failure, match="armed"):
        await review.reject(*ids[:3], feedback="No.")
    failpoints.arm("")
    review.again()
    await stage.checkpoints.recover()
    await stage.manager.acquire(review.chat.project_id, holder="client")
    assert stage.tree() == {**before, "long": ("file", 0o644, numbered(_40="forty\n").encode())}
    assert await review.ids() == ids[3:]
    late = await review.changes.accept(review.chat.id, ids)
    assert [(each.outcome, each.earlier) for each in late] == [*[("rejected", True)] * 3, ("accepted", False)]
    assert "The user says: No." in "".join(await review.notes())
    assert await stage.store.checkpoints.open_rewinds() == ()


async def test_no_room_drops_no_baseline_that_is_undecided(tmp_path: Path) -> None:
    async with scene(tmp_path, project_bytes=2 * MIB) as stage:
        review = Review(stage)
        first = os.urandom(400_000)
        stage.write("big", first)
        for _ in range(6):
            await review.did(lambda: stage.write("big", os.urandom(700_000)))
        assert len(await stage.list()) < 12
        assert await review.reject(*await review.ids()) == ["rejected"]
        assert stage.tree()["big"][2] == first


async def test_an_accepted_baseline_survives_collecting(review: Review) -> None:
    stage = review.stage
    stage.write("long", numbered())
    await review.did(lambda: stage.write("long", numbered(_5="five\n", _40="forty\n")))
    first, second = await review.ids()
    await review.accept(first)
    await stage.store.checkpoints.drop([each.id for each in await stage.list()])
    await thinning.collect(stage.parts, review.chat.project_id)
    assert await review.ids() == [second]
    assert await review.reject(second) == ["rejected"]
    assert review.text("long") == numbered(_5="five\n")


async def test_what_is_too_large_to_be_kept_can_be_accepted_only(review: Review) -> None:
    stage = review.stage
    await review.did("head -c 2000000 /dev/urandom > large; echo s > small")
    there = stage.tree()
    large, small = await review.ids()
    answers = await review.changes.reject(review.chat.id, [large, small])
    assert [each.outcome for each in answers] == ["conflict", "rejected"]
    assert stage.tree() == {"large": there["large"]}
    assert await review.accept(large) == ["accepted"]
    assert await review.ids() == []


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_of_decisions_ends_in_what_was_decided(review: Review, seed: int) -> None:
    """Lines that differ from each other, decided one by one, with the agent at work in between."""
    chance = random.Random(seed)
    stage = review.stage
    accepted = numbered()
    stage.write("long", accepted)
    now = [*LONG]
    base = [*LONG]
    for turn in range(6):
        at = chance.randrange(0, 60, 6)
        now[at] = f"turn {turn}\n"
        content = "".join(now)
        await review.did(lambda content=content: stage.write("long", content))
        for listed in await review.items():
            block = listed.hunk.block
            assert block is not None
            place, act = block.old_at, chance.choice(["accept", "reject", "leave"])
            if act == "accept":
                assert await review.accept(listed.hunk.id) == ["accepted"]
                base[place] = now[place]
            elif act == "reject":
                assert await review.reject(listed.hunk.id) == ["rejected"]
                now[place] = base[place]
            assert review.text("long") == "".join(now)
        left = [place for place in range(60) if base[place] != now[place]]
        assert [each.hunk.block.old_at for each in await review.items() if each.hunk.block] == left


async def test_what_waits_is_read_again_only_after_something_was_decided(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    await review.did("echo a > a; echo b > b; echo c > c")
    a, b, c = await review.ids()
    store = review.stage.parts.store.changes
    read, reads = store.waiting, list[str]()

    async def counted(chat_id: str) -> tuple[HunkDecision, ...]:
        reads.append(chat_id)
        return await read(chat_id)

    monkeypatch.setattr(store, "waiting", counted)
    for _ in range(3):
        assert await review.notes() == []
    assert len(reads) == 1
    await review.accept(a, feedback="Good.")
    reads.clear()
    for _ in range(3):
        assert len(await review.notes()) == 1
    assert len(reads) == 3
    await review.changes.told(review.chat.id, await review.changes.waiting(review.chat.id))

    async def overtaken(chat_id: str) -> tuple[HunkDecision, ...]:
        found = await read(chat_id)
        monkeypatch.setattr(store, "waiting", counted)
        await review.accept(b, feedback="Good.")
        return found

    monkeypatch.setattr(store, "waiting", overtaken)
    assert await review.notes() == []
    assert len(await review.notes()) == 1

    async def stored_and_cancelled(*given: object) -> None:
        await decide(*given)  # type: ignore[arg-type]
        raise asyncio.CancelledError

    await review.changes.told(review.chat.id, await review.changes.waiting(review.chat.id))
    assert await review.notes() == []
    decide = store.decide
    monkeypatch.setattr(store, "decide", stored_and_cancelled)
    with pytest.raises(asyncio.CancelledError):
        await review.accept(c, feedback="Good.")
    assert len(await review.notes()) == 1
