"""The lease on a project's workspace: one holder, a growing epoch, and a way back after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.store_records import workspace
from journeyman.adapters.sqlite import SqliteStore
from journeyman.failures import Failure
from journeyman.ports.store import WorkspaceStore
from journeyman.testing.clock import FakeClock


@pytest.fixture
async def rows(tmp_path: Path) -> AsyncIterator[WorkspaceStore]:
    store = await SqliteStore.open(tmp_path / "journeyman.db", clock=FakeClock())
    yield store.workspaces
    await store.close()


async def test_a_lease_makes_the_row_and_counts_the_epoch(rows: WorkspaceStore) -> None:
    first = await rows.lease("p1", "run")
    assert (first.epoch, first.lease, first.state, first.generation) == (1, "run", "cold", 0)
    assert await rows.get("p1") == first
    await rows.unlease("p1", 1)
    second = await rows.lease("p1", "archive")
    assert (second.epoch, second.lease) == (2, "archive")


@pytest.mark.parametrize("holder", ["run", "archive", "restore", "close"])
async def test_a_held_project_is_busy_and_stays_as_it_is(rows: WorkspaceStore, holder: str) -> None:
    held = await rows.lease("p1", "run")
    with pytest.raises(Failure) as caught:
        await rows.lease("p1", holder)
    assert (caught.value.kind, caught.value.retryable) == ("busy", True)
    assert await rows.get("p1") == held


async def test_of_many_at_once_one_gets_the_lease(rows: WorkspaceStore) -> None:
    answers = await asyncio.gather(*[rows.lease("p1", "run") for _ in range(50)], return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1


async def test_a_lease_keeps_the_rest_of_the_row(rows: WorkspaceStore) -> None:
    await rows.put(workspace(epoch=7, journal="pointer moved", archive_id="a1"))
    taken = await rows.lease("p1", "restore")
    assert replace(taken, updated_at=workspace().updated_at) == workspace(
        epoch=8, journal="pointer moved", archive_id="a1", lease="restore"
    )


async def test_whoever_lost_the_lease_changes_nothing(rows: WorkspaceStore) -> None:
    old = await rows.lease("p1", "archive")
    assert await rows.break_leases() == (old,)
    new = await rows.lease("p1", "run")
    assert new.epoch == old.epoch + 2
    await rows.unlease("p1", old.epoch)
    with pytest.raises(Failure) as caught:
        await rows.put(replace(old, state="archived"), epoch=old.epoch)
    assert caught.value.kind == "conflict"
    assert await rows.get("p1") == new


async def test_leases_of_a_dead_daemon_are_broken_once(rows: WorkspaceStore) -> None:
    held = [await rows.lease(name, "run") for name in ("p1", "p2")]
    free = workspace("p3")
    await rows.put(free)
    assert await rows.break_leases() == tuple(held)
    assert await rows.break_leases() == ()
    assert [row.lease for row in await rows.list()] == [None, None, None]
    assert await rows.get("p3") == free


async def test_put_with_an_epoch_needs_a_row(rows: WorkspaceStore) -> None:
    with pytest.raises(Failure) as caught:
        await rows.put(workspace(), epoch=1)
    assert caught.value.kind == "conflict"
    assert await rows.get("p1") is None
    await rows.put(workspace())
    await rows.put(workspace(state="idle"), epoch=1)
    assert await rows.get("p1") == workspace(state="idle")
    await rows.delete("p1")
    await rows.delete("p1")
    assert await rows.list() == ()
