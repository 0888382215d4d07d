"""The daemon's life: own the data directory, listen, load the app, serve, drain, leave.

It listens before it loads anything heavy; whoever connects meanwhile waits in the kernel's queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import ipaddress
import logging
import os
import signal
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from journeyman import failpoints
from journeyman.config import Settings
from journeyman.daemon.keeping import keep_what_is_there, nothing_to_collect
from journeyman.daemon.log import logging_to
from journeyman.failures import Failure
from journeyman.paths import make_private, token_file
from journeyman.rpc.sockets import bind_unix
from journeyman.tasks import Supervisor

if TYPE_CHECKING:
    import socket

    from journeyman.app import App
    from journeyman.rpc.transport import AuthMode, RpcServer

log = logging.getLogger(__name__)

DRAIN_S = 3.0
"""Seconds runs have to end by themselves after SIGTERM; then they are cancelled."""
LOOK_EVERY_S = 1.0


def serve(
    settings: Settings,
    *,
    tcp: str | None = None,
    auth: AuthMode = "header",
    tls: tuple[Path, Path] | None = None,
    foreground: bool = False,
) -> int:
    """Run the daemon until it is told to stop or nobody needs it; answers the exit code.

    `tcp` is HOST:PORT, `tls` certificate and key, `foreground` logs to stderr too. Raises `Failure`:
    `already_running` for a second daemon on the same data, `invalid` for an address that cannot be had."""
    address = None if tcp is None else parse_address(tcp)
    if settings.metrics_listen is not None:
        own_address(settings.metrics_listen)
    failpoints.arm(os.environ.get(failpoints.VARIABLE, ""))
    make_private(settings.data_dir)
    with owned(settings.data_dir) as still_owned, logging_to(settings, foreground=foreground):
        listening = bind_unix(settings.socket)
        try:
            with asyncio.Runner() as runner:
                return runner.run(_live(settings, listening, address, auth, tls, still_owned))
        finally:
            listening.close()


async def _live(
    settings: Settings,
    listening: socket.socket,
    address: tuple[str, int] | None,
    auth: AuthMode,
    tls: tuple[Path, Path] | None,
    still_owned: StillOwned,
) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    connections = Supervisor()
    async with _served(settings, listening, address, auth, tls, connections) as (app, server):
        keep_what_is_there()
        log.info("serving, process %d", os.getpid())
        reason = await _until_not_needed(settings, app, server, stop, still_owned)
        log.info("leaving: %s", reason)
        server.hub.draining = True
        await server.stop_accepting()
        await _drain(app)
        await app.services.runs.close()
        app.services.events.close()
        await server.close()
        await connections.close(grace_s=2.0)
    log.info("left")
    return 0


@contextlib.asynccontextmanager
async def _served(
    settings: Settings,
    listening: socket.socket,
    address: tuple[str, int] | None,
    auth: AuthMode,
    tls: tuple[Path, Path] | None,
    connections: Supervisor,
) -> AsyncGenerator[tuple[App, RpcServer]]:
    # From here on it is heavy: pygls, adapters, the store.
    with nothing_to_collect():
        from journeyman.acp.serving import Acp
        from journeyman.app import build
        from journeyman.rpc import lsp
        from journeyman.rpc.auth import read_or_make_token
        from journeyman.rpc.questions import announce_permissions
        from journeyman.rpc.serving import announce_workspaces, router_for
        from journeyman.rpc.transport import RpcServer, Tls

        lsp.warm_up()
    async with build(settings) as app:
        server = RpcServer(supervisor=connections, clients_max=settings.tcp_clients_max)
        server.ready(router_for(app.services), Acp(app.services))
        forget = announce_workspaces(app.services, server.hub)
        unheard = announce_permissions(app.services.permissions, server.hub)
        try:
            async with _measured(settings, app, server):
                if address is not None:
                    token = await asyncio.to_thread(read_or_make_token, token_file(settings.data_dir))
                    files = None if tls is None else Tls(*tls)
                    port = await server.listen_tcp(*address, token=token, mode=auth, tls=files)
                    log.info("listening on %s:%d", address[0], port)
                await server.listen_unix(listening)
                yield app, server
        finally:
            forget()
            unheard()
            await server.close(grace_s=1.0)


@contextlib.asynccontextmanager
async def _measured(settings: Settings, app: App, server: RpcServer) -> AsyncGenerator[None]:
    """Metrics are for whoever asks, while the block lasts, where the user said so."""
    if settings.metrics_listen is None:
        yield
        return
    from journeyman.rpc import scrape
    from journeyman.rpc.metrics import collect

    host, port = own_address(settings.metrics_listen)
    listening = await scrape.listen(host, port, lambda: collect(app.services, server.hub))
    log.info("metrics on %s", settings.metrics_listen)
    try:
        yield
    finally:
        listening.close()


async def _until_not_needed(
    settings: Settings, app: App, server: RpcServer, stop: asyncio.Event, still_owned: StillOwned
) -> str:
    runs, forwards, busy_at = app.services.runs, app.services.forwards, time.monotonic()
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(LOOK_EVERY_S, settings.idle_exit_s)):
                await stop.wait()
                return "told to stop"
        if not await asyncio.to_thread(still_owned.look):
            return "the data directory is gone"
        if len(server.hub) or runs.running or runs.queued or forwards.in_use:
            busy_at = time.monotonic()
        elif time.monotonic() - max(busy_at, server.hub.last_left) >= settings.idle_exit_s:
            return f"no client, no run and no preview for {settings.idle_exit_s:.0f} s"


async def _drain(app: App) -> None:
    runs = app.services.runs
    runs.drain()
    deadline = time.monotonic() + DRAIN_S
    while runs.running and time.monotonic() < deadline:
        await app.services.clock.sleep(0.05)


class StillOwned:
    """Whether the lock file we hold is still the one in the data directory."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def look(self) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._descriptor))
        except OSError:
            return False


@contextmanager
def owned(data: Path) -> Generator[StillOwned]:
    """Own the data directory: one daemon each. Raises `Failure("already_running")` naming the process."""
    path = data / "daemon.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            raise Failure(
                "already_running",
                f"A daemon (process {holder}) already serves {data}.",
                hint="Use it, stop it with `journeyman stop`, or set another JOURNEYMAN_DATA_DIR.",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield StillOwned(path, descriptor)
    finally:
        os.close(descriptor)


def parse_address(text: str) -> tuple[str, int]:
    """HOST:PORT, with an IPv6 host in brackets; port 0 takes any free one."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise Failure("invalid", f"{text!r} is not HOST:PORT.", hint="For example 127.0.0.1:7464.")
    return host, int(port)


def own_address(text: str) -> tuple[str, int]:
    """HOST:PORT of this machine alone. Metrics name no user, no file and no prompt, and are still nobody
    else's business."""
    host, port = parse_address(text)
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise Failure(
            "invalid",
            f"Metrics can only be had on this machine, not on {host[:80]}.",
            hint="Set metrics_listen to 127.0.0.1:PORT; a proxy of yours may pass them on.",
        )
    return host, port
