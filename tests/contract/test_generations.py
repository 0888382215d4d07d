"""The private directories that hold workspace files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from journeyman.adapters.generations import LocalGenerations, workspace_uid
from journeyman.failures import Failure
from journeyman.testing.clock import FakeClock

P = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def generations(tmp_path: Path, clock: FakeClock) -> LocalGenerations:
    return LocalGenerations(tmp_path / "data", clock=clock)


async def test_only_complete_generations_are_current(generations: LocalGenerations) -> None:
    assert await generations.current(P) is None
    assert await generations.projects() == ()
    first, files = await generations.prepare(P)
    assert (first, list(files.iterdir())) == (1, [])
    assert await generations.current(P) is None
    assert await generations.projects() == (P,)
    await generations.commit(P, first)
    assert await generations.current(P) == (1, files)
    second, _ = await generations.prepare(P)
    assert second == 2
    assert await generations.current(P) == (1, files)
    await generations.commit(P, second)
    assert await generations.current(P) == (2, await generations.path(P, 2))


async def test_a_new_daemon_sees_the_same(generations: LocalGenerations, tmp_path: Path) -> None:
    number, files = await generations.prepare(P)
    await generations.commit(P, number)
    (files / "complete").write_text("a workspace cannot mark anything")
    again = LocalGenerations(tmp_path / "data")
    assert await again.current(P) == (number, files)


async def test_directories_are_private_and_the_workspace_users(generations: LocalGenerations) -> None:
    _, files = await generations.prepare(P)
    for directory in (files, files.parent, files.parent.parent):
        assert directory.stat().st_mode & 0o077 == 0
    assert files.stat().st_uid == workspace_uid(None)


async def test_trash_is_kept_for_its_grace_and_then_purged(
    generations: LocalGenerations, clock: FakeClock, tmp_path: Path
) -> None:
    number, files = await generations.prepare(P)
    await generations.commit(P, number)
    (files / "kept").write_text("until purged")
    await generations.discard(P, number)
    await generations.discard(P, number)
    assert await generations.current(P) is None
    assert await generations.projects() == ()
    await clock.advance(99)
    assert await generations.purge(older_than_s=100) == 0
    assert len(list((tmp_path / "data" / "trash").rglob("kept"))) == 1
    await clock.advance(2)
    assert await generations.purge(older_than_s=100) == 1
    assert list((tmp_path / "data" / "trash").iterdir()) == []


async def test_numbers_are_never_used_twice(generations: LocalGenerations) -> None:
    for expected in (1, 2, 3):
        number, _ = await generations.prepare(P)
        assert number == expected
        await generations.discard(P, number)


async def test_purging_a_hostile_tree_leaves_the_rest_alone(
    generations: LocalGenerations, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("1")
    number, files = await generations.prepare(P)
    (files / "link").symlink_to(outside)
    (files / "locked").mkdir()
    (files / "locked" / "f").write_text("x")
    (files / "locked").chmod(0)
    deep = os.open(files, os.O_RDONLY)
    for _ in range(2000):
        os.mkdir("d", dir_fd=deep)
        below = os.open("d", os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)
    await generations.discard(P, number)
    assert await generations.purge(older_than_s=0) == 1
    assert (outside / "precious").read_text() == "1"


@pytest.mark.parametrize("project", ["", ".", "..", "../x", "a/b", "a.b", "x" * 200, "nul\0"])
async def test_a_project_id_is_never_a_path(generations: LocalGenerations, project: str) -> None:
    with pytest.raises(Failure) as refused:
        await generations.prepare(project)
    assert refused.value.kind == "invalid"


async def test_committing_what_is_not_there_is_refused(generations: LocalGenerations) -> None:
    with pytest.raises(Failure) as refused:
        await generations.commit(P, 7)
    assert refused.value.kind == "workspace_failed"
