"""Tunnels: bytes between a socket inside and a channel, both ways, carried by one thread for all of them.

Nothing is read from a socket without credit on its channel, and nothing taken from a channel before the
socket took what was taken before: who is slow stops the other end and not our memory. Each side may end
its half; a reset, a dropped channel or a lost connection ends both. Whose the socket is does not matter
here: `connect` dials one, others may hand over one they accepted.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import threading
from typing import Any

from .bell import Bell
from .channels import Channel
from .pool import Pool
from .wire import PIECE, Gone, Refusal

DIAL_S = 5.0
HOSTS = ("127.0.0.1", "::1")
_ABORT = struct.pack("ii", 1, 0)


class Tunnel:
    """One of them. Only the carrying thread touches it."""

    def __init__(self, channel: Channel, sock: socket.socket, first: bytes) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.fd = sock.fileno()
        self.over = False
        self._channel = channel
        self._pending = memoryview(first)
        """Taken from the channel, and not yet by the socket."""
        self._reading = self._writing = True
        self._deaf = False

    def interest(self) -> int:
        """What to poll the socket for now."""
        events = 0
        if self._reading and self._channel.credit > 0:
            events |= select.POLLIN
        if self._writing and (self._pending or self._channel.waiting):
            events |= select.POLLOUT
        return events

    def step(self, wanted: int) -> None:
        """Carry a piece each way where that was `wanted`, and answer when it is over."""
        try:
            if self._channel.gone:
                raise Gone
            if wanted & select.POLLOUT:
                self._write()
            if wanted & select.POLLIN:
                self._read()
            if not self._reading and (self._deaf or not self._writing):
                self._over()
                self._channel.finish({})
        except Gone:
            self.fail(Refusal("cancelled", "The call was dropped."))
        except OSError as error:
            self.fail(Refusal("cancelled", "The connection broke off: %s." % error.strerror))

    def fail(self, refusal: Refusal) -> None:
        """Break it off: the socket's other end sees a reset, and not an end like any other."""
        self._over()
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self._channel.refuse(refusal)

    def _read(self) -> None:
        try:
            data = self.sock.recv(min(PIECE, self._channel.credit))
        except BlockingIOError:
            return
        if data:
            self._channel.send(data)
        else:
            self._reading = False
            self._channel.end()

    def _write(self) -> None:
        if not self._pending:
            piece = self._channel.take()
            if piece is None:
                self._writing = False
                with contextlib.suppress(OSError):
                    self.sock.shutdown(socket.SHUT_WR)
                return
            self._pending = memoryview(piece)
        try:
            sent = len(self._pending) if self._deaf else self.sock.send(self._pending)
        except BlockingIOError:
            return
        except OSError:
            # It takes no more, and may have said why: what it said is still read.
            self._deaf = True
            sent = len(self._pending)
        self._pending = self._pending[sent:]

    def _over(self) -> None:
        self.over = True
        self._channel.wake = None


class Tunnels:
    """All of a guest's. Its thread is there while there are any."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._bell = Bell()
        self._lock = threading.Lock()
        self._woken: set[Tunnel] = set()
        self._carrying = False

    def connect(self, channel: Channel, args: dict[str, Any], _: bytes) -> None:
        """Dial a port inside. Notes `ready` when somebody answered, and is a tunnel from then on."""
        sock = _dial(int(args["port"]))
        try:
            channel.note({"ready": True})
            self.carry(channel, sock)
        except BaseException:  # the socket is nobody else's
            sock.close()
            raise

    def carry(self, channel: Channel, sock: socket.socket, first: bytes = b"") -> None:
        """Make a tunnel of the two, to whose socket `first` is written before anything else. From here
        on the socket is ours to close and the channel ours to end: the operation answers None."""
        tunnel = Tunnel(channel, sock, first)
        channel.wake = lambda: self._wake(tunnel)
        with self._lock:
            if not self._carrying:
                try:
                    self._pool.run(self._carry)
                except RuntimeError:
                    raise Refusal("overloaded", "The workspace has too many processes.") from None
                self._carrying = True
            self._woken.add(tunnel)
        self._bell.ring()

    def _wake(self, tunnel: Tunnel) -> None:
        with self._lock:
            self._woken.add(tunnel)
        self._bell.ring()

    def _carry(self) -> None:
        poller = select.poll()
        poller.register(self._bell.fd, select.POLLIN)
        tunnels: dict[int, tuple[Tunnel, int]] = {}

        def settle(tunnel: Tunnel) -> None:
            _, before = tunnels.get(tunnel.fd, (tunnel, 0))
            now = 0 if tunnel.over else tunnel.interest()
            if now != before:  # one without interest is not registered: a reset would be told without end
                if not now:
                    poller.unregister(tunnel.fd)
                else:
                    poller.register(tunnel.fd, now)
            if tunnel.over:
                tunnels.pop(tunnel.fd, None)
                tunnel.sock.close()
            else:
                tunnels[tunnel.fd] = (tunnel, now)

        def step(tunnel: Tunnel, wanted: int) -> None:
            try:
                tunnel.step(wanted)
            except Exception as error:  # the boundary: one tunnel's bug must not stop the others
                tunnel.fail(Refusal("internal", "The guest failed: %r." % error))
            settle(tunnel)

        while True:
            with self._lock:
                woken, self._woken = self._woken, set()
                if not woken and not tunnels:
                    self._carrying = False
                    return
            for tunnel in woken:
                if not tunnel.over:
                    step(tunnel, 0)
            if not tunnels:
                continue
            for fd, _ in poller.poll():
                if fd == self._bell.fd:
                    self._bell.hush()
                elif fd in tunnels:
                    step(*tunnels[fd])


def _dial(port: int) -> socket.socket:
    if not 0 < port < 65536:
        raise Refusal("invalid", "%d is not a port." % port)
    for host in HOSTS:
        try:
            sock = socket.create_connection((host, port), timeout=DIAL_S)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except socket.timeout:
            raise Refusal("timeout", "Port %d of the workspace does not answer." % port) from None
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                raise Refusal("overloaded", "The workspace has no room for a connection.") from None
    raise Refusal("not_found", "Nothing listens on port %d in the workspace." % port)
