"""Memory read as a file is that memory, in any parts, and as often as is asked for."""

from __future__ import annotations

import io

import pytest

from journeyman.adapters.s3_body import Body

DATA = bytes(range(256)) * 40


@pytest.mark.parametrize("part", [1, 7, 16_384, len(DATA), -1])
def test_it_is_read_in_parts_and_again(part: int) -> None:
    body = Body(memoryview(DATA))
    for _ in range(2):
        assert b"".join(iter(lambda: body.read(part), b"")) == DATA
        assert body.read() == b""
        assert body.seek(0) == 0


def test_its_length_is_where_its_end_is() -> None:
    body = Body(memoryview(DATA)[10:])
    assert body.seek(0, io.SEEK_END) == body.tell() == len(DATA) - 10
    assert body.seek(-3, io.SEEK_CUR) == len(DATA) - 13
    assert body.read() == DATA[-3:]
