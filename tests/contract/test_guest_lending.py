"""Files the guest lends as descriptors: what comes is what a plain read gives. A guest that lends what
else it has than regular files of its workspace, or more than it was asked for, gets nothing read."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from components.lying_guest import OTHERS, Liar, open_files
from journeyman.failures import Failure
from journeyman.guest.borrowing import BATCH_BYTES, Lender
from journeyman.guest.bulk import LEND_FROM
from journeyman.guest.client import GuestClient
from journeyman.guest.inside import wire
from journeyman.ports.guest import FileData

MIB = 1024 * 1024
SIZES = (0, 1, wire.LEND_BYTES - 1, wire.LEND_BYTES, wire.LEND_BYTES + 1, MIB - 1, MIB, MIB + 1, 5 * MIB + 3)
MAKE = f"""
for number in range({LEND_FROM * 2}):
    size = {SIZES!r}[number % {len(SIZES)}]
    with open("f%d" % number, "wb") as file: file.write((b"%d " % number * (size // 2 + 1))[:size])
"""


def content(number: int) -> bytes:
    size = SIZES[number % len(SIZES)]
    return (b"%d " % number * (size // 2 + 1))[:size]


class Kept(list[FileData]):
    def take(self, path: bytes, data: bytes | memoryview, last: bool, error: str | None) -> None:
        self.append(FileData(path, bytes(data), last, error))


def joined(pieces: list[FileData]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for path, data, _, error in pieces:
        assert error is None
        found[path] = found.get(path, b"") + data
    return found


async def test_files_that_are_lent_are_read_as_they_are(guest: GuestClient) -> None:
    """Sizes around every bound, in both sandboxes; one is not there, one is a pipe, one nobody may read."""
    made = await guest.run(["/usr/bin/python3", "-c", MAKE])
    assert made.code == 0, made.output
    await guest.run(["bash", "-c", "mkfifo pipe; cp f8 locked; chmod 0 locked"])
    paths = [b"f%d" % number for number in range(LEND_FROM * 2)]
    pieces = [piece async for piece in guest.read_many([*paths, b"locked"])]
    found = joined(pieces)
    assert found == {**{path: content(n) for n, path in enumerate(paths)}, b"locked": content(8)}
    assert list(found) == [*paths, b"locked"]
    assert sum(piece.last for piece in pieces) == len(paths) + 1
    odd = [piece async for piece in guest.read_many([b"none", b"pipe", *paths])]
    assert [(piece.path, piece.last, bool(piece.error)) for piece in odd[:2]] == [
        (b"none", True, True),
        (b"pipe", True, True),
    ]
    assert joined(odd[2:]) == {path: content(n) for n, path in enumerate(paths)}
    assert (await guest.stat("locked")).mode == 0  # type: ignore[union-attr]


@pytest.mark.parametrize("count", [LEND_FROM - 1, LEND_FROM * 2])
async def test_who_is_fed_gets_what_a_reader_gets(guest: GuestClient, count: int) -> None:
    """Whether files are lent or sent; what is raised while taking comes out."""
    assert (await guest.run(["/usr/bin/python3", "-c", MAKE])).code == 0
    paths = [b"f%d" % number for number in range(count)]
    found = Kept()
    async for _ in guest.feed([*paths[1:], b"none"], found.take):
        assert found, "something was taken before this"
    assert joined(found[:-1]) == {path: content(n) for n, path in enumerate(paths) if n}
    assert (found[-1].path, found[-1].last, bool(found[-1].error)) == (b"none", True, True)

    def refuse(path: bytes, data: bytes | memoryview, last: bool, error: str | None) -> None:
        raise LookupError(path)

    with pytest.raises(LookupError, match="f1"):
        async for _ in guest.feed(paths[1:], refuse):
            pass


async def test_who_has_room_gets_what_is_read_there(guest: GuestClient) -> None:
    """And nothing else there; what comes over the connection comes as it is."""
    assert (await guest.run(["/usr/bin/python3", "-c", MAKE])).code == 0
    paths = [b"f%d" % number for number in range(LEND_FROM * 2)]
    rooms, found, read = list[bytearray](), Kept(), 0

    def room() -> memoryview:
        rooms.append(bytearray(MIB + 1))
        return memoryview(rooms[-1])

    def take(path: bytes, data: bytes | memoryview, last: bool, error: str | None) -> None:
        nonlocal read
        if isinstance(data, memoryview) and rooms and data.obj is rooms[-1]:
            assert bytes(data) == rooms[-1][: len(data)]
            assert not any(rooms[-1][len(data) :])
            read += 1
        found.take(path, data, last, error)

    async for _ in guest.feed(paths, take, room=room):
        pass
    assert joined(found) == {path: content(number) for number, path in enumerate(paths)}
    lent = sum(len(content(number)) > wire.LEND_BYTES for number in range(len(paths)))
    assert read >= lent > 0


async def test_a_reader_that_stops_leaves_nothing_open(guest: GuestClient) -> None:
    await guest.run(["/usr/bin/python3", "-c", MAKE])
    paths = [b"f%d" % number for number in range(LEND_FROM * 2)]
    before = open_files()
    for _ in range(3):
        reading = guest.read_many(paths)
        async for piece in reading:
            if piece.path == b"f8":
                break
        await reading.aclose()  # type: ignore[attr-defined]
    assert open_files() == before


async def read(liar: Liar, files: Path, count: int = 1) -> list[FileData]:
    lender = Lender(liar.path, files)
    found = Kept()
    async with lender.reading([b"f"] * count, "/workspace", stall_s=600) as feed:
        assert feed is not None
        while await feed(found.take, None):
            pass
    return found


async def refusal(folder: Path, say: Callable[[socket.socket], None], count: int = 1) -> str:
    with Liar(folder, say) as liar, pytest.raises(Failure) as caught:
        await read(liar, folder, count)
    assert caught.value.kind == "workspace_failed"
    return caught.value.message


def lend(sock: socket.socket, handles: list[int], records: int) -> None:
    body = b"".join(wire.PIECE_HEAD.pack(n, wire.LAST | wire.LENT, 0) for n in range(records))
    header = wire.HEADER.pack(len(body), 1, wire.DATA)
    sock.sendmsg((header, body), wire.rights(handles) if handles else [])
    sock.sendall(wire.HEADER.pack(2, 1, wire.RESULT) + b"{}")


@pytest.mark.parametrize("what", OTHERS)
async def test_what_is_no_file_of_the_workspace_is_refused(tmp_path: Path, what: str) -> None:
    handle = OTHERS[what](tmp_path)
    try:
        refused = await refusal(tmp_path, lambda sock: lend(sock, [handle], 1))
        assert "something else than a file of the workspace" in refused
    finally:
        os.close(handle)


async def test_a_descriptor_that_cannot_be_read_is_a_file_that_cannot(tmp_path: Path) -> None:
    for flags in (os.O_WRONLY | os.O_CREAT, os.O_PATH):
        handle = os.open(tmp_path / "f", flags, 0o600)
        try:
            with Liar(tmp_path, lambda sock, handle=handle: lend(sock, [handle], 1)) as liar:
                (piece,) = await read(liar, tmp_path)
            assert (piece.data, piece.last, bool(piece.error)) == (b"", True, True)
        finally:
            os.close(handle)
            (tmp_path / "liar.sock").unlink()


async def test_more_descriptors_than_were_asked_for_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    handle = os.open(tmp_path / "f", os.O_RDONLY)
    before = open_files()
    try:
        refused = await refusal(tmp_path, lambda sock: lend(sock, [handle] * 200, 200), 200)
        assert "lends more than was asked for" in refused
        assert open_files() <= before
    finally:
        os.close(handle)


async def test_a_file_that_was_said_to_be_lent_and_was_not_is_refused(tmp_path: Path) -> None:
    assert "did not lend what it said" in await refusal(tmp_path, lambda sock: lend(sock, [], 1))


async def test_a_file_that_grows_while_it_is_read_ends_one_byte_later(tmp_path: Path) -> None:
    """Nobody can be made to read a file to an end that runs away; its size tells that it moved."""
    (tmp_path / "f").write_bytes(bytes(BATCH_BYTES + MIB))
    handle = os.open(tmp_path / "f", os.O_RDONLY)
    try:
        with Liar(tmp_path, lambda sock: lend(sock, [handle], 1)) as liar:
            lender = Lender(liar.path, tmp_path)
            found = Kept()
            async with lender.reading([b"f"], "/workspace", stall_s=600) as feed:
                assert feed is not None
                assert await feed(found.take, None)
                with open(tmp_path / "f", "ab") as file:
                    file.write(bytes(3 * BATCH_BYTES))
                while await feed(found.take, None):
                    pass
        assert sum(len(piece.data) for piece in found) == BATCH_BYTES + MIB + 1
        assert [piece.last for piece in found] == [False] * (len(found) - 1) + [True]
    finally:
        os.close(handle)


@pytest.mark.parametrize("sent", [b"", b"\xff" * 9, wire.HEADER.pack(3, 1, wire.ERROR) + b"[1]"])
async def test_nonsense_ends_the_reading(tmp_path: Path, sent: bytes) -> None:
    def say(sock: socket.socket) -> None:
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)

    assert "went away" in await refusal(tmp_path, say)


async def test_a_guest_that_takes_no_more_connections_is_not_asked(tmp_path: Path) -> None:
    async with Lender(tmp_path / "none.sock", tmp_path).reading([b"f"], "/workspace", stall_s=600) as feed:
        assert feed is None


async def test_a_reading_that_is_cancelled_lets_go_of_its_thread(tmp_path: Path) -> None:
    """The guest says nothing, and the reader is cancelled: the guest sees the connection end."""
    called = threading.Event()
    with Liar(tmp_path, lambda _: called.set()) as liar:
        reading = asyncio.create_task(read(liar, tmp_path))
        await asyncio.to_thread(called.wait)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
