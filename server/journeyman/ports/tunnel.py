"""Connections of programs in a workspace: those the daemon makes, those that want to leave, and where
programs listen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ListeningPort:
    port: int
    address: str
    """One that `Guest.connect` reaches: 127.0.0.1, 0.0.0.0, ::1 or ::."""
    pid: int | None = None
    """Whose it is, in the workspace; None where that cannot be seen."""
    command: str | None = None
    """How that was started, at most 200 characters."""
    group: int | None = None
    """Its process group: the process that was spawned, where it is no daemon. None: not known."""


class PortWatch(Protocol):
    """Looks at the listening ports while it is there, and not longer."""

    def changes(self) -> AsyncIterator[tuple[ListeningPort, ...]]:
        """The whole list at once, and again after every change. Ends with the workspace (`Failure`)."""
        ...

    def close(self) -> None: ...


class Tunnel(Protocol):
    """A connection to (or from) a program in the workspace. Each side may end its half. What is not read
    yet is bounded, and so is what the program has not taken: `send` waits for it, without a deadline.
    A connection that broke off inside raises `cancelled`."""

    async def receive(self) -> bytes | None:
        """The next bytes; None when the program ended its half and everything was taken."""
        ...

    async def send(self, data: bytes) -> None:
        """What a program that takes no more does not want is thrown away."""
        ...

    def end(self) -> None:
        """Nothing more comes from our side."""
        ...

    async def over(self) -> None:
        """Returns once both halves ended and the program took everything that was sent."""
        ...

    def close(self) -> None:
        """Let go of it. Where it is not over both ways yet, the program sees a reset. Again: nothing."""
        ...


class Knock(Protocol):
    """A program in the workspace has connected to its proxy."""

    async def accept(self) -> Tunnel:
        """The connection, from its first byte on. Raises where it is there no more."""
        ...

    def turn_away(self) -> None:
        """There is no room for it; the guest says so."""
        ...


class WayOut(Protocol):
    """The right to answer the connections of one workspace, until it is closed or somebody else has it."""

    def knocks(self) -> AsyncIterator[Knock]:
        """Connections as they come, those that wait already first. Ends when another took over; raises when
        the connection to the guest is lost."""
        ...

    def close(self) -> None: ...
