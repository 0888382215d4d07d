"""Every task of the daemon has an owner, and this is the only module that makes one.

`Supervisor` owns tasks that live as long as the daemon (connections, runs, the sweeper). Work with a
narrower owner uses `asyncio.TaskGroup`. A supervised task starts with a clean context, so that it does
not wear the run id of whoever happened to start it; its failure is logged and does not end its siblings.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Supervisor:
    """Owns daemon-lifetime tasks; `close` cancels what is left and waits for it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run `work` until it ends or the supervisor closes. After `close` the work is refused."""
        if self._closed:
            work.close()
            raise RuntimeError(f"the supervisor is closed; cannot start {name}")
        task = asyncio.get_running_loop().create_task(work, name=name, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def uninterrupted(self, work: Coroutine[Any, Any, T], *, name: str, grace_s: float = 2.0) -> T:
        """What `work` answers. A cancellation of who asks does not reach it, but waits for it, at most
        `grace_s` seconds. `work` answers its failures and does not raise them."""
        task = self.start(work, name=name)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                await asyncio.wait([task], timeout=grace_s)
            raise

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task %s failed", task.get_name(), exc_info=error)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(task.get_name() for task in self._tasks))

    async def close(self, *, grace_s: float = 10.0) -> None:
        """Cancel every task and wait up to `grace_s` seconds for them to end."""
        self._closed = True
        # A supervised task may itself be the one that closes us (a signal handler's shutdown, say).
        me = asyncio.current_task()
        pending = {task for task in self._tasks if task is not me}
        for task in pending:
            task.cancel()
        if pending:
            _, stuck = await asyncio.wait(pending, timeout=grace_s)
            for task in stuck:
                log.error("task %s did not end within %.0f s of being cancelled", task.get_name(), grace_s)
