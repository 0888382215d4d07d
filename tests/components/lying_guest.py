"""A guest of one call that says and lends what it likes, and what it could lend that is no file."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from journeyman.guest.inside import wire


class Liar:
    """It greets, hears one call, and then it is `say`'s turn, which gets its socket."""

    def __init__(self, folder: Path, say: Callable[[socket.socket], None]) -> None:
        self.path = folder / "liar.sock"
        self._say = say
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        sock, _ = self._listener.accept()
        with sock, contextlib.suppress(ConnectionError):  # whoever is lied to hangs up
            sock.sendall(wire.HEADER.pack(2, 0, wire.HELLO) + b"{}")
            sock.recv(wire.FRAME_MAX)
            self._say(sock)
            while sock.recv(wire.FRAME_MAX):
                pass

    def __enter__(self) -> Liar:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def _a_pipe(folder: Path) -> int:
    os.mkfifo(folder / "pipe")
    return os.open(folder / "pipe", os.O_RDWR | os.O_NONBLOCK)


OTHERS: dict[str, Callable[[Path], int]] = {
    "a pipe": _a_pipe,
    "a directory": lambda folder: os.open(folder, os.O_RDONLY),
    "a device": lambda _: os.open("/dev/zero", os.O_RDWR),
    "a file of another file system": lambda _: os.open("/proc/self/status", os.O_RDONLY),
    "a file of no file system": lambda _: os.memfd_create("none"),
    "a socket": lambda _: os.dup(socket.socketpair()[0].detach()),
}
