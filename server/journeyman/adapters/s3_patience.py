"""How long object storage may take, and how often it is asked again.

boto3's own repetitions are switched off: they multiply its timeouts, know no deadline for a whole call, and
wait inside a thread. Here every attempt has a deadline that grows with the bytes to carry, pauses grow with
each attempt and are drawn at random, and no attempt begins when the call has taken too long already.
Knows nothing of S3.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from journeyman.failures import Failure

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    connect_s: float = 5.0
    answer_s: float = 30.0
    """Longest silence, and what a call without content may take."""
    slowest_bytes_s: int = 32 * 1024
    """Content that comes slower than this is given up."""
    attempts: int = 4
    pause_s: float = 0.5
    """Longest pause before the second attempt; each further one doubles it."""
    pause_max_s: float = 10.0

    def deadline_s(self, size: int) -> float:
        """What one attempt that carries `size` bytes may take."""
        return self.answer_s + size / self.slowest_bytes_s

    def last_begin_s(self, size: int) -> float:
        """No attempt begins later than this after the first one."""
        return 1.5 * self.deadline_s(size)

    def pause(self, attempt: int, chance: float, asked_s: float = 0.0) -> float:
        """Seconds between attempt number `attempt` and the next; `chance` is drawn from 0 to 1. What the
        server asks for is heeded up to `pause_max_s`."""
        return min(self.pause_max_s, max(asked_s, chance * self.pause_s * 2 ** (attempt - 1)))


async def patiently(
    once: Callable[[], Awaitable[T]],
    patience: Patience,
    *,
    size: int,
    monotonic: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
    chance: Callable[[], float],
) -> T:
    """The first answer of `once` that is not a `retryable` failure, or the last failure."""
    begun, attempt = monotonic(), 1
    while True:
        try:
            return await once()
        except Failure as failure:
            late = monotonic() - begun > patience.last_begin_s(size)
            if not failure.retryable or attempt == patience.attempts or late:
                raise
            pause_s = patience.pause(attempt, chance(), (failure.retry_after_ms or 0) / 1000)
            log.info("attempt %d failed, another in %.1f s: %s", attempt, pause_s, failure.message)
        await sleep(pause_s)
        attempt += 1
