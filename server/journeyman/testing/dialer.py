"""A dialer for tests: names lead to public addresses that nobody has, and those to servers on loopback.

So everything between the name and the address is checked as it is for real, and nothing leaves the machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

from journeyman.adapters.dialer import SystemDialer
from journeyman.failures import Failure
from journeyman.ports.dialer import Found, Stream


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class MappedDialer:
    """`names`: host to addresses; `servers`: (address, port) to the port on loopback that stands for it."""

    def __init__(
        self, names: Mapping[str, Sequence[str]], servers: Mapping[tuple[str, int], int] | None = None
    ) -> None:
        self.names = dict(names)
        self.servers = dict(servers or {})
        self.resolved: list[str] = []
        self.dialled: list[tuple[tuple[str, ...], int]] = []
        self._system = SystemDialer()

    async def resolve(self, host: str) -> tuple[Found, ...]:
        self.resolved.append(host)
        if host not in self.names and _is_address(host):
            return (Found(host),)
        if host not in self.names:
            raise Failure("not_found", f"{host} has no address.")
        return tuple(Found(address) for address in self.names[host])

    async def dial(self, addresses: Sequence[str], port: int) -> Stream:
        self.dialled.append((tuple(addresses), port))
        for address in addresses:
            if (address, port) in self.servers:
                return await self._system.dial(["127.0.0.1"], self.servers[address, port])
        raise Failure("workspace_failed", "None of the addresses answers.", retryable=True)
