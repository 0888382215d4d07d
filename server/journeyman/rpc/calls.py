"""Requests in flight on one connection: their cancelling, their order, and what follows their answer.

Requests with the same scope key (a project or a chat) begin in the order they came; one that lasts gives
up its turn once its place is settled (`Call.pass_turn`), so that a held `agent/run` does not hold up a
`todo/update` behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from journeyman.rpc.refusals import refuse

Ident = int | str
ScopeKey = tuple[str, str]


def id_of(message: Mapping[str, Any]) -> Ident | None:
    """The id of a request; None where there is none, or one that cannot be."""
    value = message.get("id")
    return value if isinstance(value, int | str) and not isinstance(value, bool) else None


class Turns:
    """First come, first served, per key. A key nobody waits for takes no memory."""

    def __init__(self) -> None:
        self._last: dict[ScopeKey, asyncio.Future[None]] = {}

    def __len__(self) -> int:
        return len(self._last)

    def take(self, key: ScopeKey | None) -> Turn:
        """A place in the queue, taken now."""
        if key is None:
            return FREE
        over = asyncio.get_running_loop().create_future()
        before = self._last.get(key)
        self._last[key] = over

        def forget(_: asyncio.Future[None]) -> None:
            if self._last.get(key) is over:
                del self._last[key]

        over.add_done_callback(forget)
        return Turn(before, over)


class Turn:
    def __init__(self, before: asyncio.Future[None] | None, over: asyncio.Future[None] | None) -> None:
        self._before = before
        self._over = over

    async def come(self) -> None:
        if self._before is not None:
            await asyncio.shield(self._before)

    def pass_on(self) -> None:
        """Let the next one begin. Of a request that is cancelled while it still waits, the place in the
        queue passes on in order: nobody overtakes."""
        if self._before is None or self._before.done():
            self._finish(None)
        else:
            self._before.add_done_callback(self._finish)

    def _finish(self, _: asyncio.Future[None] | None) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(None)


FREE = Turn(None, None)
"""Of those that wait for nobody, and nobody for them."""


class Call:
    """One request being served."""

    def __init__(self, ident: Ident, method: str, turn: Turn) -> None:
        self.ident = ident
        self.method = method
        self.cancel_asked = asyncio.Event()
        self._turn = turn
        self._task: asyncio.Task[None] | None = None
        self._cooperative = False
        self._after: list[Callable[[], None]] = []

    def runs_in(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def cancel(self) -> None:
        """The client asked for it (`$/cancelRequest`). The request is still answered."""
        if not self.cancel_asked.is_set():
            self.cancel_asked.set()
            if not self._cooperative and self._task is not None:
                self._task.cancel()

    def cancel_by_myself(self) -> None:
        """From now on a cancel only sets `cancel_asked`, and the handler ends in its own way. For work
        that must not be cut between two effects."""
        self._cooperative = True

    def after_answer(self, do: Callable[[], None]) -> None:
        """Run `do` right after the answer was queued; not at all where the answer is an error."""
        self._after.append(do)

    def answered(self) -> None:
        for do in self._after:
            do()

    async def come(self) -> None:
        await self._turn.come()

    def pass_turn(self) -> None:
        self._turn.pass_on()


class Calls:
    """The table of requests in flight."""

    def __init__(self) -> None:
        self._calls: dict[Ident, Call] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def __contains__(self, ident: Ident) -> bool:
        return ident in self._calls

    def check_room(self, ident: Ident, most: int) -> None:
        """Whether a request of this id may come in now. Raises a refusal."""
        if ident in self._calls:
            raise refuse("invalid_request", "A request with this id is still being served.")
        if len(self._calls) >= most:
            raise refuse(
                "overloaded",
                f"This connection has {most} requests in flight.",
                "Wait for answers before sending more.",
                retryable=True,
                retry_after_ms=100,
            )

    def add(self, call: Call) -> None:
        self._calls[call.ident] = call

    def remove(self, call: Call) -> None:
        self._calls.pop(call.ident, None)

    def cancel(self, ident: Any) -> bool:
        call = self._calls.get(ident) if isinstance(ident, int | str) else None
        if call is None:
            return False
        call.cancel()
        return True
