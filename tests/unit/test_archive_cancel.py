"""An archive can be cancelled at every await until the pointer moves; from there it runs to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from components.archive_kit import PROJECT, Kit, fill, snapshot
from journeyman.failures import Failure
from journeyman.testing.objects import ObjectCall
from journeyman.workspace.archive.outcomes import ArchiveOutcome
from journeyman.workspace.archive.workers import to_the_end


class Stops:
    """Every place where an archive waits for somebody: the store, the guest, the journal. At the one
    numbered `at` it says so and waits for ever (or until let go)."""

    def __init__(self, kit: Kit, at: int) -> None:
        self.kit, self.at = kit, at
        self.names: list[str] = []
        self.reached, self.go = asyncio.Event(), asyncio.Event()
        self.guest = kit.guest()
        self.guest.hook = lambda call: self.stop(f"guest {call}")
        kit.memory.hook = self._store

    async def _store(self, call: ObjectCall) -> None:
        await self.stop(f"{call.name} {call.stage}")

    async def journal(self, step: str) -> None:
        await self.stop(f"journal {step}")

    async def stop(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self.at:
            self.reached.set()
            await self.go.wait()

    def archive(self) -> Awaitable[ArchiveOutcome]:
        return self.kit.engine.archive(PROJECT, self.guest.as_guest(), epoch=1, journal=self.journal)


def _kit(base: Path) -> Kit:
    base.mkdir()
    kit = Kit(base)
    (kit.source / "a").write_text("1")
    (kit.source / "d").mkdir()
    (kit.source / "d" / "b").write_text("2")
    return kit


async def _second(base: Path) -> tuple[Kit, ArchiveOutcome, dict[bytes, tuple[object, ...]]]:
    kit = _kit(base)
    first, tree = await kit.archive(), snapshot(kit.source)
    (kit.source / "a").write_text("changed")
    return kit, first, tree


async def _stops(base: Path) -> list[str]:
    kit, _, _ = await _second(base)
    stops = Stops(kit, at=0)
    await stops.archive()
    return stops.names


async def test_cancelled_at_every_stop_before_the_pointer(tmp_path: Path) -> None:
    names = await _stops(tmp_path / "count")
    swap = names.index("replace before")
    assert swap > 15
    for at in range(1, swap + 1):
        kit, first, tree = await _second(tmp_path / f"{at}")
        stops = Stops(kit, at)
        task = asyncio.ensure_future(stops.archive())
        await stops.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        kit.memory.heal()
        newest = await kit.engine.newest(PROJECT)
        assert newest is not None
        assert newest.archive_id == first.archive_id, names[at - 1]
        assert snapshot((await kit.restore())[1]) == tree
        again = await kit.archive()
        assert (again.seq, (await kit.engine.verify(PROJECT, read_data=True)).ok) == (2, True)


async def test_cancelled_while_the_pointer_moves_it_completes(tmp_path: Path) -> None:
    names = await _stops(tmp_path / "count")
    swap = names.index("replace before")
    assert names[swap:] == ["replace before", "replace after", "journal pointer_moved"]
    for at in range(swap + 1, len(names) + 1):
        kit, _, _ = await _second(tmp_path / f"{at}")
        stops = Stops(kit, at)
        task = asyncio.ensure_future(stops.archive())
        await stops.reached.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        stops.go.set()
        outcome = await task
        assert not task.cancelling()
        kit.memory.heal()
        newest = await kit.engine.newest(PROJECT)
        assert newest is not None
        assert newest.archive_id == outcome.archive_id
        assert stops.names[-1] == "journal pointer_moved"


@pytest.mark.parametrize("call", ["begin", "add", "data", "finish", "scan", "read"])
async def test_a_cancelled_restore_is_given_up(tmp_path: Path, call: str) -> None:
    kit = Kit(tmp_path)
    fill(kit.source)
    await kit.archive()
    reached = asyncio.Event()

    async def hold(name: str) -> None:
        if name == call:
            reached.set()
            await asyncio.Event().wait()

    into = kit.target()
    into.hook = hold
    task = asyncio.ensure_future(kit.restore(into=into))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert into.aborted == (call in ("add", "data", "finish"))


@pytest.mark.parametrize("call", ["begin", "add", "data", "finish", "scan", "read"])
async def test_a_guest_that_fails_during_a_restore(tmp_path: Path, call: str) -> None:
    kit = Kit(tmp_path)
    fill(kit.source)
    await kit.archive()

    async def fail(name: str) -> None:
        if name == call:
            raise Failure("workspace_failed", "Gone.", hint="Again.", retryable=True)

    into = kit.target()
    into.hook = fail
    with pytest.raises(Failure) as caught:
        await kit.restore(into=into)
    assert caught.value.kind == "workspace_failed"


async def test_what_runs_to_the_end_still_fails_as_itself() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise Failure("conflict", "No.", hint="Look.")

    with pytest.raises(Failure, match="No"):
        await to_the_end(fails())
    me = asyncio.current_task()
    assert me is not None
    assert me.cancelling() == 0
    runner: Callable[[], Awaitable[None]] = lambda: to_the_end(fails())  # noqa: E731
    task = asyncio.ensure_future(runner())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(Failure, match="No"):
        await task
