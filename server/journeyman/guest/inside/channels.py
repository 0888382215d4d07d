"""One conversation of a connection, seen from inside: blocking, credit-bounded, droppable."""

from __future__ import annotations

import collections
import struct
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from .wire import (
    CREDIT,
    DATA,
    END,
    ERROR,
    FRAME_MAX,
    LEND_BYTES,
    NOTE,
    RESULT,
    WINDOW,
    Gone,
    Malformed,
    Refusal,
    to_json,
)

EARLY_NOTES_MAX = 64


class Sender(Protocol):
    def send(
        self, channel: int, kind: int, payload: bytes | memoryview = b"", lent: Sequence[int] = ()
    ) -> None:
        """Write one frame. Raises Gone when the connection is."""
        ...

    def answer(self, channel: Channel, kind: int, answer: dict[str, Any]) -> None:
        """End a channel, unless it was ended."""
        ...


class Channel:
    """One conversation of a connection, seen from the guest. `send` and `receive` block. `wake` is called
    from another thread when there may be more to take or to send, or the channel was dropped; where there is
    more to take, `fed` instead, if there is one."""

    def __init__(self, connection: Sender, ident: int) -> None:
        self.connection = connection
        self.ident = ident
        self.gone = False
        self.wake: Callable[[], None] | None = None
        self.fed: Callable[[], None] | None = None
        self._on_note: Callable[[dict[str, Any]], None] | None = None
        self._early_notes: list[dict[str, Any]] = []
        self._condition = threading.Condition()
        self._inbox: collections.deque[bytes] = collections.deque()
        self._unconsumed = 0
        self._ungranted = 0
        self._ended = False
        self._credit = WINDOW

    @property
    def credit(self) -> int:
        return self._credit

    def send(self, data: bytes | memoryview, lent: Sequence[int] = (), each: int = LEND_BYTES) -> None:
        """One DATA frame, when there is credit. Raises Gone when nobody wants it any more. `data` may be
        overwritten when this returns, and the descriptors that were lent with it closed. `each` of these
        counts as so many bytes."""
        with self._condition:
            while self._credit <= 0 and not self.gone:
                self._condition.wait()
            if self.gone:
                raise Gone
            self._credit -= len(data) + each * len(lent)
        self.connection.send(self.ident, DATA, data, lent)

    def note(self, message: dict[str, Any]) -> None:
        self.connection.send(self.ident, NOTE, to_json(message))

    def end(self) -> None:
        """Nothing more comes from our side; what is sent to us still does."""
        self.connection.send(self.ident, END)

    def finish(self, answer: dict[str, Any]) -> None:
        """Answer, where the operation left that for later by answering None."""
        self.connection.answer(self, RESULT, answer)

    def refuse(self, refusal: Refusal) -> None:
        self.connection.answer(self, ERROR, {"kind": refusal.kind, "message": refusal.message})

    def listen(self, on_note: Callable[[dict[str, Any]], None]) -> None:
        """Hear notes, with those that came before anybody listened."""
        with self._condition:
            self._on_note = on_note
            for message in self._early_notes:
                on_note(message)
            self._early_notes.clear()

    @property
    def waiting(self) -> bool:
        """Whether `take` has something to tell: a piece, or the end."""
        with self._condition:
            return bool(self._inbox) or self._ended

    def take(self) -> bytes | None:
        """As `receive`, without waiting: b"" when there is nothing now."""
        return self._next(wait=False)

    def receive(self) -> bytes | None:
        """The next piece from the client; None at its end. Raises Gone."""
        return self._next(wait=True)

    def _next(self, wait: bool) -> bytes | None:
        with self._condition:
            while wait and not self._inbox and not self._ended and not self.gone:
                self._condition.wait()
            if self.gone:
                raise Gone
            if not self._inbox:
                return None if self._ended else b""
            data = self._inbox.popleft()
            self._unconsumed -= len(data)
            self._ungranted += len(data)
            grant = self._ungranted if self._ungranted >= WINDOW // 2 else 0
            self._ungranted -= grant
        if grant:
            self.connection.send(self.ident, CREDIT, struct.pack("!I", grant))
        return data

    # Called by the connection's reader.

    def take_data(self, data: bytes) -> None:
        with self._condition:
            self._unconsumed += len(data)
            if self._unconsumed > WINDOW + FRAME_MAX or self._ended:
                raise Malformed("more data than credit")
            self._inbox.append(data)
            self._condition.notify_all()
        self._arrived()

    def take_end(self) -> None:
        with self._condition:
            self._ended = True
            self._condition.notify_all()
        self._arrived()

    def take_note(self, message: dict[str, Any]) -> None:
        with self._condition:
            if self._on_note is not None:
                self._on_note(message)
            elif len(self._early_notes) >= EARLY_NOTES_MAX:
                raise Malformed("more notes than anybody waits for")
            else:
                self._early_notes.append(message)

    def take_credit(self, amount: int) -> None:
        with self._condition:
            self._credit += amount
            self._condition.notify_all()
        self._ring()

    def drop(self) -> None:
        with self._condition:
            self.gone = True
            self._inbox.clear()
            self._condition.notify_all()
        self._ring()

    def _arrived(self) -> None:
        fed = self.fed
        if fed is not None:
            fed()
        else:
            self._ring()

    def _ring(self) -> None:
        wake = self.wake
        if wake is not None:
            wake()
