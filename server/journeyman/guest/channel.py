"""One call over a connection, seen from the daemon: pieces both ways under credit, and one answer."""

from __future__ import annotations

import asyncio
import collections
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from journeyman.failures import Failure
from journeyman.guest.held import HeldFrame
from journeyman.guest.inside import wire


class FrameSink(Protocol):
    def send(
        self, channel: int, kind: int, payload: bytes | memoryview = b"", *, last: bool = False
    ) -> None: ...
    def send_now(self, frame: bytes) -> None: ...
    async def drained(self) -> None: ...
    def forget(self, ident: int) -> None: ...


class Channel:
    def __init__(self, connection: FrameSink, ident: int) -> None:
        self.ident = ident
        self.on_note: Callable[[dict[str, Any]], None] | None = None
        self.on_result: Callable[[dict[str, Any]], None] | None = None
        self._connection = connection
        self._inbox: collections.deque[bytes] = collections.deque()
        self._unconsumed = 0
        self._ungranted = 0
        self._credit = wire.WINDOW
        self._answer: dict[str, Any] | None = None
        self._failure: Failure | None = None
        self._deaf = False
        self._no_more = False
        self._discarding = False
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def failure(self) -> Failure | None:
        """Why the call ended without an answer, as soon as that is known."""
        return self._failure

    @property
    def ended(self) -> bool:
        return self._answer is not None or self._failure is not None

    @asynccontextmanager
    async def within(self, seconds: float, too_late: Failure) -> AsyncGenerator[None]:
        """The block has that long. Where it does not come to its end, the call is closed, whatever it was."""
        done = False
        try:
            async with asyncio.timeout(seconds):
                yield
            done = True
        except TimeoutError:
            raise too_late from None
        finally:
            if not done:
                self.close()

    async def receive(self) -> bytes | None:
        """The next piece; None once the guest said that there are no more, or the answer is there, and every
        piece was taken. Raises the failure."""
        while not self._inbox:
            if self._failure is not None:
                raise self._failure
            if self._answer is not None or self._no_more:
                return None
            await self._changed()
        data = self._inbox.popleft()
        self._unconsumed -= len(data)
        self._ungranted += len(data)
        if self._ungranted >= wire.WINDOW // 2 and not self.ended:
            self._connection.send(self.ident, wire.CREDIT, struct.pack("!I", self._ungranted))
            self._ungranted = 0
        return data

    async def send(self, data: bytes, *, last: bool = False) -> None:
        """Send under credit, and say that it was the last. Data the other side has no use for any more is
        dropped."""
        view = memoryview(data)
        while view:
            while self._credit <= 0 and not self.ended and not self._deaf:
                await self._changed()
            if self._failure is not None:
                raise self._failure
            if self._answer is not None or self._deaf:
                return
            piece = view[: wire.PIECE]
            view = view[len(piece) :]
            self._credit -= len(piece)
            self._connection.send(self.ident, wire.DATA, piece, last=last and not view)
            await self._connection.drained()
        if last and not data:
            self.end()

    def hold(self, data: bytes) -> HeldFrame:
        """All there is to send, as a frame that can be sent from any thread. Credit is taken for it now."""
        if self._failure is not None:
            raise self._failure
        if len(data) > min(wire.PIECE, self._credit):
            raise ValueError("more than can be held")
        self._credit -= len(data)
        header, end = (
            wire.HEADER.pack(len(data), self.ident, wire.DATA),
            wire.HEADER.pack(0, self.ident, wire.END),
        )
        return HeldFrame(self._connection.send_now, b"".join((header, data, end)))

    def end(self) -> None:
        """Nothing more comes from our side."""
        self._connection.send(self.ident, wire.END)

    def note(self, message: dict[str, Any]) -> None:
        if not self.ended:
            self._connection.send(self.ident, wire.NOTE, wire.to_json(message))

    async def result(self) -> dict[str, Any]:
        """The answer; pieces that nobody took are thrown away."""
        while (await self.receive()) is not None:
            pass
        await self.noted(lambda: False)
        assert self._answer is not None
        return self._answer

    async def noted(self, condition: Callable[[], bool]) -> None:
        """Wait until a note made `condition` true, or the answer came. Raises the failure."""
        while not condition():
            if self._failure is not None:
                raise self._failure
            if self._answer is not None:
                return
            await self._changed()

    def discard(self) -> None:
        """Tell the guest that no more pieces are wanted; notes and the answer still come."""
        if not self.ended and not self._discarding:
            self._discarding = True
            self._inbox.clear()
            self._unconsumed = 0
            self._connection.send(self.ident, wire.CANCEL)

    def close(self) -> None:
        """Drop the call; the guest stops working on it."""
        self.discard()
        self._connection.forget(self.ident)
        if not self.ended:
            self.take_failure(Failure("cancelled", "The call was dropped."))

    def stop_sending(self) -> None:
        self._deaf = True
        self._wake()

    # What the connection calls.

    def take_data(self, data: bytes) -> None:
        if self._discarding:
            return
        self._unconsumed += len(data)
        if self._unconsumed > wire.WINDOW + wire.FRAME_MAX:
            raise ValueError("more data than credit")
        self._inbox.append(data)
        self._wake()

    def take_end(self) -> None:
        self._no_more = True
        self._wake()

    def take_credit(self, amount: int) -> None:
        self._credit += amount
        self._wake()

    def take_note(self, message: dict[str, Any]) -> None:
        if self.on_note is not None:
            self.on_note(message)
        self._wake()

    def take_result(self, answer: dict[str, Any]) -> None:
        if self.on_result is not None:
            self.on_result(answer)
        self._answer = answer
        self._wake()

    def take_failure(self, failure: Failure) -> None:
        self._failure = failure
        self._wake()

    async def _changed(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
