"""A frame that is decompressed into memory of ours is judged as strictly as one that gets its own."""

from __future__ import annotations

import random
import struct

import pytest
import zstandard

from journeyman.workspace.archive import zstd
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.zstd import (
    FASTER_LEVEL,
    LEVEL,
    NO_LEVEL,
    compress,
    decompress,
    decompress_into,
)

WINDOW = 16 * 1024 * 1024
NOISE = random.Random(5).randbytes(400_000)
CONTENTS = {
    "nothing": b"",
    "one byte": b"x",
    "text": b"".join(b"line %d of many\n" % number for number in range(40_000)),
    "noise": NOISE,
    "zeros": bytes(700_000),
    "all kinds": bytes(200_000) + NOISE[:150_000] + b"text again " * 30_000,
}
SKIPPABLE = struct.pack("<II", 0x184D2A50, 4) + b"skip"
EMPTY = compress(b"")


def into(data: bytes, size: int) -> bytes | str:
    """What it decompresses to, or why not."""
    room = memoryview(bytearray(b"\xee" * size))
    try:
        decompress_into(room, memoryview(data), WINDOW)
    except MalformedError as error:
        return str(error)
    return bytes(room)


def apart(data: bytes, size: int) -> bytes | str:
    try:
        return decompress(data, size, WINDOW, exactly=size)
    except MalformedError as error:
        return str(error)


@pytest.mark.parametrize("level", [LEVEL, FASTER_LEVEL, NO_LEVEL, 9])
@pytest.mark.parametrize("name", CONTENTS)
def test_every_frame_of_a_writer_fills_its_room(
    name: str, level: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = compress(CONTENTS[name], level)
    summed = zstandard.ZstdCompressor(level=level, write_checksum=True).compress(CONTENTS[name])
    monkeypatch.setattr(zstd, "decompress", None)  # which is for frames no writer makes
    assert into(data, len(CONTENTS[name])) == CONTENTS[name]
    assert into(summed, len(CONTENTS[name])) == CONTENTS[name]


@pytest.mark.parametrize("name", CONTENTS)
def test_what_is_no_single_whole_frame_of_that_size_is_refused(name: str) -> None:
    content = CONTENTS[name]
    data = compress(content)
    for bad in (
        *(b"", data[:3], data[:-1], data[: len(data) // 2], data + b"\0", data + b"junk", data + data),
        *(data + EMPTY, EMPTY + data, data + SKIPPABLE, SKIPPABLE + data),
    ):
        if (why := apart(bad, len(content))) == content:
            continue
        assert isinstance(why, str)
        assert isinstance(into(bad, len(content)), str), bad[:20]
    for size in (len(content) + 1, len(content) - 1):
        if size >= 0:
            assert "another number of bytes" in str(into(data, size))


def test_what_a_damaged_frame_holds_is_never_more_than_where_it_is_decompressed_apart() -> None:
    content = CONTENTS["all kinds"]
    data, chance = compress(content), random.Random(3)
    for _ in range(300):
        at = chance.randrange(min(len(data), 60_000))
        bad = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        assert isinstance(into(bad, len(content)), str) == isinstance(apart(bad, len(content)), str), at


def test_small_blocks_without_end_are_left_to_who_counts_them_fast() -> None:
    """Four hundred thousand empty blocks before the last."""
    head = b"\x28\xb5\x2f\xfd\x20\x01"
    bad = head + bytes(3 * 400_000) + b"\x09\0\0x"
    assert into(bad, 1) == apart(bad, 1) == b"x"
