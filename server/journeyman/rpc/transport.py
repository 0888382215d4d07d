"""Where connections come from: a Unix socket of ours, and TCP for those who ask for it.

No port is open by default. The Unix socket lies in a 0700 directory, is 0600 itself, and takes peers of
our own uid only. TCP takes whoever shows the token (`auth`); off the loopback interface it needs TLS.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import socket
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from journeyman.failures import Failure
from journeyman.rpc.auth import BearerGate, Gate, InitializeGate, OpenGate
from journeyman.rpc.connection import Connection
from journeyman.rpc.hub import Hub
from journeyman.rpc.language import Lines
from journeyman.rpc.limits import Limits
from journeyman.rpc.router import Router
from journeyman.rpc.sockets import BACKLOG
from journeyman.tasks import Supervisor

log = logging.getLogger(__name__)

AuthMode = Literal["header", "initialize"]


@dataclass(frozen=True, slots=True)
class Tls:
    certificate: Path
    key: Path


class RpcServer:
    """Listens, and serves every connection with one shared router. Give it a router with `ready` when
    there is one: connections made before then wait."""

    def __init__(
        self,
        *,
        supervisor: Supervisor,
        clients_max: int,
        hub: Hub | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.hub = Hub() if hub is None else hub
        self._supervisor = supervisor
        self._clients_max = clients_max
        self._limits = limits or Limits()
        self._servers: list[asyncio.Server] = []
        self._socket_path: Path | None = None
        self._router: asyncio.Future[Router] = asyncio.get_running_loop().create_future()
        self._lines: Lines | None = None
        self._count = 0
        self._open = 0

    def ready(self, router: Router, lines: Lines | None = None) -> None:
        """`lines`: the protocol of whoever begins with '{', on every listener."""
        self._lines = lines
        self._router.set_result(router)

    async def listen_unix(self, listening: socket.socket) -> None:
        """Serve a socket made by `sockets.bind_unix`; it is closed and its file removed at the end."""
        path = Path(listening.getsockname())
        self._servers.append(await asyncio.start_unix_server(self._on_unix, sock=listening))
        self._socket_path = path

    async def listen_tcp(
        self, host: str, port: int, *, token: str, mode: AuthMode = "header", tls: Tls | None = None
    ) -> int:
        """Listen on `host:port` (0: any free one); answers the port."""
        if tls is None and not await is_loopback(host):
            raise Failure(
                "invalid",
                f"{host} can be reached from other machines, and without TLS others can read the token.",
                hint="Listen on 127.0.0.1, or give a certificate and a key.",
            )

        def gate() -> Gate:
            return BearerGate(token) if mode == "header" else InitializeGate(token, self._limits)

        def on_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._take(reader, writer, gate, kind="tcp")

        try:
            server = await asyncio.start_server(
                on_tcp, host, port, backlog=BACKLOG, ssl=_context(tls) if tls is not None else None
            )
        except OSError as error:
            raise Failure(
                "invalid",
                f"Cannot listen on {host}:{port}: {error.strerror or error}.",
                hint="Take another port.",
            ) from error
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def stop_accepting(self) -> None:
        """Connections that are open go on."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        if self._socket_path is not None:
            await asyncio.to_thread(self._socket_path.unlink, missing_ok=True)
            self._socket_path = None

    async def close(self, *, grace_s: float = 5.0) -> None:
        """Stop accepting, end every connection after what is queued for it was written."""
        await self.stop_accepting()
        for member in self.hub:
            member.close_soon("The daemon is shutting down.")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self.hub.empty.wait()
        if not self._router.done():
            self._router.cancel()

    def _on_unix(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = peer_credentials(writer)
        if peer is None or peer.uid != os.getuid():
            log.warning("refused a peer with uid %s on the Unix socket", peer.uid if peer else "unknown")
            writer.close()
            return
        # A peer in another process namespace has no pid here, and its processId means nothing to us.
        self._take(reader, writer, OpenGate, kind="unix", local=peer.pid > 0)

    def _take(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        gate: Callable[[], Gate],
        *,
        kind: str,
        local: bool = False,
    ) -> None:
        if self._open >= self._clients_max:
            log.warning("refused a connection: there are %d already", self._open)
            writer.close()
            return
        self._count += 1
        self._open += 1
        name = f"{kind} client {self._count}"
        self._supervisor.start(self._serve(reader, writer, gate(), name, local), name=name)

    async def _serve(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        gate: Gate,
        name: str,
        local: bool,
    ) -> None:
        try:
            router = await asyncio.shield(self._router)
            connection = Connection(
                reader,
                writer,
                name=name,
                router=router,
                hub=self.hub,
                limits=self._limits,
                gate=gate,
                local=local,
                lines=self._lines,
            )
            await connection.serve()
        finally:
            self._open -= 1
            writer.close()


@dataclass(frozen=True, slots=True)
class PeerCredentials:
    pid: int
    """0 where the peer lives in another process namespace."""
    uid: int


def peer_credentials(writer: asyncio.StreamWriter) -> PeerCredentials | None:
    """What the kernel says of the process at the other end of a Unix socket (Linux, SO_PEERCRED)."""
    sock = writer.get_extra_info("socket")
    if sock is None:
        return None
    try:
        data = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    except OSError:
        return None
    pid, uid, _ = struct.unpack("3i", data)
    return PeerCredentials(pid, uid)


async def is_loopback(host: str) -> bool:
    """Whether every address `host` stands for is a loopback address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(address[4][0]).partition("%")[0]).is_loopback for address in found)


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise Failure(
            "invalid", f"The certificate or its key cannot be used: {error}.", hint="Give two PEM files."
        ) from error
    return context
