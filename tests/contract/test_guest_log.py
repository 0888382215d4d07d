"""What a command writes is kept in a file inside, without the command noticing."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from journeyman.guest.client import GuestClient
from journeyman.guest.inside import log as logs
from journeyman.guest.inside.log import FOLDER, HELD_MAX, Log
from journeyman.ports.guest import ProcessSpec


def fresh() -> str:
    """Without a sandbox the folder is everybody's on this machine."""
    return f"test-{uuid.uuid4().hex}.txt"


async def kept(guest: GuestClient, name: str) -> bytes:
    found = await guest.run(["cat", f"{FOLDER}/{name}"], output_bytes_max=10_000_000)
    await guest.run(["rm", "-f", f"{FOLDER}/{name}"])
    return found.output


async def written(guest: GuestClient, script: str, name: str) -> tuple[int, bytes, str | None]:
    process = await guest.spawn(ProcessSpec(("bash", "-c", script), log=name))
    output = b"".join([data async for data in process.output()])
    return (await process.wait()).code, output, process.log


async def test_short_output_makes_no_file(guest: GuestClient) -> None:
    name = fresh()
    assert await written(guest, f"head -c {HELD_MAX} /dev/zero", name) == (0, b"\0" * HELD_MAX, None)
    assert b"No such file" in await kept(guest, name)


async def test_long_output_is_kept_whole(guest: GuestClient) -> None:
    name = fresh()
    code, output, log = await written(guest, "seq 1 300000; exit 5", name)
    assert (code, log) == (5, f"{FOLDER}/{name}")
    assert output.endswith(b"\n300000\n")
    mode = await guest.run(["stat", "-c", "%a", f"{FOLDER}/{name}"])
    assert mode.output == b"600\n"
    assert await kept(guest, name) == output


async def test_a_link_in_the_way_is_not_followed(guest: GuestClient) -> None:
    name = fresh()
    await guest.write("precious", b"as it was")
    made = await guest.run(
        ["sh", "-c", f'mkdir -p {FOLDER} && ln -s "$PWD/precious" {FOLDER}/{name}'], cwd="/workspace"
    )
    assert made.code == 0
    code, output, log = await written(guest, "seq 1 300000", name)
    assert (code, log) == (0, None)
    assert output.endswith(b"\n300000\n")
    assert (await guest.read("precious")).data == b"as it was"
    await kept(guest, name)


def test_no_more_is_kept_than_its_bound(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(logs, "FOLDER", str(tmp_path))
    monkeypatch.setattr(logs, "LOG_MAX", 3 * HELD_MAX)
    log = Log("kept.txt")
    opened = [log.add(b"x" * HELD_MAX) for _ in range(5)]
    log.close()
    assert opened == [False, True, False, False, False]
    assert (tmp_path / "kept.txt").read_bytes() == b"x" * (3 * HELD_MAX)
