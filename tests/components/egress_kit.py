"""Egress of a workspace in tests: policy, a dialer that leads to loopback, and what was told of refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from journeyman.egress.policy import Mode, policy_of
from journeyman.egress.proxy import Limits
from journeyman.egress.service import Egress
from journeyman.ports.clock import Clock, SystemClock
from journeyman.tasks import Supervisor
from journeyman.testing.dialer import MappedDialer

PUBLIC = "93.184.215.14"
"""Stands for every server of the tests."""


@dataclass
class EgressKit:
    dialer: MappedDialer
    egress: Egress
    supervisor: Supervisor
    told: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    news: asyncio.Event = field(default_factory=asyncio.Event)
    run: str | None = None

    async def until_told(self, count: int) -> None:
        async with asyncio.timeout(60):
            while len(self.told) < count:
                self.news.clear()
                await self.news.wait()


def egress_kit(
    supervisor: Supervisor,
    servers: Mapping[str, int],
    *,
    allow: Sequence[str] | None = None,
    mode: Mode = "allowlist",
    names: Mapping[str, Sequence[str]] | None = None,
    limits: Limits | None = None,
    clock: Clock | None = None,
) -> EgressKit:
    """`servers`: `host:port` to the port on loopback that stands for it; each host is allowed unless `allow`
    says otherwise. `names` adds names that lead elsewhere."""
    addresses: dict[str, Sequence[str]] = {}
    mapped: dict[tuple[str, int], int] = {}
    for number, (place, port) in enumerate(servers.items()):
        host, _, wanted = place.rpartition(":")
        addresses.setdefault(host, [f"93.184.{number}.1"])
        mapped[addresses[host][0], int(wanted)] = port
    dialer = MappedDialer({**addresses, **(names or {})}, mapped)
    hosts = [*servers] if allow is None else [*allow]

    async def tell(project_id: str, sentence: str, hint: str) -> None:
        kit.told.append((project_id, sentence, hint))
        kit.news.set()

    egress = Egress(
        policy_of(mode, hosts),
        dialer,
        clock=clock or SystemClock(),
        supervisor=supervisor,
        listening=lambda _: kit.run,
        tell=tell,
        limits=limits or Limits(linger_s=0.5),
    )
    kit = EgressKit(dialer, egress, supervisor)
    return kit
