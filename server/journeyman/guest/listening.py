"""The ports programs listen on in the workspace, seen from the daemon."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, cast

from journeyman.guest.channel import Channel
from journeyman.guest.frames import lost
from journeyman.guest.inside.listening import PORTS_MAX
from journeyman.ports.tunnel import ListeningPort


class GuestPortWatch:
    """Implements `ports.guest.PortWatch`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def changes(self) -> AsyncIterator[tuple[ListeningPort, ...]]:
        try:
            while (data := await self._channel.receive()) is not None:
                try:
                    found = listening_ports(json.loads(data))
                except (ValueError, KeyError, TypeError, RecursionError):
                    raise lost("its ports cannot be read") from None
                yield found
        finally:
            self.close()

    def close(self) -> None:
        self._channel.close()


def listening_ports(told: Any) -> tuple[ListeningPort, ...]:
    """Raises ValueError, KeyError or TypeError where it is no list of ports."""
    found: list[ListeningPort] = []
    for each in cast("list[dict[str, Any]]", told)[:PORTS_MAX]:
        port, pid, command = int(each["port"]), each["pid"], each["command"]
        group = each.get("group")
        if not 0 < port < 65536:
            raise ValueError("not a port")
        found.append(
            ListeningPort(
                port,
                str(each["address"])[:64],
                None if pid is None else int(pid),
                None if command is None else str(command)[:200],
                None if group is None else int(group),
            )
        )
    return tuple(found)
