"""Links swapped while the guest works never make it read, tell of, or write what lies outside.

On the sandbox without walls: there a slip would reach the machine itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from components.debian import ensure
from components.swapper import ATTRIBUTE, ONLY, PLANTED, furnish, plant, swapping
from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.ports.guest import RestoreEntry
from journeyman.ports.sandbox import InstanceSpec, Limits
from journeyman.testing.sandbox import DirectSandbox

TURNS = int(os.environ.get("JOURNEYMAN_TEST_RACES", "150"))
MOST_TURNS = 100 * TURNS


def turns(enough: Callable[[], bool]) -> Iterator[int]:
    """So many, and more where the other side has hardly had its turn yet."""
    for turn in range(MOST_TURNS):
        if turn >= TURNS and enough():
            return
        yield turn


@pytest.fixture
async def guest(tmp_path: Path) -> AsyncIterator[GuestClient]:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    plant(outside)
    furnish(inside, outside)
    sandbox = DirectSandbox(tmp_path / "run")
    spec = InstanceSpec("race", "race", 1, 1, inside, "", Limits(memory_mb=256, cpus=1.0, pids=64))
    instance = await sandbox.create(spec)
    await sandbox.start(instance.id)
    client = await sandbox.attach(instance.id)
    assert isinstance(client, GuestClient)
    try:
        yield client
    finally:
        await client.close()
        await sandbox.close()


async def _read(guest: GuestClient, turn: int) -> bytes:
    return (await guest.read(("room/f", "deep/room/sub/f", "file")[turn % 3])).data


async def _read_many(guest: GuestClient, _: int) -> bytes:
    paths = [
        b"room/f",
        b"room/sub/f",
        b"deep/room/f",
        b"deep/room/sub/f",
        b"file",
        b"link",
        b"room/" + ONLY.encode(),
    ]
    found = [piece async for piece in guest.read_many(paths * 5)]
    if all(piece.error for piece in found):
        raise Failure("not_found", "nothing was read")
    return b"".join(piece.data for piece in found)


async def _scan(guest: GuestClient, _turn: int) -> bytes:
    told = b""
    for _ in range(10):
        seen = await guest.look(xattrs=True)
        told += seen.records + seen.attributes.replace(ATTRIBUTE.encode(), PLANTED)
    return told


async def _list(guest: GuestClient, turn: int) -> bytes:
    if turn % 2:
        return repr(await guest.list("room")).encode()
    return repr(await guest.entries("deep/room/sub")).encode()


async def _search(guest: GuestClient, turn: int) -> bytes:
    if turn % 2:
        return repr(await guest.glob("**/*")).encode()
    return repr(await guest.grep("inside|PLANTED", path="deep")).encode()


async def _stat(guest: GuestClient, _: int) -> bytes:
    found = await guest.stat(f"room/{ONLY}")
    return b"" if found is None else PLANTED


async def _write(guest: GuestClient, turn: int) -> bytes:
    await guest.write(("room/f", "deep/room/new", "file", "room/sub/f")[turn % 4], b"inside")
    return b""


async def _make(guest: GuestClient, turn: int) -> bytes:
    await guest.make_directory(f"deep/room/made-{turn}")
    return b""


async def _remove(guest: GuestClient, turn: int) -> bytes:
    await guest.write("deep/kept/f", b"inside")
    with contextlib.suppress(Failure):
        await guest.rename("deep/kept", f"deep/room/kept-{turn}")
    await guest.remove(("room/sub", "deep/room/sub", "room/f")[turn % 3])
    return b""


async def _rename(guest: GuestClient, turn: int) -> bytes:
    await guest.write("moving", b"inside")
    if turn % 2:
        await guest.rename("moving", "room/f")
    else:
        await guest.rename(f"room/{ONLY}", "taken")
    return b""


async def _restore(guest: GuestClient, turn: int) -> bytes:
    place = f"deep/room/into-{turn}"
    await guest.make_directory(place)
    lent = await guest.lend_restore(place, blake3()) if turn % 2 else None
    target = lent or await guest.begin_restore(place)
    await target.add(RestoreEntry(b"d", "directory", 0o755, 1))
    for number in range(20):
        await target.add(RestoreEntry(b"d/f%d" % number, "file", 0o644, 1, size=6))
        await target.data(b"d/f%d" % number, b"inside")
    await target.finish()
    return b""


CALLS: list[Callable[[GuestClient, int], Awaitable[bytes]]] = [
    _read, _read_many, _scan, _list, _search, _stat, _write, _make, _remove, _rename, _restore,
]  # fmt: skip
NEVER_ANSWERED = (_stat, _remove)
"""Calls that may well fail at every turn."""


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__.strip("_"))
async def test_swapped_links(
    guest: GuestClient, tmp_path: Path, call: Callable[[GuestClient, int], Awaitable[bytes]]
) -> None:
    if call is _search:
        ensure("rg", "ripgrep")
    await never_told(guest, tmp_path, call)


@pytest.fixture
def without_ripgrep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for program in Path("/usr/bin").iterdir():
        if program.name != "rg":
            (tools / program.name).symlink_to(program)
    monkeypatch.setenv("PATH", str(tools))


async def test_swapped_links_without_ripgrep(
    without_ripgrep: None, guest: GuestClient, tmp_path: Path
) -> None:
    assert (await guest.run(["bash", "-c", "command -v rg"])).code == 1
    await never_told(guest, tmp_path, _search)


async def never_told(
    guest: GuestClient, tmp_path: Path, call: Callable[[GuestClient, int], Awaitable[bytes]]
) -> None:
    """What lies outside, at any turn; and that it is answered at some."""
    answered: list[int] = []
    broken: list[str] = []
    async with swapping(guest, tmp_path / "inside", tmp_path / "outside") as enough:
        for turn in turns(lambda: enough() and bool(answered or call in NEVER_ANSWERED)):
            try:
                told = await call(guest, turn)
            except Failure as failure:
                if failure.kind in ("internal", "workspace_failed"):
                    broken.append(failure.message)
                continue
            answered.append(turn)
            assert PLANTED not in told
            assert ONLY.encode() not in told
    assert not broken
    assert call in NEVER_ANSWERED or answered, "the room was never met"


@pytest.mark.parametrize("options", [{}, {"poll_s": 0.02}], ids=["events", "polling"])
async def test_swapped_links_while_watching(
    guest: GuestClient, tmp_path: Path, options: dict[str, Any]
) -> None:
    inside = tmp_path / "inside"
    watch = await guest.watch(".", **options)
    told: list[str] = []

    async def listen() -> None:
        async for batch in watch.changes():
            if batch.overflow:  # more than could be kept: looked at again, as whoever watches must
                told.extend(entry.name for entry in await guest.list("."))
            told.extend(change.path for change in batch.changes)
            if "end" in told:
                return

    listening = asyncio.ensure_future(listen())
    async with swapping(guest, inside, tmp_path / "outside") as enough:
        for turn in turns(enough):
            await guest.write(f"seen-{turn % 10}", b"%d" % turn)
    (inside / "end").write_bytes(b"")
    async with asyncio.timeout(60):
        await listening
    assert any(path.startswith("seen-") for path in told)
    assert not [path for path in told if ONLY in path]
