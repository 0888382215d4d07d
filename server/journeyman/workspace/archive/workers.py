"""Threads for hashing and compressing, and a task group that raises what went wrong, not a group of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import anyio
import anyio.to_thread

T = TypeVar("T")

THREADS = 2


class Workers:
    """A bounded number of threads for work that would hold the event loop."""

    def __init__(self, threads: int = THREADS) -> None:
        self._limiter = anyio.CapacityLimiter(threads)

    async def run(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._limiter)


@asynccontextmanager
async def task_group() -> AsyncGenerator[asyncio.TaskGroup]:
    """An `asyncio.TaskGroup` whose first failure comes out bare, so that callers see a `Failure`."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        raise _first(errors) from errors


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    first: BaseException = errors.exceptions[0]
    while isinstance(first, BaseExceptionGroup):
        first = cast("BaseExceptionGroup[BaseException]", first).exceptions[0]
    return first


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end even when the caller is cancelled meanwhile; the cancellation is then used
    up. For the one step that must not be left half known."""
    async with task_group() as group:
        task = group.create_task(work)
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                me = asyncio.current_task()
                if me is not None:
                    me.uncancel()
        return task.result()
