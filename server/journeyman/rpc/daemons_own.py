"""Work that a request begins and that is the daemon's from then on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from journeyman.tasks import Supervisor

T = TypeVar("T")


async def as_the_daemons_own(supervisor: Supervisor, work: Callable[[], Awaitable[T]], name: str) -> T:
    """What `work` answers or raises. A client that leaves meanwhile leaves no half of it behind."""
    outcome: list[T | Exception] = []

    async def doing() -> None:
        try:
            outcome.append(await work())
        except Exception as error:  # noqa: BLE001 - handed to the request, which waits for it
            outcome.append(error)

    await asyncio.shield(supervisor.start(doing(), name=name))
    if isinstance(found := outcome[0], Exception):
        raise found
    return found
