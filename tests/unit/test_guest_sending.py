"""Frames to a guest: whole, in order and few, whichever thread sends them and however slowly it reads."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator

import pytest

from journeyman.guest.connection import Connection
from journeyman.guest.held import HeldFrame
from journeyman.guest.inside import wire

LARGE = bytes(wire.FRAME_MAX)


class Ends:
    """A connection and what a guest would read of it."""

    def __init__(self, connection: Connection, peer: socket.socket) -> None:
        self.connection = connection
        self.peer = peer
        self._read = b""

    def now(self) -> bytes:
        """What can be read without waiting."""
        with contextlib.suppress(BlockingIOError):
            return self.peer.recv(1 << 20, socket.MSG_DONTWAIT)
        return b""

    async def frames(self, count: int) -> list[tuple[int, int, bytes]]:
        """(channel, kind, payload) of the next ones."""
        loop, found = asyncio.get_running_loop(), list[tuple[int, int, bytes]]()
        while len(found) < count:
            if len(self._read) >= wire.HEADER.size:
                length, channel, kind = wire.HEADER.unpack_from(self._read)
                if len(self._read) >= wire.HEADER.size + length:
                    found.append((channel, kind, self._read[wire.HEADER.size :][:length]))
                    self._read = self._read[wire.HEADER.size + length :]
                    continue
            self._read += await loop.sock_recv(self.peer, 1 << 20)
        return found


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_unix_connection(lambda: Connection(ours), sock=ours)
    yield Ends(connection, theirs)
    connection.close()
    theirs.close()


def _frame(channel: int, payload: bytes) -> bytes:
    return wire.HEADER.pack(len(payload), channel, wire.DATA) + payload


def _elsewhere(connection: Connection, frame: bytes) -> None:
    """As another thread sends it, while the loop does nothing."""
    thread = threading.Thread(target=connection.send_now, args=(frame,))
    thread.start()
    thread.join()


async def test_small_frames_of_one_turn_of_the_loop_go_together(ends: Ends) -> None:
    room = bytearray(b"one")
    ends.connection.send(1, wire.DATA, memoryview(room))
    room[:] = b"two"
    ends.connection.send(2, wire.DATA, memoryview(room))
    assert ends.now() == b""
    await asyncio.sleep(0)
    assert ends.now() == _frame(1, b"one") + _frame(2, b"two")


async def test_a_large_frame_goes_behind_what_was_sent_before_it(ends: Ends) -> None:
    ends.connection.send(1, wire.DATA, b"small")
    ends.connection.send(2, wire.DATA, LARGE)
    ends.connection.send(3, wire.DATA, b"small", last=True)
    sent = [(1, wire.DATA, b"small"), (2, wire.DATA, LARGE), (3, wire.DATA, b"small"), (3, wire.END, b"")]
    assert await ends.frames(4) == sent


async def test_another_thread_sends_without_the_loop(ends: Ends) -> None:
    _elsewhere(ends.connection, _frame(1, b"now"))
    assert ends.now() == _frame(1, b"now")


async def test_another_thread_cuts_no_frame_in_two(ends: Ends) -> None:
    ends.connection.send(1, wire.DATA, LARGE)  # more than the socket takes
    _elsewhere(ends.connection, _frame(2, b"from elsewhere"))
    ends.connection.send(3, wire.DATA, b"after it")
    sent = [(1, wire.DATA, LARGE), (2, wire.DATA, b"from elsewhere"), (3, wire.DATA, b"after it")]
    assert await ends.frames(3) == sent


async def test_what_does_not_fit_into_the_socket_follows(ends: Ends) -> None:
    _elsewhere(ends.connection, _frame(1, LARGE))
    _elsewhere(ends.connection, _frame(2, b"behind it"))
    assert await ends.frames(2) == [(1, wire.DATA, LARGE), (2, wire.DATA, b"behind it")]


async def test_closing_sends_what_this_turn_has_said(ends: Ends) -> None:
    ends.connection.send(1, wire.NOTE, b"{}")
    ends.connection.close()
    assert await ends.frames(1) == [(1, wire.NOTE, b"{}")]


async def test_a_closed_connection_takes_nothing_from_another_thread(ends: Ends) -> None:
    ends.connection.close()
    _elsewhere(ends.connection, _frame(1, b"late"))
    await asyncio.sleep(0)
    assert ends.now() == b""


def test_a_held_frame_goes_once_or_never() -> None:
    sent: list[bytes] = []
    once, never = HeldFrame(sent.append, b"once"), HeldFrame(sent.append, b"never")
    once.let_go()
    once.let_go()
    never.keep()
    never.let_go()
    assert sent == [b"once"]
