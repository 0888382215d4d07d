"""Any order of what an agent and others do: going back and undoing it give the exact trees, and nothing of
the others is lost. `make prove` tries many more."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from unit.checkpoint.scene import Scene, Tree, scene

EXAMPLES = int(os.environ.get("JOURNEYMAN_TEST_REWINDS", "6"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Making a failure smaller takes minutes here."""
NAMES = ["a", "b", "d", "d/x", "d/y", "d/e/z", "l"]

action = st.tuples(
    st.sampled_from(["write", "write", "remove", "mkdir", "link", "mode", "move"]),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    st.integers(0, 5),
)
agent = st.tuples(st.just("agent"), st.lists(action, min_size=1, max_size=4))
WHICH = st.integers(0, 99)
"""Not from the list: how many there are is not the same each time, and what Hypothesis draws must be."""
other = st.tuples(st.just("other"), st.lists(action, min_size=1, max_size=3))


def act(top: Path, who: str, actions: list[tuple[str, str, str, int]]) -> None:
    for kind, one, two, number in actions:
        path = top / one
        try:
            if kind == "write":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(f"{who} {number}".encode() * (1 + number * 20))
            elif kind == "remove":
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            elif kind == "mkdir":
                path.mkdir(parents=True)
            elif kind == "link":
                path.symlink_to(two)
            elif kind == "mode":
                path.chmod((0o755, 0o700, 0o750)[number % 3])
            else:
                os.rename(path, top / two)
        except OSError:
            continue


async def play(stage: Scene, story: list[tuple[str, list[tuple[str, str, str, int]]]]) -> None:
    run = await stage.run()
    for who, actions in story:
        if who == "agent":
            await run.step(lambda actions=actions: act(stage.files, "agent", actions))
        await stage.idle()
        if who == "other":
            act(stage.files, "other", actions)
    await run.end()
    assert stage.warnings == []


def theirs(tree: Tree) -> set[bytes]:
    """What others wrote, wherever it is: going back may put a file where the agent took it from."""
    return {content for _, _, content in tree.values() if content.startswith(b"other")}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(agent, min_size=1, max_size=5), st.data())
def test_alone_every_state_comes_back_exactly(story: list, data: st.DataObject) -> None:  # type: ignore[type-arg]
    async def played() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with scene(Path(folder)) as stage:
                trees = {0: stage.tree()}
                run = await stage.run()
                for _, actions in story:
                    await run.step(lambda actions=actions: act(stage.files, "agent", actions))
                    await stage.idle()
                    trees[(await stage.list())[-1].n] = stage.tree()
                await run.end()
                checkpoints = await stage.list()
                trees[checkpoints[0].n] = trees.pop(0)
                for _ in range(3):
                    chosen = checkpoints[data.draw(WHICH) % len(checkpoints)]
                    before = stage.tree()
                    report = await stage.checkpoints.restore(
                        stage.chat.id, chosen.id, scope="files", conflicts="keep"
                    )
                    assert report.kept == ()
                    assert stage.tree() == trees[chosen.n]
                    if data.draw(st.booleans()):
                        await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
                        assert stage.tree() == before

    _run(played)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(agent | other, min_size=1, max_size=7), st.sampled_from(["keep", "overwrite"]), st.data())
def test_others_lose_nothing(story: list, conflicts: str, data: st.DataObject) -> None:  # type: ignore[type-arg]
    async def played() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with scene(Path(folder)) as stage:
                await play(stage, story)
                there = stage.tree()
                checkpoints = await stage.list()
                chosen = checkpoints[data.draw(WHICH) % len(checkpoints)]
                how = {"scope": "files", "conflicts": conflicts}
                said = await stage.checkpoints.preview(stage.chat.id, chosen.id, **how)  # type: ignore[arg-type]
                assert stage.tree() == there
                done = await stage.checkpoints.restore(stage.chat.id, chosen.id, **how)  # type: ignore[arg-type]
                assert (said.items, said.kept) == (done.items, done.kept)
                if conflicts == "keep":
                    assert theirs(there) <= theirs(stage.tree())
                await stage.checkpoints.undo(stage.chat.id, conflicts="keep")
                assert stage.tree() == there

    _run(played)


def _run(work) -> None:  # type: ignore[no-untyped-def]
    import asyncio

    asyncio.run(work())
