"""Going back: the agent's changes are taken back, other people's stay, and all of it can be undone."""

from __future__ import annotations

import pytest

from journeyman.checkpoint.rewinding import Report
from journeyman.failures import Failure
from unit.checkpoint.scene import Scene


async def restore(stage: Scene, n: int, *, scope: str = "files", conflicts: str = "keep") -> Report:
    """Go back to the checkpoint at this place in the list; what the preview said is what was done."""
    checkpoint = (await stage.list())[n]
    how = {"scope": scope, "conflicts": conflicts}
    said = await stage.checkpoints.preview(stage.chat.id, checkpoint.id, **how)  # type: ignore[arg-type]
    done = await stage.checkpoints.restore(stage.chat.id, checkpoint.id, **how)  # type: ignore[arg-type]
    assert (said.items, said.kept) == (done.items, done.kept)
    assert (said.turned.hidden, said.turned.shown) == (done.turned.hidden, done.turned.shown)
    return done


def why(report: Report) -> dict[str, str]:
    return {each.path.decode(): each.why for each in report.kept}


async def test_a_checkpoint_after_each_step_that_changed_something(stage: Scene) -> None:
    stage.write("mine", "mine")
    run = await stage.run()
    await run.step("echo one > a; mkdir d; ln -s a l")
    await run.step("true")
    await run.step("echo two > a; rm l; chmod 750 d")
    await run.end()
    found = await stage.list()
    assert [(each.kind, each.files) for each in found] == [("start", 0), ("step", 3), ("step", 3)]
    made = [e.data for e in await stage.store.events.read(stage.chat.id, after=0)]
    assert [each["paths"] for each in made] == [[], ["a", "d", "l"], ["a", "d", "l"]]
    assert stage.warnings == []


async def test_back_to_each_state_and_forward_again(stage: Scene) -> None:
    stage.write("mine", "mine")
    trees = [stage.tree()]
    run = await stage.run()
    for script in (
        "echo one > a; mkdir -p d/e; echo x > d/e/x; ln -s a l; chmod 755 a",
        "echo two > a; rm -r d; echo file > d; rm l; ln -s nowhere l",
        "rm a d l; mkdir l; printf '\\0\\377' > l/binary; echo mine too >> mine; chmod 600 mine",
    ):
        await run.step(script)
        trees.append(stage.tree())
    await run.end()
    for n in (3, 0, 2, 1, 3, 1, 0, 3):
        report = await restore(stage, n)
        assert report.kept == ()
        assert stage.tree() == trees[n], n
    again = await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
    assert again.kept == ()
    assert stage.tree() == trees[0]
    await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
    assert stage.tree() == trees[1]


async def test_what_others_made_or_changed_stays(stage: Scene) -> None:
    run = await stage.run()
    await run.step("mkdir d; echo agent > d/agent; echo agent > shared; echo agent > gone")
    await run.end()
    stage.write("d/mine", "mine")
    stage.write("shared", "mine now")
    (stage.files / "gone").unlink()
    stage.write("own/file", "mine")
    report = await restore(stage, 0)
    assert why(report) == {"d": "not_empty", "shared": "changed"}
    assert {p: c for p, (k, _, c) in stage.tree().items() if k == "file"} == {
        "d/mine": b"mine",
        "shared": b"mine now",
        "own/file": b"mine",
    }


async def test_what_the_agent_moved_away_from_a_place_that_is_taken_now_stays(stage: Scene) -> None:
    stage.write("mine", "mine")
    run = await stage.run()
    await run.step("mv mine elsewhere; echo x > other")
    await run.end()
    stage.write("mine", "a new one")
    report = await restore(stage, 0)
    assert why(report) == {"elsewhere": "changed", "mine": "changed"}
    assert {path: content for path, (_, _, content) in stage.tree().items()} == {
        "elsewhere": b"mine",
        "mine": b"a new one",
    }


async def test_overwriting_is_asked_for_and_can_be_undone(stage: Scene) -> None:
    stage.write("shared", "before")
    run = await stage.run()
    await run.step("echo agent > shared; mkdir d; echo agent > d/agent")
    await run.end()
    stage.write("shared", "mine now")
    stage.write("d/mine", "mine")
    there = stage.tree()
    report = await restore(stage, 0, conflicts="overwrite")
    assert why(report) == {"d": "not_empty"}
    assert stage.tree()["shared"][2] == b"before"
    assert stage.tree()["d/mine"][2] == b"mine"
    await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
    assert stage.tree() == there


async def test_changes_between_steps_are_somebody_elses(stage: Scene) -> None:
    stage.write("f", "0")
    run = await stage.run()
    await run.step("echo 1 > f")
    await run.step("echo 1 > g")
    await stage.idle()
    stage.write("f", "mine")  # on top of the agent's
    stage.write("h", "mine")
    await run.step("echo more >> f; echo 1 > i")
    await run.end()
    assert [each.files for each in await stage.list()] == [0, 1, 1, 2]
    report = await restore(stage, 0)
    assert why(report) == {"f": "changed"}
    assert stage.tree()["f"][2] == b"minemore\n"
    assert set(stage.tree()) == {"f", "h"}
    await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
    report = await restore(stage, 2)  # back to where only the agent wrote on top of it
    assert why(report) == {}
    assert stage.tree()["f"][2] == b"mine"


