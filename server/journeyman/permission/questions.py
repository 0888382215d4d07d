"""Questions that are open: stored, told, waited for, and ended by exactly one answer, whoever gives it.

Knows no policy: what is asked, and what an answer means, is `service.py`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from journeyman.failures import Failure
from journeyman.permission.telling import permission_data
from journeyman.ports.clock import Clock
from journeyman.ports.events import Announcer
from journeyman.ports.store import PermissionStore
from journeyman.records import EventKind, Permission, PermissionState
from journeyman.tasks import Supervisor

T = TypeVar("T")

PENDING_MAX = 16
"""Most questions of one run that wait for an answer; more are refused to the model."""


class Listener(Protocol):
    """Who shows questions to people. Called after the question, or its end, was stored; must not wait."""

    def requested(self, permission: Permission) -> None: ...

    def resolved(self, permission: Permission) -> None: ...

    def attended(self, chat_id: str) -> bool:
        """Whether somebody would be shown a question of this chat now."""
        ...


class _Waiter:
    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.decided = asyncio.Event()


class Questions:
    def __init__(
        self, store: PermissionStore, events: Announcer, clock: Clock, supervisor: Supervisor
    ) -> None:
        self._store = store
        self._events = events
        self._clock = clock
        self._supervisor = supervisor
        self._waiting: dict[str, _Waiter] = {}
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def attended(self, chat_id: str) -> bool:
        return any(listener.attended(chat_id) for listener in self._listeners)

    async def ask(self, permission: Permission) -> Permission:
        """Store the question, show it, and wait for its end: an answer, or its time. Raises `overloaded`."""
        waiting = sum(each.run_id == permission.run_id for each in self._waiting.values())
        if waiting >= PENDING_MAX:
            raise Failure("overloaded", f"{PENDING_MAX} questions of this run wait for an answer already.")
        # Before anybody can answer it.
        waiter = self._waiting[permission.id] = _Waiter(permission.run_id)
        try:
            await self._store.add(permission)
            await self._tell("permission/requested", permission)
            for listener in tuple(self._listeners):
                listener.requested(permission)
            if not await self._in_time(waiter.decided, permission):
                # An answer that came in this very instant is there already, and counts.
                return (await self.decide(permission, "expired"))[0]
            return await self._store.get(permission.id)
        finally:
            del self._waiting[permission.id]

    async def decide(
        self,
        permission: Permission,
        state: PermissionState,
        *,
        option_id: str | None = None,
        feedback: str = "",
        by: str | None = None,
    ) -> tuple[Permission, bool]:
        """End it, where it is open. Answers it as it is now, and whether this is what ended it. Goes on to
        its end whatever becomes of who asked for it: a client that answers and leaves has answered."""

        async def work() -> tuple[Permission, bool]:
            decided, first = await self._store.decide(
                permission.id, state, at=self._clock.now(), option_id=option_id, feedback=feedback, by=by
            )
            if first:
                try:
                    await self._tell("permission/resolved", decided)
                finally:
                    self._ended(decided)
            return decided, first

        return await self._surely(work())

    def _ended(self, permission: Permission) -> None:
        if waiter := self._waiting.get(permission.id):
            waiter.decided.set()
        for listener in tuple(self._listeners):
            listener.resolved(permission)

    async def _in_time(self, decided: asyncio.Event, permission: Permission) -> bool:
        left_s = (permission.expires_at - self._clock.now()).total_seconds()
        async with asyncio.TaskGroup() as tasks:
            answer = tasks.create_task(decided.wait())
            expiry = tasks.create_task(self._clock.sleep(max(left_s, 0.0)))
            await asyncio.wait({answer, expiry}, return_when=asyncio.FIRST_COMPLETED)
            answer.cancel()
            expiry.cancel()
        return decided.is_set()

    async def _surely(self, work: Coroutine[Any, Any, T]) -> T:
        outcome: list[T | Exception] = []

        async def do() -> None:
            try:
                outcome.append(await work)
            except Exception as error:  # noqa: BLE001 - handed to who waits for it
                outcome.append(error)

        try:
            task = self._supervisor.start(do(), name="decide a permission")
        except RuntimeError as error:
            work.close()
            raise Failure("draining", "The daemon is shutting down.", retryable=True) from error
        await asyncio.shield(task)
        if isinstance(done := outcome[0], Exception):
            raise done
        return done

    async def _tell(self, kind: EventKind, permission: Permission) -> None:
        data = permission_data(permission)
        await self._events.append(
            permission.chat_id, kind, data, run_id=permission.run_id, item_id=permission.call_id
        )
