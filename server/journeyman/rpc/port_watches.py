"""The projects whose ports one client watches: the whole list after every change, at the client's pace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from journeyman.failures import Failure
from journeyman.rpc import wire
from journeyman.rpc.peer import Peer

if TYPE_CHECKING:
    from journeyman.workspace.ports import PortFact, Ports

PER_CONNECTION_MAX = 64


class PortWatches:
    """Belongs to one connection; they end with it."""

    def __init__(self, peer: Peer, ports: Ports) -> None:
        self._peer = peer
        self._ports = ports
        self._ends: dict[str, Callable[[], None]] = {}
        self._closed = False

    def check_room(self, project_id: str) -> None:
        """Raise `overloaded` where this connection watches too much already."""
        if project_id not in self._ends and len(self._ends) >= PER_CONNECTION_MAX:
            raise Failure(
                "overloaded",
                f"This connection watches the ports of {PER_CONNECTION_MAX} projects.",
                hint="End one with workspace/ports and `watch: false`.",
            )

    def add(self, project_id: str, known: tuple[PortFact, ...]) -> None:
        """Tell the client what is different from `known`, the answer it is about to get."""
        if self._closed or project_id in self._ends:
            return
        news = asyncio.Event()
        stop = self._ports.watch(project_id, news.set)
        task = self._peer.start(self._pump(project_id, known, news), f"ports of {project_id}")

        def end() -> None:
            stop()
            task.cancel()

        self._ends[project_id] = end

    def end(self, project_id: str) -> None:
        """Stop one. Where there is none: nothing."""
        if (end := self._ends.pop(project_id, None)) is not None:
            end()

    def close(self) -> None:
        self._closed = True
        for project_id in list(self._ends):
            self.end(project_id)

    async def _pump(self, project_id: str, known: tuple[PortFact, ...], news: asyncio.Event) -> None:
        while True:
            await news.wait()
            news.clear()
            found = await self._ports.seen(project_id)
            if found != known:
                known = found
                self._peer.notify("workspace/didChangePorts", wire.ports(project_id, found).wire())
                await self._peer.outbox.room()
