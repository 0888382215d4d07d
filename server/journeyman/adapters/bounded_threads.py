"""Threads for a library that blocks: a bounded number, whatever becomes of the calls.

A caller that gives up (a deadline, a cancellation) is let go at once. A thread cannot be ended from outside,
so its call goes on and keeps its place until the library lets it go: a server that hangs costs at most
`count` threads, and those who come later wait for a place under their own deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class BoundedThreads:
    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._pool: ThreadPoolExecutor | None = None
        self._begun: set[Future[Any]] = set()

    @property
    def busy(self) -> int:
        """How many calls were begun, or wait for a place, and have not ended; given up or not."""
        return len(self._begun)

    async def run(self, work: Callable[[], T]) -> T:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._count, thread_name_prefix=self._name)
        future = self._pool.submit(work)
        self._begun.add(future)
        future.add_done_callback(self._begun.discard)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Take no more work; idle threads end now, the others when their call does."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
