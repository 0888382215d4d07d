"""Files the guest makes and lends to be written: a guest that lends something else, or does something to what
it lent, gains nothing by it. What honest ones do is in test_guest_bulk.py.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3

from components.lying_guest import OTHERS, Liar, open_files
from journeyman.failures import Failure
from journeyman.guest.borrowing import Lender
from journeyman.guest.client import GuestClient
from journeyman.guest.frames import restore_entries, restore_record, restore_written
from journeyman.guest.inside import wire
from journeyman.guest.lent_restore import ROUND_BYTES, LentRestore
from journeyman.ports.guest import ReadBack, RestoreEntry

KIB = 1024
CONTENT = bytes(range(1, 256)) * 700
Says = Callable[[socket.socket], None]


def frame(kind: int, payload: bytes = b"", channel: int = 1) -> bytes:
    return wire.HEADER.pack(len(payload), channel, kind) + payload


def file(number: int, size: int = len(CONTENT)) -> RestoreEntry:
    return RestoreEntry(b"f%d" % number, "file", 0o644, 1, size)


async def begun(liar: Liar, files: Path) -> LentRestore:
    lender = Lender(liar.path, files)
    made = await lender.restore("/workspace", blake3(), entries_max=9, bytes_max=1 << 30, stall_s=600)
    assert made is not None
    return made


def lending(handles: list[int], after: Says = lambda _: None) -> Says:
    """Asked for files, it lends these; `after` may do more before it says that all is well."""

    def say(sock: socket.socket) -> None:
        sock.sendall(frame(wire.NOTE, b"{}"))
        sock.recv(wire.FRAME_MAX)
        body = frame(wire.DATA, b"1")
        sock.sendmsg([body], wire.rights(handles) if handles else [])
        after(sock)
        sock.sendall(frame(wire.RESULT, b'{"entries":1}'))

    return say


async def restored(folder: Path, say: Says, count: int = 1) -> dict[bytes, ReadBack]:
    """What was read back of `count` files. Whatever happens, nothing stays open."""
    before = open_files()
    try:
        with Liar(folder, say) as liar:
            restore = await begun(liar, folder)
            try:
                for number in range(count):
                    await restore.add(file(number))
                    await restore.data(b"f%d" % number, CONTENT)
                await restore.finish()
                return restore.read_back
            finally:
                await restore.abort()
    finally:
        assert open_files() <= before
        (folder / "liar.sock").unlink()


async def refusal(folder: Path, say: Says, count: int = 1) -> str:
    with pytest.raises(Failure) as caught:
        await restored(folder, say, count)
    assert caught.value.kind == "workspace_failed"
    return caught.value.message


def made(path: Path, flags: int = os.O_RDWR, data: bytes = b"", mode: int = 0o600) -> int:
    path.write_bytes(data)
    path.chmod(mode)
    return os.open(path, flags)


async def test_a_fresh_file_is_written_and_read_back(tmp_path: Path) -> None:
    handle = made(tmp_path / "f")
    found = await restored(tmp_path, lending([handle]))
    assert found == {b"f0": ReadBack(os.fstat(handle).st_ino, blake3(CONTENT).digest())}
    assert (tmp_path / "f").read_bytes() == CONTENT
    os.close(handle)


@pytest.mark.parametrize("what", OTHERS)
async def test_what_is_no_file_of_the_workspace_is_not_written(tmp_path: Path, what: str) -> None:
    handle = OTHERS[what](tmp_path)
    try:
        assert "something else than a fresh file" in await refusal(tmp_path, lending([handle]))
    finally:
        os.close(handle)


def _with_two_names(path: Path) -> int:
    handle = made(path)
    os.link(path, path.with_name("other"))
    return handle


def _with_no_name(path: Path) -> int:
    handle = made(path)
    path.unlink()
    return handle


NOT_FRESH: dict[str, Callable[[Path], int]] = {
    "not empty": lambda path: made(path, data=b"precious"),
    "with two names": _with_two_names,
    "with no name": _with_no_name,
    "setuid": lambda path: made(path, mode=0o4700),
    "setgid": lambda path: made(path, mode=0o2770),
}


@pytest.mark.parametrize("what", NOT_FRESH)
async def test_a_file_that_is_not_fresh_is_not_written(tmp_path: Path, what: str) -> None:
    handle = NOT_FRESH[what](tmp_path / "f")
    was = os.pread(handle, KIB, 0)
    assert "something else than a fresh file" in await refusal(tmp_path, lending([handle]))
    assert os.pread(handle, KIB, 0) == was
    os.close(handle)


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_PATH, os.O_WRONLY], ids=["read", "path", "write"])
async def test_what_cannot_be_written_and_read_is_refused(tmp_path: Path, flags: int) -> None:
    handle = made(tmp_path / "f", flags)
    assert "cannot be written" in await refusal(tmp_path, lending([handle]))
    os.close(handle)


async def test_the_same_file_twice_is_refused(tmp_path: Path) -> None:
    handle = made(tmp_path / "f")
    assert "fresh file" in await refusal(tmp_path, lending([handle, handle]), 2)
    os.close(handle)


async def test_the_same_file_emptied_and_lent_again_is_refused(tmp_path: Path) -> None:
    """What was read back of it is no longer there."""
    handle = made(tmp_path / "f")

    def say(sock: socket.socket) -> None:
        sock.sendall(frame(wire.NOTE, b"{}"))
        for _ in range(2):
            sock.recv(wire.FRAME_MAX)
            os.ftruncate(handle, 0)
            sock.sendmsg([frame(wire.DATA, b"1")], wire.rights([handle]))
        sock.sendall(frame(wire.RESULT, b"{}"))

    with Liar(tmp_path, say) as liar:
        restore = await begun(liar, tmp_path)
        await restore.add(file(0, 2 * ROUND_BYTES))
        await restore.data(b"f0", bytes(2 * ROUND_BYTES))
        await restore.add(file(1))
        await restore.data(b"f1", CONTENT)
        with pytest.raises(Failure, match="the same file twice"):
            await restore.finish()
        await restore.abort()
    os.close(handle)


async def test_a_file_that_appends_reads_back_as_what_it_is(tmp_path: Path) -> None:
    """Each write would go to its end, whatever was left out before it: the digest tells."""
    data = bytes(64 * KIB) + CONTENT
    handle = made(tmp_path / "f", os.O_RDWR | os.O_APPEND)
    with Liar(tmp_path, lending([handle])) as liar:
        restore = await begun(liar, tmp_path)
        await restore.add(file(0, len(data)))
        await restore.data(b"f0", data)
        await restore.finish()
    assert (tmp_path / "f").read_bytes() == CONTENT
    assert restore.read_back[b"f0"].digest == blake3(CONTENT).digest() != blake3(data).digest()
    os.close(handle)


@pytest.mark.parametrize("change", ["grows", "shrinks", "differs"])
async def test_a_file_that_is_changed_meanwhile_reads_back_as_what_it_is(tmp_path: Path, change: str) -> None:
    """In the middle of its content, while it waits for the second half. Growing without end, it is read one
    byte further than it should be long."""
    handle = made(tmp_path / "f")
    half, size = ROUND_BYTES, ROUND_BYTES + len(CONTENT)
    with Liar(tmp_path, lending([handle])) as liar:
        restore = await begun(liar, tmp_path)
        await restore.add(file(0, size))
        await restore.data(b"f0", b"x" * half)
        if change == "grows":
            os.pwrite(handle, b"more", size + KIB)
        elif change == "shrinks":
            os.ftruncate(handle, 0)
        else:
            os.pwrite(handle, b"y", 5)
        await restore.data(b"f0", CONTENT)
        await restore.finish()
    digest = restore.read_back[b"f0"].digest
    assert digest == blake3((tmp_path / "f").read_bytes()[: size + 1]).digest()
    assert digest != blake3(b"x" * half + CONTENT).digest()
    os.close(handle)


async def test_more_descriptors_than_were_asked_for_are_refused(tmp_path: Path) -> None:
    handle = made(tmp_path / "f")
    refused = await refusal(tmp_path, lending([handle] * 200))
    assert "lends more than was asked for" in refused
    os.close(handle)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (frame(wire.RESULT, b'{"entries":1}'), "did not lend"),
        (frame(wire.DATA, b"1") + frame(wire.RESULT, b"{}"), "did not lend"),
        (frame(wire.ERROR, b'{"kind":"workspace_failed","message":"Away."}'), "Away."),
        (frame(wire.ERROR, b"[]"), "cannot be read"),
        (b"\xff" * 9, "cannot be read"),
        (b"", "went away"),
    ],
)
async def test_a_guest_that_lends_nothing_is_not_waited_for(tmp_path: Path, sent: bytes, told: str) -> None:
    def say(sock: socket.socket) -> None:
        sock.sendall(frame(wire.NOTE, b"{}"))
        sock.recv(wire.FRAME_MAX)
        sock.sendall(sent)
        sock.shutdown(socket.SHUT_WR)

    assert told in await refusal(tmp_path, say)


async def test_an_answer_without_a_number_is_none(tmp_path: Path) -> None:
    handle = made(tmp_path / "f")
    say = lending([handle], lambda sock: sock.sendall(frame(wire.RESULT, b'{"entries":"all"}')))
    assert "does not say what it wrote" in await refusal(tmp_path, say)
    os.close(handle)


async def test_an_older_guest_is_not_asked_to_lend(tmp_path: Path) -> None:
    answer = b'{"kind":"invalid","message":"The guest does not know this."}'
    with Liar(tmp_path, lambda sock: sock.sendall(frame(wire.ERROR, answer))) as liar:
        lender = Lender(liar.path, tmp_path)
        assert await lender.restore("/w", blake3(), entries_max=1, bytes_max=1, stall_s=600) is None
    lender = Lender(tmp_path / "none.sock", tmp_path)
    assert await lender.restore("/w", blake3(), entries_max=1, bytes_max=1, stall_s=600) is None


async def test_a_guest_that_goes_once_it_was_asked_is_not_asked_another_way(tmp_path: Path) -> None:
    """It may have begun, and will clear away what it finds there."""
    going = Liar(tmp_path, lambda sock: sock.shutdown(socket.SHUT_WR))
    with going as liar, pytest.raises(Failure, match="the guest ended"):
        await begun(liar, tmp_path)


async def test_a_round_that_is_cancelled_lets_go_of_its_thread(tmp_path: Path) -> None:
    """The guest never lends; who waits is cancelled, and so is dropping it: the guest sees the end."""
    asked = threading.Event()

    def say(sock: socket.socket) -> None:
        sock.sendall(frame(wire.NOTE, b"{}"))
        sock.recv(wire.FRAME_MAX)
        asked.set()

    with Liar(tmp_path, say) as liar:
        restore = await begun(liar, tmp_path)
        await restore.add(file(0, 2 * ROUND_BYTES))
        writing = asyncio.create_task(restore.data(b"f0", bytes(2 * ROUND_BYTES)))
        await asyncio.to_thread(asked.wait)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        dropping = asyncio.create_task(restore.abort())
        await asyncio.sleep(0)
        dropping.cancel()  # as a deadline would
        with pytest.raises(asyncio.CancelledError):
            await dropping


# The guest's side, asked by a client of our own making.


async def test_a_guest_lends_what_it_was_asked_for(guest: GuestClient) -> None:
    one, written = restore_entries(restore_record(file(1))), restore_written
    many = restore_entries(b"".join(restore_record(file(number)) for number in range(wire.LENT_MAX + 1)))
    await guest.make_directory("into")
    for asked, told in (
        (many, "lent at a time"),
        (one + written(2), "cannot be read"),
        (written(1), "cannot be read"),
        (one, "did not get all its data"),
    ):
        restore = await guest.lend_restore("into", blake3())
        assert restore is not None
        with restore._call.used():
            restore._call.send(asked)
        with pytest.raises(Failure, match=told):
            await restore.finish()
        await restore.abort()
        assert await guest.list("into") == ()
