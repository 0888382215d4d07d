"""One port of a workspace that is open on this machine: its connections, and what they keep hot.

While bytes pass, and `hold_s` after the last, it holds its workspace; one that nobody looks at holds nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from journeyman.failures import Failure
from journeyman.ports.clock import Clock
from journeyman.ports.gateway import Entrance
from journeyman.ports.guest import Guest
from journeyman.ports.tunnel import Tunnel
from journeyman.tasks import Supervisor
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.registry import Hold
from journeyman.workspace.transfer import guest_of

HOLD: Hold = "preview"


class Owner(Protocol):
    manager: WorkspaceManager
    supervisor: Supervisor
    clock: Clock

    def count(self, project_id: str, change: int) -> None: ...


class Forward:
    """Made by `Forwards.open`, which sets its entrance."""

    entrance: Entrance

    def __init__(self, owner: Owner, project_id: str, port: int, *, hold_s: float) -> None:
        self.project_id = project_id
        self.port = port
        self._owner = owner
        self._hold_s = hold_s
        self._used = 0.0
        self._guest: Guest | None = None
        self._getting = asyncio.Lock()
        self._holding: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return self.entrance.url

    @property
    def in_use(self) -> bool:
        return self._holding is not None

    def touch(self) -> None:
        self._used = self._owner.clock.monotonic()

    async def dial(self) -> Tunnel:
        """A connection to the program, in a workspace that stays hot from here on."""
        self._owner.count(self.project_id, 1)
        try:
            tunnel = await self._connect()
        except BaseException as error:  # who is cancelled is not counted either
            self._owner.count(self.project_id, -1)
            if isinstance(error, Failure) and error.kind == "not_found":
                error.hint = "Start the program there, and load this page again."
            raise
        return UsedTunnel(tunnel, self, lambda: self._owner.count(self.project_id, -1))

    async def _connect(self) -> Tunnel:
        try:
            return await (await self.at_hand()).connect(self.port)
        except Failure as failure:
            if failure.kind != "workspace_failed":
                raise
            self._guest = None  # of an instance that is gone, perhaps
            return await (await self.at_hand()).connect(self.port)

    async def at_hand(self) -> Guest:
        """The guest, of a workspace that is held."""
        async with self._getting:
            self.touch()
            if self._guest is None or self._holding is None:
                async with guest_of(self._owner.manager, self.project_id) as guest:
                    if self._holding is None:
                        await self._hold()
                    self._guest = guest
            return self._guest

    async def _hold(self) -> None:
        held: asyncio.Future[WorkspaceError | None] = asyncio.get_running_loop().create_future()
        self._holding = self._owner.supervisor.start(self._keep(held), name=f"preview of {self.project_id}")
        self._holding.add_done_callback(lambda _: held.cancel())
        if (error := await held) is not None:
            raise error.as_failure()

    async def _keep(self, told: asyncio.Future[WorkspaceError | None]) -> None:
        manager, clock = self._owner.manager, self._owner.clock
        holds = True
        try:
            held = await manager.hold(self.project_id, HOLD)
            holds = not isinstance(held, WorkspaceError)
            if not told.done():
                told.set_result(held if isinstance(held, WorkspaceError) else None)
            while holds and (left := self._used + self._hold_s - clock.monotonic()) > 0:
                await clock.sleep(left)
        finally:
            self._holding = self._guest = None
            if holds:
                await manager.let_go(self.project_id, HOLD)

    def close(self) -> None:
        self.entrance.close()
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None


class UsedTunnel:
    """Implements `ports.guest.Tunnel`; every byte is a use of the forward. Once the hold ran out in
    silence, it is the visitor's bytes that bring it back, and not the program's."""

    def __init__(self, tunnel: Tunnel, forward: Forward, closed: Callable[[], None]) -> None:
        self._tunnel = tunnel
        self._forward = forward
        self._closed: Callable[[], None] | None = closed

    async def receive(self) -> bytes | None:
        data = await self._tunnel.receive()
        self._forward.touch()
        return data

    async def send(self, data: bytes) -> None:
        if self._forward.in_use:
            self._forward.touch()
        else:
            await self._forward.at_hand()
        await self._tunnel.send(data)

    def end(self) -> None:
        self._tunnel.end()

    async def over(self) -> None:
        await self._tunnel.over()

    def close(self) -> None:
        self._tunnel.close()
        closed, self._closed = self._closed, None
        if closed is not None:
            closed()
