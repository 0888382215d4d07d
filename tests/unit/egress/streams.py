"""Two ends of a connection in memory, and a proxy around one of them."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Sequence

from journeyman.egress.policy import Policy, Refused, policy_of
from journeyman.egress.proxy import Limits, Proxy
from journeyman.failures import Failure
from journeyman.ports.clock import Clock, SystemClock
from journeyman.ports.dialer import Dialer, Found

PUBLIC = "93.184.215.14"


class End:
    """Implements `ports.dialer.Stream` and `ports.guest.Tunnel`; `other` is the other end."""

    def __init__(self) -> None:
        self.other: End = self
        self.closed = False
        self._arrived: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._over = False

    async def receive(self) -> bytes | None:
        if self._over:
            return None
        data = await self._arrived.get()
        self._over = data is None
        return data

    async def send(self, data: bytes) -> None:
        if self.other.closed:
            raise Failure("workspace_failed", "The connection broke off.")
        if data:
            self.other._arrived.put_nowait(data)

    def end(self) -> None:
        self.other._arrived.put_nowait(None)

    async def over(self) -> None:
        return

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.other._arrived.put_nowait(None)

    async def rest(self) -> bytes:
        """Everything until the other end ended."""
        parts: list[bytes] = []
        while (data := await self.receive()) is not None:
            parts.append(data)
        return b"".join(parts)

    async def until(self, mark: bytes) -> bytes:
        got = b""
        while mark not in got:
            data = await self.receive()
            assert data is not None, got
            got += data
        return got


def pair() -> tuple[End, End]:
    one, two = End(), End()
    one.other, two.other = two, one
    return one, two


class Outside:
    """Implements `ports.dialer.Dialer`: remembers what it was asked, and hands out ends in memory."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses or (PUBLIC,)
        self.resolved: list[str] = []
        self.dialled: list[tuple[tuple[str, ...], int]] = []
        self.servers: list[End] = []
        self.arrived = asyncio.Event()

    async def resolve(self, host: str) -> tuple[Found, ...]:
        self.resolved.append(host)
        with contextlib.suppress(ValueError):
            return (Found(str(ipaddress.ip_address(host))),)
        return tuple(Found(address) for address in self.addresses)

    async def dial(self, addresses: Sequence[str], port: int) -> End:
        self.dialled.append((tuple(addresses), port))
        ours, theirs = pair()
        self.servers.append(theirs)
        self.arrived.set()
        return ours


ALLOW = ("pypi.org", "*.example.com", "mirror.example.org:8443")


def proxy(
    dialer: Dialer,
    policy: Policy | None = None,
    *,
    clock: Clock | None = None,
    limits: Limits | None = None,
) -> Proxy:
    return Proxy(
        policy or policy_of("allowlist", ALLOW),
        dialer,
        clock or SystemClock(),
        limits or Limits(linger_s=0.01, deliver_s=5),
    )


async def asked(
    raw: bytes, dialer: Dialer | None = None, policy: Policy | None = None
) -> tuple[bytes, Refused | None]:
    """What a program gets that says this and then listens, where nothing behind the proxy answers."""
    inside, program = pair()
    await program.send(raw)
    program.end()
    refused = await proxy(dialer or Outside(), policy).serve(inside)
    inside.close()
    return await program.rest(), refused
