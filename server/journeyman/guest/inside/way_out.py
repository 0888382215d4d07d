"""The proxy inside: a port on loopback whose connections are handed to the daemon as they are.

Nothing of what is said there is looked at here: the daemon reads, decides and dials. One call at a time holds
the right to be told of connections, and the one that came last has it. While nobody has, connections wait a
moment.
"""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import threading
import time
from typing import Any

from .channels import Channel
from .pool import Pool
from .tunnel import Tunnels
from .wire import Gone, Refusal

PORT = 3128
"""Taken where it is free, so that a tool's own settings can name it."""
WAITING_MAX = 64
WAIT_S = 10.0
HEAD_S = 0.5
PARTING_MAX = 8
BUSY = "The workspace has too many connections open"
ALONE = "Nobody is there to answer for the workspace"
_ANSWER = (
    "HTTP/1.1 503 %s\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Length: %d\r\n"
    "Connection: close\r\nRetry-After: 5\r\n\r\n%s.\n"
)


class WayOut:
    def __init__(self, tunnels: Tunnels, pool: Pool) -> None:
        """Listens at once, so that the port is known; raises OSError where there is no loopback."""
        self._tunnels = tunnels
        self._pool = pool
        self._listener = _listen()
        self.port = int(self._listener.getsockname()[1])
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._waiting: dict[int, tuple[socket.socket, float]] = {}
        self._holder: Channel | None = None
        self._parting = 0

    def start(self) -> None:
        threading.Thread(target=self._accept, name="way out", daemon=True).start()

    def environment(self) -> dict[str, str]:
        """What every process needs to know."""
        address = "http://127.0.0.1:%d" % self.port
        found: dict[str, str] = {}
        for name, value in (
            ("HTTP_PROXY", address),
            ("HTTPS_PROXY", address),
            ("NO_PROXY", "localhost,127.0.0.1,::1"),
        ):
            found[name] = found[name.lower()] = value
        return found

    # What the daemon calls.

    def hold(self, channel: Channel, _a: dict[str, Any], _b: bytes) -> None:
        """Be told of every connection by a note of its number, until another call holds this."""
        channel.wake = lambda: self._woken(channel)
        channel.listen(self._noted)
        with self._lock:
            before, self._holder = self._holder, channel
            known = list(self._waiting)
        if before is not None:
            self._let_go(before)
        channel.note({"ready": self.port})
        for ident in known:
            channel.note({"connection": ident})
        if channel.gone:
            self._woken(channel)

    def take(self, channel: Channel, args: dict[str, Any], _b: bytes) -> None:
        """Carry the connection with this number. Notes `ready`, and is a tunnel from then on."""
        sock = self._claim(int(args["connection"]))
        if sock is None:
            raise Refusal("not_found", "The connection is there no more.")
        try:
            channel.note({"ready": True})
            self._tunnels.carry(channel, sock)
        except BaseException:  # the socket is nobody else's
            sock.close()
            raise

    def _noted(self, message: dict[str, Any]) -> None:
        sock = self._claim(int(message["away"]))
        if sock is not None:
            self._turn_away(sock, BUSY)

    def _woken(self, channel: Channel) -> None:
        if channel.gone:
            with self._lock:
                if self._holder is channel:
                    self._holder = None
            self._let_go(channel)

    @staticmethod
    def _let_go(channel: Channel) -> None:
        channel.wake = None
        with contextlib.suppress(Gone):
            channel.finish({})

    def _claim(self, ident: int) -> socket.socket | None:
        with self._lock:
            found = self._waiting.pop(ident, None)
        return None if found is None else found[0]

    # The thread that accepts.

    def _accept(self) -> None:
        poller = select.poll()
        poller.register(self._listener, select.POLLIN)
        while True:
            with self._lock:
                due = min((until for _, until in self._waiting.values()), default=None)
            poller.poll(None if due is None else max(0.0, due - time.monotonic()) * 1000 + 1)
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                sock = None
            except OSError:
                time.sleep(0.1)  # no descriptors are left
                continue
            if sock is not None:
                self._welcome(sock)
            self._clear()

    def _welcome(self, sock: socket.socket) -> None:
        with self._lock:
            full = len(self._waiting) >= WAITING_MAX
            ident, holder = next(self._ids), self._holder
            if not full:
                self._waiting[ident] = (sock, time.monotonic() + WAIT_S)
        if full:
            self._turn_away(sock, BUSY)
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if holder is not None:
            with contextlib.suppress(Gone):
                holder.note({"connection": ident})

    def _clear(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = [ident for ident, (_, until) in self._waiting.items() if until <= now]
        for ident in late:
            sock = self._claim(ident)
            if sock is not None:
                self._turn_away(sock, ALONE)

    def _turn_away(self, sock: socket.socket, why: str) -> None:
        """Say why and close. Not here: it may take a moment, and what calls this must not."""
        with self._lock:
            crowded = self._parting >= PARTING_MAX
            self._parting += not crowded
        try:
            if not crowded:
                self._pool.run(lambda: self._part(sock, why))
                return
        except RuntimeError:  # no thread is to be had
            self._parted()
        sock.close()

    def _part(self, sock: socket.socket, why: str) -> None:
        try:
            _tell(sock, why)
        finally:
            self._parted()

    def _parted(self) -> None:
        with self._lock:
            self._parting -= 1


def _listen() -> socket.socket:
    for port in (PORT, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(WAITING_MAX)
            listener.setblocking(False)
            return listener
        except OSError:
            listener.close()
            if port == 0:
                raise
    raise AssertionError("not reached")


def _tell(sock: socket.socket, why: str) -> None:
    """Once something was asked: closed on a program that still speaks, it would lose the answer."""
    with contextlib.suppress(OSError), sock:
        sock.settimeout(HEAD_S)
        with contextlib.suppress(socket.timeout):
            sock.recv(65536)
        sock.sendall((_ANSWER % (why, len(why) + 2, why)).encode("ascii"))
        sock.shutdown(socket.SHUT_WR)
