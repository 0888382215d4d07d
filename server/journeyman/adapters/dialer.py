"""Connections of this machine to the internet, for workspaces: the system's resolver, and sockets of asyncio.

Judges nothing: which names and addresses come here is the business of `egress`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from itertools import chain, zip_longest

from journeyman.adapters.bounded_threads import BoundedThreads
from journeyman.failures import Failure
from journeyman.ports.dialer import Found, Stream

THREADS = 16
PIECE = 64 * 1024
NEXT_S = 0.3
"""After this long without an answer the next address is tried beside it."""
ADDRESSES_MAX = 8


class SystemDialer:
    """Implements `ports.dialer.Dialer`."""

    def __init__(self) -> None:
        self._threads = BoundedThreads(THREADS, "resolver")

    async def resolve(self, host: str) -> tuple[Found, ...]:
        return await self._threads.run(lambda: _resolve(host))

    async def dial(self, addresses: Sequence[str], port: int) -> Stream:
        """The families in turn, each a moment after the one before or as soon as that failed (RFC 8305)."""
        waiting: set[asyncio.Task[Socket | None]] = set()
        won: Socket | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for address in _in_turn(addresses)[:ADDRESSES_MAX]:
                    waiting.add(group.create_task(_connect(address, port)))
                    won, waiting = await _first(waiting, NEXT_S)
                    if won is not None:
                        break
                while won is None and waiting:
                    won, waiting = await _first(waiting, None)
                for task in waiting:
                    task.cancel()
        except BaseException:  # who is cancelled takes no connection along
            if won is not None:
                won.close()
            raise
        finally:
            for task in waiting:
                if task.done() and not task.cancelled() and (late := task.result()) is not None:
                    late.close()
        if won is None:
            raise Failure("workspace_failed", "None of the addresses answers.", retryable=True)
        return won


class Socket:
    """Implements `ports.dialer.Stream`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ended = False

    async def receive(self) -> bytes | None:
        try:
            return await self._reader.read(PIECE) or None
        except OSError as error:
            raise _broke(error) from None

    async def send(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (OSError, RuntimeError) as error:
            raise _broke(error) from None

    def end(self) -> None:
        if not self._ended and not self._writer.is_closing():
            self._ended = True
            self._writer.write_eof()

    def close(self) -> None:
        if self._ended and self._reader.at_eof():
            self._writer.close()
        else:
            self._writer.transport.abort()


def _broke(error: Exception) -> Failure:
    return Failure("workspace_failed", f"The connection broke off: {error}.", retryable=True)


async def _connect(address: str, port: int) -> Socket | None:
    """None where nobody answers. The address is a number, so nothing is resolved."""
    try:
        reader, writer = await asyncio.open_connection(address, port, limit=PIECE)
    except OSError:
        return None
    writer.transport.set_write_buffer_limits(PIECE)
    return Socket(reader, writer)


async def _first(
    waiting: set[asyncio.Task[Socket | None]], within_s: float | None
) -> tuple[Socket | None, set[asyncio.Task[Socket | None]]]:
    """The first that connected, and those that are still waited for."""
    done, left = await asyncio.wait(waiting, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    made = [connected for task in done if (connected := task.result()) is not None]
    for late in made[1:]:
        late.close()
    return (made[0] if made else None), left


def _in_turn(addresses: Sequence[str]) -> list[str]:
    """One of the first one's family, one of the other, and so on."""
    six = [each for each in addresses if ":" in each]
    four = [each for each in addresses if ":" not in each]
    first, second = (six, four) if addresses and ":" in addresses[0] else (four, six)
    return [each for each in chain.from_iterable(zip_longest(first, second)) if each is not None]


def _resolve(host: str) -> tuple[Found, ...]:
    try:
        return (Found(str(ipaddress.ip_address(host)), _is_ours(host)),)
    except ValueError:
        pass  # a name
    try:
        # With the dot the name is whole: no search in this machine's own domains.
        found = socket.getaddrinfo(host + ".", None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL):
            raise Failure("timeout", f"{host} could not be resolved.", retryable=True) from None
        raise Failure("not_found", f"{host} has no address.") from None
    except UnicodeError:
        raise Failure("not_found", f"{host} has no address.") from None
    addresses = dict.fromkeys(str(each[4][0]) for each in found)
    return tuple(Found(address, _is_ours(address)) for address in addresses)


def _is_ours(address: str) -> bool:
    """Whether this machine has that address: only then a socket can be bound to it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
