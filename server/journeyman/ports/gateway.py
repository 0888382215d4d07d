"""Where people's programs come in to a port of a workspace: a listener on this machine, for one port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from journeyman.ports.tunnel import Tunnel

Dial = Callable[[], Awaitable[Tunnel]]
"""A new connection to the program. Its failures are shown to whoever came."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Neither reaches the program inside."""

    token: str
    """In the link: whoever has it is let in."""
    cookie: str
    """What a browser is given in exchange, so that the token leaves the address bar."""


class Entrance(Protocol):
    @property
    def url(self) -> str:
        """The link, with its token."""
        ...

    def close(self) -> None:
        """No more come in, and who is in is thrown out. Again: nothing."""
        ...


class Gateway(Protocol):
    async def open(self, dial: Dial, secrets: Secrets) -> Entrance:
        """Listen on 127.0.0.1, on a port the system picks."""
        ...
