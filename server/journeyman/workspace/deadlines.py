"""Every wait of the workspace manager has a deadline; these are they, in seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from journeyman.failures import Failure


@dataclass(frozen=True, slots=True)
class Deadlines:
    ping_s: float = 5.0
    store_s: float = 60.0
    sandbox_s: float = 120.0
    files_s: float = 300.0
    """Making or moving a private directory."""
    pointer_s: float = 120.0
    """Asking object storage for the newest archive."""
    archive_s: float = 6 * 3600.0
    """A whole archive or restore; the engine has narrower ones of its own."""


@asynccontextmanager
async def within(seconds: float, what: str) -> AsyncGenerator[None]:
    """Give the block `seconds`; a wait that takes longer is a `timeout` failure that names `what`."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise Failure(
            "timeout",
            f"{what} took too long.",
            hint="Try again; if it goes on, run `journeyman doctor`.",
            retryable=True,
        ) from error
