"""One connection that leaves a workspace, from its first byte to its last.

Read the head, decide, resolve, look at the addresses, dial one of those very addresses, carry. Nothing is
resolved twice, and the host a server is told is the host that was decided on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import h11

from journeyman.egress.addresses import public
from journeyman.egress.forward import Broken, Cut, forward
from journeyman.egress.greeting import NotTls, greeting
from journeyman.egress.heads import HEAD_MAX, Asked, read_head
from journeyman.egress.names import Authority, Unreadable, normal_name
from journeyman.egress.policy import WEB_PORTS, Policy, Refused
from journeyman.egress.relay import Idle, Pulse, Watched, relay
from journeyman.failures import Failure
from journeyman.ports.clock import Clock
from journeyman.ports.dialer import Dialer, Stream
from journeyman.ports.tunnel import Tunnel

UNREAD_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    connections: int = 64
    """Of one workspace at a time."""
    connections_all: int = 256
    """Of all workspaces at a time. Each holds at most about 2 MiB that one side has not taken yet."""
    connections_total: int = 200_000
    """Of one workspace as long as the daemon is connected to it."""
    head_s: float = 30.0
    resolve_s: float = 10.0
    dial_s: float = 20.0
    idle_s: float = 900.0
    """Without a byte in either direction."""
    linger_s: float = 2.0
    """For a program to read why it was refused."""
    deliver_s: float = 300.0
    """For a program to take the last of what was sent to it."""


@dataclass(frozen=True, slots=True)
class Unreached:
    """It was allowed, and did not work out: an answer for the program, and nobody else's business."""

    sentence: str
    status: int


class Elsewhere(Exception):  # noqa: N818 - it ends the tunnel
    """A tunnel is used for something else than what it was opened for."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.sentence)
        self.refused = refused


class Proxy:
    def __init__(self, policy: Policy, dialer: Dialer, clock: Clock, limits: Limits) -> None:
        self._policy = policy
        self._dialer = dialer
        self._clock = clock
        self._limits = limits

    async def serve(self, stream: Tunnel) -> Refused | None:
        """Serve one connection to its end. Answers what was refused of it; the program knows by then."""
        conversation = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_MAX)
        try:
            async with asyncio.timeout(self._limits.head_s):
                asked = await read_head(conversation, stream)
        except TimeoutError:
            asked = None
        except Failure:
            return None
        if asked is None:
            return None
        opened = asked if isinstance(asked, Refused) else await self.open(asked)
        if isinstance(opened, (Refused, Unreached)):
            await self._say(stream, opened.status, opened.sentence)
            return opened if isinstance(opened, Refused) else None
        assert isinstance(asked, Asked)
        target, outside = opened
        try:
            await self._carry(asked, target, conversation, stream, outside)
        except Broken as broken:
            await self._say(stream, broken.status, broken.sentence)
        except Elsewhere as elsewhere:
            return elsewhere.refused
        except (Cut, Failure):
            pass  # closing says the rest
        finally:
            outside.close()
        return None

    async def open(self, asked: Asked) -> tuple[Authority, Stream] | Refused | Unreached:
        """Decide, and dial what was decided on."""
        target = self._policy.decide(asked.authority, default_port=asked.default_port)
        if isinstance(target, Refused):
            return target
        try:
            async with asyncio.timeout(self._limits.resolve_s):
                addresses = await self._addresses(target)
            if isinstance(addresses, Refused):
                return addresses
            async with asyncio.timeout(self._limits.dial_s):
                return target, await self._dialer.dial(addresses, target.port)
        except TimeoutError:
            return Unreached(f"{target.host} does not answer in time", 504)
        except Failure as failure:
            what = "has no address" if failure.kind == "not_found" else "cannot be reached"
            return Unreached(f"{target.host} {what}", 504 if failure.kind == "timeout" else 502)

    async def _addresses(self, target: Authority) -> list[str] | Refused:
        """What may be dialled of what the name leads to. Other addresses are left out: networks that reach
        IPv4 by a prefix of their own give every name one that is not public."""
        found = await self._dialer.resolve(target.host)
        good = [each.address for each in found if public(each.address) and not each.ours]
        if good:
            return good
        what = "this machine" if any(each.ours for each in found) else "an address that is not public"
        return Refused(f"{target.host} leads to {what}, which workspaces do not reach", str(target))

    async def _carry(
        self, asked: Asked, target: Authority, conversation: h11.Connection, stream: Tunnel, other: Stream
    ) -> None:
        """Until both sides ended, one broke, or nothing moved for too long. Raises Broken, Cut, Failure."""
        pulse = Pulse(self._clock, self._limits.idle_s)
        inside, outside = Watched(stream, pulse), Watched(other, pulse)
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(pulse.watch())
                if asked.path is None:
                    await inside.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    first = await self._greeted(target, inside, conversation.trailing_data[0])
                    await relay(inside, outside, first=first)
                else:
                    await forward(asked, target, conversation, inside, outside)
                watch.cancel()
            stream.end()
        except ExceptionGroup as many:
            if many.subgroup(Idle) and asked.path and conversation.our_state is h11.SEND_RESPONSE:
                raise Broken(f"{target.host} does not answer in time", 504) from many
            for kind in (Broken, Elsewhere, Cut, Failure, Idle):
                if known := many.subgroup(kind):
                    raise (Cut if kind is Idle else _first(known)) from many
            raise
        await self._part(stream, self._limits.deliver_s)

    async def _greeted(self, target: Authority, inside: Stream, first: bytes) -> bytes:
        """What the program says first. To a listed host's web ports that must be TLS, for that very host:
        a front that many share would lead it to any of them. Raises Elsewhere."""
        if self._policy.mode != "allowlist" or target.port not in WEB_PORTS:
            return first
        try:
            said, name = await greeting(inside, first)
            if not said or (name is not None and normal_name(name) == target.host):
                return said
            what = "names no host" if name is None else "asks for another host"
        except NotTls:
            what = "is not TLS"
        except Unreadable:
            what = "asks for another host"
        raise Elsewhere(Refused(f"What is sent through the tunnel to {target.host} {what}", str(target)))

    async def _say(self, stream: Tunnel, status: int, sentence: str) -> None:
        """The sentence is the reason of the status line too: most tools show that, and not the body."""
        body = f"{sentence}.\n".encode("ascii", "replace")
        head = (
            f"HTTP/1.1 {status} {sentence}\r\nContent-Type: text/plain; charset=us-ascii\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        try:
            async with asyncio.timeout(self._limits.linger_s):
                await stream.send(head.encode("ascii", "replace") + body)
                stream.end()
        except (Failure, TimeoutError):
            return
        await self._part(stream, self._limits.linger_s)

    async def _part(self, stream: Tunnel, within_s: float) -> None:
        """Wait until the program has taken everything and ended its half: closed on it, it might lose the
        end of the answer. What it still sends is thrown away."""
        left = UNREAD_MAX
        try:
            async with asyncio.timeout(within_s):
                while left > 0 and (data := await stream.receive()) is not None:
                    left -= len(data)
                if left > 0:
                    await stream.over()
        except (Failure, TimeoutError):
            return


def _first(group: ExceptionGroup[Exception]) -> Exception:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first  # pyright: ignore[reportUnknownArgumentType]
