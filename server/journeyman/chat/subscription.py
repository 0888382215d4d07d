"""One reader's place in a chat's event log: what was stored before it came, then what happens now.

The position (the last durable `seq` that was handed out) is the only truth. The buffer is a shortcut: when
it overflows, or something does not continue the position, the subscription reads the store from the
position on. So no order of publishing, no slow reader and no cancelled read can make a gap or a duplicate.
Deltas are worth less: they are joined, then dropped, and one that is older than the position is stale.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from journeyman.failures import Failure
from journeyman.records import Event

BUFFER_EVENTS_MAX = 256
BUFFER_CHARS_MAX = 1_000_000
"""Most text in one subscription's buffer, about; events themselves are shared between subscriptions."""
JOINED_CHARS_MAX = 16_384
"""A joined delta does not grow beyond this."""
PAGE_EVENTS = 64
"""Most events read from the store at a time: what a reader that stops holds in memory."""
PAGE_CHARS_MAX = 500_000
"""Most text in them; one event alone may have more."""


class Log(Protocol):
    """What a subscription needs of the store."""

    async def bounds(self, chat_id: str) -> tuple[str, int, int]: ...

    async def read(
        self, chat_id: str, *, after: int, limit: int = 1000, characters_max: int | None = None
    ) -> tuple[Event, ...]: ...


class Subscription:
    """An asynchronous iterator of events for one reader (one task at a time).

    A read may be cancelled, or given a deadline, and repeated: nothing is lost by it. The iteration ends
    when the subscription or the log is closed."""

    def __init__(
        self,
        log: Log,
        chat_id: str,
        after: int | None,
        *,
        on_head: Callable[[str, int], None],
        on_close: Callable[[Subscription], None],
        buffer_events_max: int = BUFFER_EVENTS_MAX,
        page_events: int = PAGE_EVENTS,
    ) -> None:
        self._log = log
        self.chat_id = chat_id
        self._position = after
        self._on_head = on_head
        self._on_close = on_close
        self._events_max = buffer_events_max
        self._page_events = page_events
        self._page: deque[Event] = deque()
        self._buffer: deque[Event] = deque()
        self._buffered_chars = 0
        self._started = False
        self._behind = after is not None
        self._closed = False
        self._ended = False
        self._something = asyncio.Event()
        self.gap = False
        """Whether `after` lay outside the log; known once the first event or pause has come."""
        self.dropped_deltas = 0

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        try:
            event = await self._next()
        except Failure:
            if not self._closed:
                raise
            event = None  # it was closed because its chat went away
        if event is None:
            raise StopAsyncIteration
        return event

    async def _next(self) -> Event | None:
        if not self._started and not self._closed:
            await self._start()
        while not self._closed:
            event = await self._catch_up() if self._page or self._behind else self._take()
            if event is not None:
                return event
            if self._page or self._behind or self._buffer:
                continue
            if self._ended:
                break
            self._something.clear()
            await self._something.wait()
        return None

    def close(self) -> None:
        """End the iteration now. A second call does nothing."""
        if not self._closed:
            self._closed = True
            self._page.clear()
            self._clear_buffer()
            self._something.set()
            self._on_close(self)

    @property
    def held(self) -> int:
        """About how many characters it holds."""
        return self._buffered_chars + sum(weight(event) for event in self._page)

    # For the log, which never waits for a reader.

    def push(self, event: Event) -> None:
        if self._closed or self._ended:
            return
        self._something.set()
        if self._position is None and event.durable:
            self._position = event.seq - 1
        if not event.durable and self._join(event):
            return
        if self._is_full(event):
            if not event.durable:
                self.dropped_deltas += 1
                return
            self._drop_deltas()
            if self._is_full(event):
                self._clear_buffer()
                self._behind = True
                return
        self._buffer.append(event)
        self._buffered_chars += weight(event)

    def look(self) -> None:
        """Something may have been stored that nobody announced."""
        self._behind = self._behind or self._position is not None
        self._something.set()

    def end(self) -> None:
        """No more will come: hand out what is here, then stop."""
        self._ended = True
        self._something.set()

    # The reader's side.

    async def _start(self) -> None:
        epoch, oldest, newest = await self._log.bounds(self.chat_id)
        self._started = True
        self._on_head(epoch, newest)
        if self._position is None:
            self._position = newest
        elif self._position > newest or self._position < oldest - 1:
            self.gap = True
            self._position = min(self._position, newest)

    async def _catch_up(self) -> Event | None:
        if not self._page:
            position = self._position or 0
            self._behind = False  # what is published during the read goes into the buffer
            try:
                page = await self._log.read(
                    self.chat_id, after=position, limit=self._page_events, characters_max=PAGE_CHARS_MAX
                )
            except BaseException:  # the page is still to be read, whatever ended this
                self._behind = True
                raise
            # A page that holds something may have been cut at its bound: only an empty one is the end.
            self._behind = self._behind or bool(page)
            self._page.extend(page)
            if not page:
                return None
        event = self._page.popleft()
        self._position = event.seq
        return event

    def _take(self) -> Event | None:
        while self._buffer:
            event = self._buffer[0]
            expected = (self._position or 0) + (1 if event.durable else 0)
            if event.seq > expected:
                self._behind = True
                return None
            self._buffer.popleft()
            self._buffered_chars -= weight(event)
            if event.seq == expected:
                self._position = event.seq
                return event
        return None

    # The buffer.

    def _join(self, event: Event) -> bool:
        """Add a delta's text to the delta before it where both are pieces of one stream."""
        last = self._buffer[-1] if self._buffer else None
        if last is None or last.durable or _stream_of(last) != _stream_of(event):
            return False
        text = last.data.get("text", "") + event.data.get("text", "")
        if len(text) > JOINED_CHARS_MAX or self._buffered_chars + weight(event) > BUFFER_CHARS_MAX:
            return False
        self._buffered_chars -= weight(last)
        self._buffer[-1] = replace(event, data={**event.data, "text": text})
        self._buffered_chars += weight(self._buffer[-1])
        return True

    def _is_full(self, event: Event) -> bool:
        if not self._buffer:
            return False
        return (
            len(self._buffer) >= self._events_max or self._buffered_chars + weight(event) > BUFFER_CHARS_MAX
        )

    def _drop_deltas(self) -> None:
        kept = [event for event in self._buffer if event.durable]
        self.dropped_deltas += len(self._buffer) - len(kept)
        self._buffer = deque(kept)
        self._buffered_chars = sum(weight(event) for event in kept)

    def _clear_buffer(self) -> None:
        self._buffer.clear()
        self._buffered_chars = 0


def weight(event: Event) -> int:
    """About how many characters an event holds."""
    return 100 + sum(len(value) for value in event.data.values() if isinstance(value, str))


def _stream_of(event: Event) -> tuple[object, ...]:
    rest = tuple(sorted((key, repr(value)) for key, value in event.data.items() if key != "text"))
    return event.seq, event.epoch, event.kind, event.run_id, event.item_id, rest
