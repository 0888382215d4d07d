"""Carries what a process writes and reads, without ever buffering more than there is credit for."""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import os
import select
import struct
import termios
import time

from .channels import Channel
from .child import Child
from .log import Log
from .wire import DRAIN_S, EXTRA_MAX, PIECE, Gone

END_OF_INPUT = b"\x04"
"""What a terminal takes for the end of input, typed."""


def _waiting(fd: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0"))[0])


def read_some(fd: int, limit: int = 65536) -> bytes | None:
    """Bytes, b"" at the end, None when there is nothing now."""
    try:
        return os.read(fd, limit)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno == errno.EIO:
            return b""  # a terminal nobody has open any more
        raise


def pump(channel: Channel, child: Child, out: int, extra: int | None, log: Log | None = None) -> None:
    """Carry a process's output until it ended and what it had written is delivered. Reads only while
    there is credit, so a slow reader stops the process and not our memory; throws output away once
    nobody listens, so that the process goes on. A terminal is read until it is silent: the system hangs
    up on whoever still holds it."""
    side = bytearray()
    owed, deadline, open_out = 0, 0.0, True
    exited = quiet = False
    tty = child.has_terminal
    try:
        while True:
            if child.code is not None and not exited:
                exited, owed, deadline = (
                    True,
                    _waiting(out) if open_out and not tty else 0,
                    time.monotonic() + DRAIN_S,
                )
                if extra is not None:
                    _collect(extra, side, _waiting(extra))
                with contextlib.suppress(Gone):
                    for at in range(0, len(side), PIECE):
                        text = base64.b64encode(bytes(side[at : at + PIECE])).decode("ascii")
                        channel.note({"extra": text})
                    channel.note({"exit": child.code})
            late = exited and owed <= 0 and time.monotonic() >= deadline
            if exited and (not open_out or (late and (quiet or not tty))):
                return
            poller = select.poll()
            poller.register(child.wake_read, select.POLLIN)
            if extra is not None and not exited:
                poller.register(extra, select.POLLIN)
            flowing = open_out and (channel.gone or channel.credit > 0)
            if flowing:
                poller.register(out, select.POLLIN)
            waits = exited and owed <= 0 and (flowing or not tty)
            timeout = max(0.0, deadline - time.monotonic()) * 1000 if waits else None
            ready = poller.poll(timeout)
            quiet = flowing and out not in [fd for fd, _ in ready]
            for fd, _ in ready:
                if fd == child.wake_read:
                    read_some(fd)
                elif fd == out:
                    data = read_some(out)
                    if data == b"":
                        open_out = False
                    elif data:
                        owed -= len(data)
                        if log is not None and log.add(data):
                            with contextlib.suppress(Gone):
                                channel.note({"log": log.path})
                        if not channel.gone:
                            with contextlib.suppress(Gone):
                                channel.send(data)
                elif extra is not None and not _collect(extra, side, 65536):
                    os.close(extra)
                    extra = None
    finally:
        if log is not None:
            log.close()
        os.close(out)
        if extra is not None:
            os.close(extra)


def _collect(fd: int, into: bytearray, limit: int) -> bool:
    """Read up to `limit` bytes, keeping EXTRA_MAX in all; False at the end of the channel."""
    data = read_some(fd, limit) if limit else None
    if data:
        into += data[: max(0, EXTRA_MAX - len(into))]
    return data != b""


def feed(channel: Channel, child: Child, stdin: int) -> None:
    try:
        while True:
            data = channel.receive()
            if data is None:
                if child.has_terminal:
                    os.write(stdin, END_OF_INPUT)
                return
            view = memoryview(data)
            while view and child.code is None:
                poller = select.poll()
                poller.register(stdin, select.POLLOUT)
                if poller.poll(500):
                    try:
                        view = view[os.write(stdin, view) :]
                    except BlockingIOError:
                        time.sleep(0.01)  # a terminal says it has room and takes nothing
    except (Gone, OSError):
        return  # nobody writes any more, or nobody reads
    finally:
        os.close(stdin)
