"""Whatever a file system makes of it, all of the data is in the file, and nothing else."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from journeyman.adapters import past_the_cache
from journeyman.adapters.past_the_cache import BLOCK_BYTES, LARGE_BYTES, ROOM_BYTES, write_all
from journeyman.ports.objects import Data, Made
from journeyman.rooms import fresh

SIZES = [0, 1, LARGE_BYTES - 1, LARGE_BYTES, LARGE_BYTES + 1, LARGE_BYTES + BLOCK_BYTES, 3 * LARGE_BYTES + 7]


def _written(path: Path, data: Data | Made) -> bytes:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        write_all(descriptor, data)
    finally:
        os.close(descriptor)
    return path.read_bytes()


def _aligned(size: int) -> memoryview:
    room = fresh(size + 1)[:size]
    room[:] = os.urandom(size)
    return room


@pytest.mark.parametrize("size", SIZES)
def test_all_of_it_is_written(tmp_path: Path, size: int) -> None:
    room = _aligned(size)
    assert _written(tmp_path / "aligned", room) == bytes(room)
    assert _written(tmp_path / "bytes", bytes(room)) == bytes(room)
    assert _written(tmp_path / "odd", room[1:]) == bytes(room[1:])


@pytest.mark.parametrize("size", SIZES)
def test_where_there_is_no_other_way_the_cache_is_used(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_the_cache, "_DIRECT", 0)
    room = _aligned(size)
    assert _written(tmp_path / "a", room) == bytes(room)


class InPieces:
    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size

    def __len__(self) -> int:
        return len(self._data)

    def pieces(self) -> Iterator[memoryview]:
        """All in the same memory."""
        room = memoryview(bytearray(self._size))
        for at in range(0, len(self._data), self._size):
            part = self._data[at : at + self._size]
            room[: len(part)] = part
            yield room[: len(part)]


@pytest.mark.parametrize(
    "size", [0, 1, ROOM_BYTES - 1, ROOM_BYTES, ROOM_BYTES + 1, 2 * ROOM_BYTES + LARGE_BYTES + 7]
)
@pytest.mark.parametrize("piece", [65_552, ROOM_BYTES, ROOM_BYTES + 3 * BLOCK_BYTES + 1])
def test_what_is_made_while_it_is_written_is_written(tmp_path: Path, size: int, piece: int) -> None:
    data = os.urandom(size)
    assert _written(tmp_path / "a", InPieces(data, piece)) == data


class Disk:
    """One file, on a file system that wants whole blocks where they go past the cache."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.content = bytearray()
        self.writes: list[tuple[bool, int, int]] = []
        """Past the cache or not, where, and how much came."""
        self.most = 1 << 30
        """Takes no more at a time."""
        self.refuses: int | None = None
        """With which error number it takes nothing past the cache after the first time."""
        self._flags = os.O_WRONLY
        monkeypatch.setattr(past_the_cache.fcntl, "fcntl", self._fcntl)
        monkeypatch.setattr(past_the_cache.os, "pwrite", self._pwrite)

    def _fcntl(self, descriptor: int, command: int, flags: int = 0) -> int:
        if command == fcntl.F_SETFL:
            self._flags = flags
        return self._flags

    def _pwrite(self, descriptor: int, data: memoryview, at: int) -> int:
        direct = bool(self._flags & os.O_DIRECT)
        self.writes.append((direct, at, len(data)))
        if direct and (at % BLOCK_BYTES or len(data) % BLOCK_BYTES):
            raise OSError(errno.EINVAL, "not a block")
        if direct and at and self.refuses is not None:
            raise OSError(self.refuses, "no")
        done = bytes(data[: self.most])
        self.content[at : at + len(done)] = done
        return len(done)


def test_blocks_go_past_the_cache_and_the_rest_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    disk, room = Disk(monkeypatch), _aligned(LARGE_BYTES + 9)
    write_all(7, room)
    assert disk.writes == [(True, 0, LARGE_BYTES), (False, LARGE_BYTES, 9)]
    assert disk.content == room


def test_little_goes_through_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    write_all(7, bytes(LARGE_BYTES - 1))
    assert disk.writes == [(False, 0, LARGE_BYTES - 1)]


@pytest.mark.parametrize("most", [3 * BLOCK_BYTES, BLOCK_BYTES + 1, 100_000])
def test_what_is_written_in_parts_is_written(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a part ends within a block, and the next one is refused for it."""
    disk, room = Disk(monkeypatch), _aligned(LARGE_BYTES + 9)
    disk.most = most
    write_all(7, room)
    assert disk.content == room


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EOPNOTSUPP])
def test_what_is_refused_half_way_goes_on_through_the_cache(
    code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, room = Disk(monkeypatch), _aligned(LARGE_BYTES + 9)
    disk.most, disk.refuses = 2 * BLOCK_BYTES, code
    write_all(7, room)
    assert disk.content == room


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    disk.most, disk.refuses = 2 * BLOCK_BYTES, errno.ENOSPC
    with pytest.raises(OSError, match="no") as caught:
        write_all(7, _aligned(LARGE_BYTES))
    assert caught.value.errno == errno.ENOSPC
