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
from collections.abc import Callable
from typing import Any

from .channels import Channel
from .child import Child
from .feeding import Feeding
from .log import Log
from .wire import DRAIN_S, EXTRA_MAX, PIECE, Gone

FULL_MS = 10.0
"""Milliseconds until a full terminal is tried again."""
EXTRA_REST_S = 0.005
"""Seconds what is said on the extra descriptor is left alone after it was looked at: a shell says its
variables there one by one, and to wake up for each would hold up its end."""


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


def pump(
    channel: Channel,
    child: Child,
    out: int,
    extra: int | None,
    feeding: Feeding | None = None,
    log: Log | None = None,
    look: Callable[[], None] | None = None,
    tells_end: bool = False,
) -> dict[str, Any]:
    """Carry a process's output and input until it ended and what it had written is delivered. Reads only
    while there is credit, so a slow reader stops the process and not our memory; throws output away once
    nobody listens, so that the process goes on. A terminal is read until it is silent: the system hangs
    up on whoever still holds it.

    One that `tells_end` has ended once it closed its output and said with which code, last, on `extra`.

    Answers how it ended, where nothing was left to deliver then; else that is in a note already."""
    side = bytearray()
    owed, deadline, rest, open_out = 0, 0.0, 0.0, True
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
                if feeding is not None:
                    feeding.close()
                if extra is not None:
                    _collect(extra, side, _waiting(extra))
                if not open_out and len(side) <= PIECE:
                    return {"exit": child.code, **_told(side)}
                with contextlib.suppress(Gone):
                    for at in range(0, len(side), PIECE):
                        channel.note(_told(side[at : at + PIECE]))
                    channel.note({"exit": child.code})
            late = exited and owed <= 0 and time.monotonic() >= deadline
            if exited and (not open_out or (late and (quiet or not tty))):
                return {}
            poller = select.poll()
            poller.register(child.wake_read, select.POLLIN)
            resting = 0.0
            if extra is not None and not exited:
                resting = rest - time.monotonic()
                if resting <= 0:
                    poller.register(extra, select.POLLIN)
            flowing = open_out and (channel.gone or channel.credit > 0)
            if flowing:
                poller.register(out, select.POLLIN)
            waits = exited and owed <= 0 and (flowing or not tty)
            timeout = max(0.0, deadline - time.monotonic()) * 1000 if waits else None
            if resting > 0:
                timeout = resting * 1000
            if feeding is not None:
                feeding.step()
                if feeding.full and tty:  # one may say that it has room and take nothing
                    timeout = FULL_MS
                elif feeding.full:
                    poller.register(feeding.fd, select.POLLOUT)
            ready = poller.poll(timeout)
            quiet = flowing and out not in [fd for fd, _ in ready]
            for fd, _ in ready:
                if fd == child.wake_read:
                    read_some(fd)
                elif fd == out:
                    data = read_some(out)
                    if data == b"":
                        open_out = False
                        if tells_end and extra is not None and not exited:
                            _collect(extra, side, _waiting(extra))
                            code = _code_told(side)
                            if code is not None and len(side) <= PIECE:
                                return {"exit": code, **_told(side)}
                        if look is not None:
                            look()
                    elif data:
                        owed -= len(data)
                        if log is not None and log.add(data):
                            with contextlib.suppress(Gone):
                                channel.note({"log": log.path})
                        if not channel.gone:
                            with contextlib.suppress(Gone):
                                channel.send(data)
                elif fd == extra:
                    rest = time.monotonic() + EXTRA_REST_S
                    if not _collect(fd, side, 65536):
                        os.close(fd)
                        extra = None
    finally:
        if feeding is not None:
            feeding.close()
        if log is not None:
            log.close()
        os.close(out)
        if extra is not None:
            os.close(extra)


def _told(side: bytes | bytearray) -> dict[str, str]:
    return {"extra": base64.b64encode(side).decode("ascii")} if side else {}


def _code_told(side: bytearray) -> int | None:
    """The exit code at its end: up to three digits between two NULs."""
    at = side.rfind(b"\0", -5, -1)
    told = side[at + 1 : -1]
    return int(told) if at >= 0 and side.endswith(b"\0") and told.isdigit() else None


def _collect(fd: int, into: bytearray, limit: int) -> bool:
    """Read up to `limit` bytes, keeping EXTRA_MAX in all; False at the end of the channel."""
    data = read_some(fd, limit) if limit else None
    if data:
        into += data[: max(0, EXTRA_MAX - len(into))]
    return data != b""
