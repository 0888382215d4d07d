"""The command line's connection to the daemon: found or started, and every command's one way to ask it.

Commands write `call(lambda client: client.request(...))`; what they need of a client is `Link`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Answerer = Callable[[dict[str, Any]], Awaitable[Any]]


class Link(Protocol):
    """The part of the daemon's client that commands use."""

    async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of a method. Raises `Failure` with the daemon's sentence and hint."""
        ...

    def on(self, method: str, handler: Callable[[dict[str, Any]], None]) -> object:
        """Call `handler` with the params of every notification of that method."""
        ...


class LastingLink(Link, Protocol):
    """One whose end can be waited for, by who waits for notifications only."""

    async def ended(self) -> None:
        """Wait until the connection has ended."""
        ...


@asynccontextmanager
async def linked(socket: Path | None = None, *, start: bool = True) -> AsyncGenerator[LastingLink, None]:
    """A connection to the daemon at `socket`, by default the user's own, which is started where none runs."""
    from journeyman.client.connection import Client

    async with Client.connect(socket=socket, start=start) as client:
        yield client


def call(ask: Callable[[LastingLink], Awaitable[T]], *, start: bool = True) -> T:
    """Connect, ask, disconnect; for commands, which are not asynchronous themselves."""

    async def go() -> T:
        async with linked(start=start) as client:
            return await ask(client)

    return asyncio.run(go())


def call_attended(
    ask: Callable[[LastingLink], Awaitable[T]], capabilities: dict[str, Any], answers: dict[str, Answerer]
) -> T:
    """`call` for a command that answers requests of the daemon, with somebody at the terminal."""
    from journeyman.client.connection import Client

    async def go() -> T:
        async with Client.connect(capabilities=capabilities) as client:
            for method, answer in answers.items():
                client.on_request(method, answer)
            return await ask(client)

    return asyncio.run(go())
