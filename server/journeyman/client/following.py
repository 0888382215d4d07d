"""Following a chat for good: whatever happens to the connection, every durable event comes exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from journeyman.client.connection import Client
from journeyman.failures import Failure

RETRY_S = (0.1, 0.3, 1.0, 3.0, 5.0)

Connector = Callable[[], AbstractAsyncContextManager[Client]]


async def follow(
    connect: Connector, chat_id: str, after: dict[str, Any] | str = "tail", *, attempts: int | None = None
) -> AsyncGenerator[dict[str, Any]]:
    """The chat's events from `after` on, over as many connections as it takes (`connect` makes one).

    After a loss it goes on behind the last durable event that was taken. Gives up, with the last failure,
    after `attempts` connections in a row that brought nothing (None: never). Refusals that a new
    connection cannot help (an unknown chat, a wrong token) are raised. Leave the iteration early only
    under `contextlib.aclosing`: a connection is open behind it."""
    failed = 0
    place = after
    while True:
        try:
            async with connect() as client:
                async for event in client.events(chat_id, place):
                    failed = 0
                    if event.get("durable"):
                        place = {"epoch": event["epoch"], "seq": event["seq"]}
                    yield event
        except Failure as failure:
            lasting = failure.kind not in ("cancelled", "overloaded", "draining", "timeout") or (
                failure.kind == "cancelled" and not failure.retryable
            )
            failed += 1
            # No daemon there at all may pass: it is being started again.
            if (lasting and not _nobody_there(failure)) or (attempts is not None and failed >= attempts):
                raise
        await asyncio.sleep(RETRY_S[min(failed, len(RETRY_S)) - 1])


def _nobody_there(failure: Failure) -> bool:
    return failure.kind == "not_found" and "code" not in failure.data