async def test_commands_of_the_run_may_go_on_between_steps(stage: Scene) -> None:
    run = await stage.run()
    run.at_work = True
    await run.step("echo 1 > a")
    await run.step("true")
    await stage.idle()
    stage.write("log", "written by what the agent left running")
    await run.step("echo 2 > a")
    run.at_work = False
    await run.end()
    await restore(stage, 0)
    assert stage.tree() == {}


async def test_while_others_are_at_work_it_may_be_theirs(stage: Scene) -> None:
    project = stage.chat.project_id
    run = await stage.run()

    def with_a_command_of_theirs() -> None:
        stage.manager.outsiders.command(project)
        stage.write("built", "by whom?")
        stage.write("named", "by the agent's write")

    await run.step(with_a_command_of_theirs, named=("named",))

    def while_they_save() -> None:
        stage.manager.outsiders.file(project, "/workspace/saved")
        stage.write("saved", "theirs")
        stage.write("other", "the agent's")

    await run.step(while_they_save)
    await run.end()
    report = await restore(stage, 0)
    assert why(report) == {"built": "changed", "saved": "changed"}
    assert set(stage.tree()) == {"built", "saved"}


async def test_what_is_too_large_is_named_and_left(stage: Scene) -> None:
    big = b"x" * (2 * 1024 * 1024)
    stage.write("was", big)
    run = await stage.run()
    await run.step("echo small > was; head -c 3000000 /dev/zero > made; echo y > small")
    await run.end()
    report = await restore(stage, 0, conflicts="overwrite")
    assert why(report) == {"made": "too_large", "was": "too_large"}
    assert set(stage.tree()) == {"made", "was"}


async def test_hostile_names_links_and_kinds(stage: Scene) -> None:
    outside = stage.root / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    before = stage.tree()
    run = await stage.run()
    await run.step(
        "printf x > $'new\\nline'; printf x > $'\\xff\\xfe'; mkdir -- '-rf'; printf x > '-rf/ * '; "
        f"ln -s {outside} out; ln -s ../../../.. up; ln -s loop loop; mkfifo pipe; mkdir deep; "
        "cd deep; for i in {1..60}; do mkdir d; cd d; done; echo bottom > f"
    )
    after = stage.tree()
    await run.step(f"rm out; mkdir out; echo x > out/secret; rm -r deep; ln -s {outside} deep")
    last = stage.tree()
    await run.end()
    await restore(stage, 1)
    assert stage.tree() == after
    await restore(stage, 2)
    assert stage.tree() == last
    report = await restore(stage, 0)
    assert report.kept == ()
    (stage.files / "pipe").unlink()  # neither file, directory nor link: nobody's business
    assert stage.tree() == before
    assert (outside / "secret").read_text() == "secret"


async def test_a_link_on_the_way_is_not_followed(stage: Scene) -> None:
    run = await stage.run()
    await run.step("mkdir d; echo agent > d/f")
    await run.end()
    outside = stage.root / "outside"
    outside.mkdir()
    (outside / "f").write_text("agent\n")
    (stage.files / "d" / "f").unlink()
    (stage.files / "d").rmdir()
    (stage.files / "d").symlink_to(outside)
    for conflicts in ("keep", "overwrite"):
        report = await restore(stage, 0, conflicts=conflicts)
        assert (outside / "f").read_text() == "agent\n"
    assert why(report) == {}
    assert stage.tree() == {}


async def test_git_objects_are_only_added_to(stage: Scene) -> None:
    run = await stage.run()
    await run.step(
        "git init -q . && git config user.email a@b && git config user.name n && echo 1 > f && git add f"
        " && git commit -qm one"
    )
    before = await stage.guest.run(["git", "rev-parse", "HEAD"])
    await run.step("echo 2 > f && git commit -qam two && git gc -q --prune=now")
    await run.end()
    await stage.guest.run(["git", "branch", "mine"])  # somebody builds on the agent's commit
    report = await restore(stage, 1)
    now = await stage.guest.run(["git", "rev-parse", "HEAD"])
    assert now.output == before.output
    assert stage.tree()["f"][2] == b"1\n"
    assert ".git/refs/heads/mine" in stage.tree()
    checked = await stage.guest.run(["git", "fsck", "--strict"])
    assert checked.code == 0, checked.output
    clean = await stage.guest.run(["git", "status", "--porcelain"])
    assert clean.output == b"", (clean.output, why(report))


async def test_busy_while_a_run_is_on(stage: Scene) -> None:
    run = await stage.run()
    await run.step("echo 1 > a")
    with pytest.raises(Failure) as raised:
        await restore(stage, 0)
    assert raised.value.kind == "busy"
    await run.end()
    await restore(stage, 0)


async def test_undo_without_a_rewind_is_refused(stage: Scene) -> None:
    with pytest.raises(Failure) as raised:
        await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
    assert raised.value.kind == "not_found"


async def test_a_failed_look_does_not_fail_the_run_and_is_made_up_for(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.run()
    await run.step("echo 1 > a")
    await run.recorder.before_change()
    run.recorder.after_step("", "", ())
    await stage.idle()

    async def full(key: str, data: bytes) -> object:
        raise Failure("disk_full", "There is no space left for archives.")

    with monkeypatch.context() as patch:
        patch.setattr(stage.parts.objects, "create", full)
        await run.step("echo 2 > b")
        await stage.idle()
    await run.step("echo 3 > c")
    await run.end()
    assert stage.warnings == ["A checkpoint could not be made. There is no space left for archives."]
    await restore(stage, 1)
    assert set(stage.tree()) == {"a"}
