"""`journeyman stdio` and `journeyman acp`: bytes between an editor's pipes and the user's daemon, no more.

Standard library only, and little of it: an editor waits for this process. It starts the daemon where none
answers, does not look into what passes (the daemon tells the two protocols apart by their first byte), and
ends when either side does.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys

from journeyman import paths
from journeyman.client import launch
from journeyman.failures import Failure

_PIECE = 64 * 1024
_AFTER_EOF_S = 30.0
_TAIL = 256


def main() -> int:
    """The exit code: 0 when the editor ended the conversation, 1 when the daemon went away."""
    try:
        daemon = launch.connect_or_start()
    except Failure as failure:
        _tell(f"{failure.message}\n{failure.hint}")
        return 1
    with daemon:
        return pump(0, 1, daemon)


def pump(source: int, sink: int, daemon: socket.socket) -> int:
    """Pass bytes both ways until the daemon closes, or until `source` has ended and the rest has come."""
    daemon.setblocking(False)
    to_daemon, tail, heard = bytearray(), b"", False
    reading = True
    while True:
        want = [daemon]
        # One piece at a time each way: who does not read is not read from.
        readable, writable, _ = select.select(
            [*want, *([source] if reading and not to_daemon else [])],
            [daemon] if to_daemon else [],
            [],
            None if reading or to_daemon else _AFTER_EOF_S,
        )
        if not readable and not writable:
            return 0
        if source in readable:
            piece = os.read(source, _PIECE)
            tail = (tail + piece)[-_TAIL:]
            to_daemon += piece
            if not piece:
                reading = False
                if not to_daemon:
                    _half_close(daemon)
        if daemon in writable and to_daemon:
            try:
                del to_daemon[: daemon.send(to_daemon)]
            except BlockingIOError:
                pass
            except OSError:
                to_daemon.clear()
            if not reading and not to_daemon:
                _half_close(daemon)
        if daemon in readable:
            try:
                piece = daemon.recv(_PIECE)
            except BlockingIOError:
                continue
            except OSError:
                piece = b""
            if not piece:
                return _daemon_left(reading, tail, heard)
            heard = True
            if not _write_all(sink, piece):
                return 0


def _daemon_left(reading: bool, tail: bytes, heard: bool) -> int:
    if not reading or b'"exit"' in tail:
        return 0
    said = [] if heard else launch.last_words(paths.data_dir())
    _tell("\n".join(["the daemon closed the connection.", *said]))
    return 1


def _half_close(daemon: socket.socket) -> None:
    with contextlib.suppress(OSError):
        daemon.shutdown(socket.SHUT_WR)


def _tell(text: str) -> None:
    # Never stdout: that belongs to the protocol.
    sys.stderr.write(f"journeyman: {text}\n")


def _write_all(sink: int, data: bytes) -> bool:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(sink, view) :]
        except BlockingIOError:
            # The editor made its pipe non-blocking.
            select.select([], [sink], [])
        except OSError:
            return False
    return True
