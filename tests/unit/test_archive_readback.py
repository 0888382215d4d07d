"""What was put into the store is looked at there, byte by byte."""

from __future__ import annotations

import random

import pytest

from journeyman.failures import Failure
from journeyman.testing.objects import MemoryObjects
from journeyman.workspace.archive.readback import SLICE_BYTES, holds

KEY = "p/a/packs/one"


@pytest.mark.parametrize("size", [1, 1000, SLICE_BYTES - 1, SLICE_BYTES, SLICE_BYTES + 1, 2 * SLICE_BYTES])
async def test_only_the_very_same_bytes_are_what_was_put(size: int) -> None:
    data = random.Random(size).randbytes(size)
    objects = MemoryObjects()
    await objects.create(KEY, data)
    assert await holds(objects, KEY, data)
    assert await holds(objects, KEY, memoryview(bytearray(data)))
    for other in (data[:-1], data + b"x", data[:-1] + bytes([data[-1] ^ 1]), bytes([data[0] ^ 1]) + data[1:]):
        assert not await holds(objects, KEY, other)


async def test_what_is_not_there_is_told_as_such() -> None:
    with pytest.raises(Failure) as failed:
        await holds(MemoryObjects(), KEY, b"data")
    assert failed.value.kind == "not_found"
