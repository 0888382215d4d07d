"""One daemon's connection to the fake world, and what can go wrong with it: a call that fails before or
after its effect, one that hangs, and one the daemon does not survive."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Fault:
    port: str
    error: Callable[[], BaseException]
    nth: int = 1
    """Which call of that port fails, counted from 1; 0: every one."""
    after: bool = False
    """Whether the call has its effect and only the answer is lost."""
    struck: int = 0

    async def strike(self) -> None:
        self.struck += 1
        raise self.error()


class Hang(Fault):
    """The call does not come back."""

    async def strike(self) -> None:
        self.struck += 1
        await asyncio.Event().wait()


@dataclass
class Life:
    """One daemon's connection to the world."""

    fault: Fault | None = None
    die_at: int | None = None
    """The number of the port call, over all ports, that this daemon does not survive."""
    die_after: bool = False
    dead: bool = False
    calls: list[str] = field(default_factory=list)

    async def call(self, port: str, work: Callable[[], Awaitable[Any]]) -> Any:
        if self.dead:
            raise asyncio.CancelledError  # nothing of a dead daemon reaches the world
        self.calls.append(port)
        number = len(self.calls)
        nth = self.calls.count(port) if self.fault is not None else 0
        await asyncio.sleep(0)
        fault = self.fault
        hit = fault is not None and fault.port == port and fault.nth in (0, nth)
        dying = self.die_at == number
        if dying and not self.die_after:
            await self._die()
        if hit and fault is not None and not fault.after:
            await fault.strike()
        answer = await work()
        if dying:
            await self._die()
        if hit and fault is not None:
            await fault.strike()
        return answer

    async def _die(self) -> None:
        self.dead = True
        await asyncio.Event().wait()


def port(name: str) -> Callable[[Any], Any]:
    def wrap(method: Any) -> Any:
        @functools.wraps(method)
        async def called(self: Any, *args: Any, **kwargs: Any) -> Any:
            return await self.life.call(name, lambda: method(self, *args, **kwargs))

        return called

    return wrap
