"""What every refusal must look like, and runs that must end in a stated result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from e2e.daemons import Place
from journeyman.client.connection import Client
from journeyman.failures import Failure

DEADLINE_S = 60.0


@asynccontextmanager
async def served(place: Place, *arguments: str) -> AsyncGenerator[Client]:
    """A real daemon on `place`, and a client of it."""
    process = await asyncio.to_thread(place.start, *arguments)
    try:
        async with Client.connect(socket=place.socket) as client:
            yield client
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)
        assert process.stdout is not None
        process.stdout.close()


async def refused(client: Client, method: str, params: dict[str, Any]) -> Failure:
    """The refusal, after checking that it is one a person can use."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            answer = await client.request(method, params)
    except Failure as failure:
        check(failure, f"{method} {params}")
        return failure
    raise AssertionError(f"{method} {params} was not refused: {answer}")


def check(failure: Failure, what: str) -> None:
    assert failure.message.strip(), what
    assert "\n" not in failure.message.strip(), f"{what}: more than a sentence: {failure.message}"
    assert len(failure.message) < 400, f"{what}: {failure.message}"
    for text in (failure.message, failure.hint):
        assert "Traceback" not in text, what
        assert 'File "' not in text, what
    assert failure.data.get("kind") == failure.kind, f"{what}: no kind"
    assert isinstance(failure.data.get("retryable"), bool), f"{what}: does not say whether to try again"
    if failure.kind != "internal":
        assert failure.hint or failure.kind == "cancelled", (
            f"{what}: does not say what to do: {failure.message}"
        )


async def ended(client: Client, **params: Any) -> dict[str, Any]:
    """The result of a run, which must come."""
    async with asyncio.timeout(DEADLINE_S):
        run: dict[str, Any] = await client.request(
            "agent/run", {"prompt": "Do it.", "mode": "execute", **params}
        )
    assert run["status"] in ("completed", "partial", "blocked", "cancelled", "failed")
    assert run["stopReason"], run
    assert run["summary"].strip(), run
    assert "Traceback" not in run["summary"], run
    return run
