"""Compression takes its time while the store is what an archive waits for, and hurries otherwise."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from components.archive_kit import Kit, snapshot
from journeyman.ports.objects import Data, Made, ObjectInfo
from journeyman.testing.objects import MemoryObjects
from journeyman.workspace.archive import collect, packs, zstd
from journeyman.workspace.archive.zstd import (
    FASTER_LEVEL,
    LEVEL,
    NO_LEVEL,
    compress,
    compress_adaptively,
    decompress,
)

MIB = 2**20


class Slow(MemoryObjects):
    """Takes no pack to its end before something was compressed well meanwhile."""

    def __init__(self, levels: list[int]) -> None:
        super().__init__()
        self._levels = levels

    async def create(self, key: str, data: Data | Made) -> ObjectInfo:
        while "/packs/" in key and LEVEL not in self._levels:  # noqa: ASYNC110  # a thread appends to it
            await asyncio.sleep(0)
        return await super().create(key, data)


@pytest.fixture
def levels(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """With which level each frame was compressed. Every frame is a pack of its own."""
    seen: list[int] = []

    def compress(data: bytes, level: int) -> bytes:
        seen.append(level)
        return compress_adaptively(data, level)

    monkeypatch.setattr(collect, "compress_adaptively", compress)
    monkeypatch.setattr(packs, "PACK_BYTES", packs.FRAME_BYTES + MIB)
    return seen


def _grow(source: Path) -> None:
    for number in range(6):
        (source / f"f{number}").write_bytes(random.Random(number).randbytes(4 * MIB))


async def test_a_slow_store_gets_smaller_packs(tmp_path: Path, levels: list[int]) -> None:
    kit = Kit(tmp_path, Slow(levels))
    _grow(kit.source)
    await kit.archive()
    assert levels[0] == FASTER_LEVEL, "nothing is on its way yet"
    assert LEVEL in levels
    assert snapshot((await kit.restore())[1]) == snapshot(kit.source)


async def test_a_store_that_keeps_up_gets_them_sooner(tmp_path: Path, levels: list[int]) -> None:
    kit = Kit(tmp_path)
    (kit.source / "text").write_bytes(b"one line of many\n" * 500_000)
    await kit.archive()
    assert set(levels) == {FASTER_LEVEL}


def test_what_does_not_compress_costs_no_effort() -> None:
    noise, text = random.Random(1).randbytes(MIB), b"one line of many\n" * 60_000
    assert compress_adaptively(noise, LEVEL) == compress(noise, NO_LEVEL)
    assert compress_adaptively(text, LEVEL) == compress(text, LEVEL)


def test_what_is_random_between_its_repetitions_is_not_squeezed(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[int, bool]] = []
    real = zstd.fastest

    def fastest(data: bytes | memoryview, size: int, *, plain: bool = False) -> bytes:
        done.append((len(data), plain))
        return real(data, size, plain=plain)

    monkeypatch.setattr(zstd, "fastest", fastest)
    source = random.Random(3)
    rows = b"".join(b"row %d " % number * 40 + source.randbytes(600) for number in range(2000))
    stored = compress_adaptively(rows, FASTER_LEVEL)
    assert done[-1] == (len(rows), True)
    assert len(stored) <= len(compress(rows, FASTER_LEVEL))
    assert decompress(stored, len(rows), len(rows), exactly=len(rows)) == rows
    text = b"".join(b"%d words and %d more\n" % (number, number**2) for number in range(60_000))
    assert compress_adaptively(text, FASTER_LEVEL) == compress(text, FASTER_LEVEL)
    assert done[-1] == (len(text), False)
    assert compress_adaptively(rows, LEVEL) == compress(rows, LEVEL), "there is time"
